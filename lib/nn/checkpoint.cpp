// Parameters and networks in and out of safetensors files.
#include "nn/checkpoint.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"

namespace fr {

std::vector<StoredTensor> stored(const Parameters& parameters, const std::string& prefix) {
  std::vector<StoredTensor> tensors;
  for (const Slice& s : parameters.slices()) {
    const auto host = std::make_shared<const OnHost>(parameters.view(s));
    tensors.push_back({prefix + s.name, "F32", s.shape, std::as_bytes(host->floats()), host});
  }
  return tensors;
}

void restore(const Safetensors& file, const std::string& prefix, const Parameters& parameters) {
  for (const Slice& s : parameters.slices()) {
    const StoredTensor& t = file.tensor(prefix + s.name);
    FR_CHECK(t.dtype == "F32" && t.shape == s.shape, "{}: tensor '{}' is {} [{}], expected F32 [{}]",
             file.path().string(), t.name, t.dtype, fmt::join(t.shape, ", "), fmt::join(s.shape, ", "));
    copy(view_of(t.floats().data(), {.n = s.count}), parameters.view(s));
  }
}

std::unique_ptr<Network> load_network(const std::filesystem::path& path, Backend& backend) {
  const Safetensors file(path);
  const auto text = [&](const char* key) -> const std::string& {
    const auto it = file.metadata().find(key);
    FR_CHECK(it != file.metadata().end(), "{}: no '{}' in the metadata: not a checkpoint of a network",
             path.string(), key);
    return it->second;
  };
  const std::string& name = text("network");
  FR_CHECK(Registry<NetworkKind>::instance().contains(name), "{}: unknown network '{}'", path.string(), name);
  // Sizes are checked before anything is allocated by them.
  const auto size = [&](const char* key) {
    const int64_t value = parse_int(text(key), fmt::format("{}: {}", path.string(), key));
    FR_CHECK(value > 0 && value <= 1 << 20, "{}: {} {}", path.string(), key, value);
    return value;
  };
  NetworkOptions options{.embedding_size = size("embedding_size")};
  if (file.metadata().contains("input_size")) options.input_size = size("input_size");
  auto network = std::make_unique<Network>(name, options, backend);
  restore(file, "backbone.", network->parameters());
  network->freeze();
  return network;
}

}  // namespace fr
