#include "train/state.h"

#include <algorithm>

#include "core/error.h"
#include "nn/checkpoint.h"

namespace fr {

namespace {

StoredTensor flat(const char* name, const View& values) {
  const auto host = std::make_shared<const OnHost>(values);
  return {name, "F32", {values.count()}, std::as_bytes(host->floats()), host};
}

void restore_flat(const Safetensors& file, const char* name, const View& values) {
  const auto stored = file.tensor(name).floats();
  FR_CHECK(std::ssize(stored) == values.count(), "{}: tensor '{}' holds {} values, not {}",
           file.path().string(), name, stored.size(), values.count());
  copy(view_of(stored.data(), values.shape), values);
}

void check_same_run(const Safetensors& file, const std::map<std::string, std::string>& configuration) {
  for (const auto& [key, value] : configuration) {
    const auto it = file.metadata().find(key);
    const std::string held = it == file.metadata().end() ? "absent" : it->second;
    FR_CHECK(held == value,
             "{}: holds another run ({} {} there, {} here); start over with --fresh or choose another --out",
             file.path().string(), key, held, value);
  }
}

}  // namespace

void save_state(const std::filesystem::path& path, const TrainState& state,
                const std::map<std::string, std::string>& metadata) {
  std::vector<StoredTensor> tensors = stored(state.backbone, "backbone.");
  for (StoredTensor& tensor : stored(state.head, "head.")) tensors.push_back(std::move(tensor));
  tensors.push_back(flat("momentum.backbone", state.backbone_momentum));
  tensors.push_back(flat("momentum.head", state.head_momentum));
  write_safetensors(path, tensors, metadata);
}

std::map<std::string, std::string> load_state(const std::filesystem::path& path, const TrainState& state,
                                              const std::map<std::string, std::string>& configuration) {
  const Safetensors file(path);
  check_same_run(file, configuration);
  restore(file, "backbone.", state.backbone);
  restore(file, "head.", state.head);
  restore_flat(file, "momentum.backbone", state.backbone_momentum);
  restore_flat(file, "momentum.head", state.head_momentum);
  return file.metadata();
}

}  // namespace fr
