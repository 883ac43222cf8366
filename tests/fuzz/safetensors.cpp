// Checkpoints.
#include "core/files.h"
#include "fuzz.h"
#include "nn/checkpoint.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path path = file("seed.safetensors", "");
  const std::vector<std::byte> bytes(24);
  const std::vector<StoredTensor> tensors = {{"a", "F32", {2, 2}, std::span(bytes).first(16)},
                                             {"b.c", "I64", {}, std::span(bytes).first(8)}};
  write_safetensors(path, tensors, {{"network", "x"}});
  return {read_text(path)};
}

void run(std::string_view input) {
  const Safetensors file(fuzz::file("x.safetensors", input));
  for (const StoredTensor& tensor : file.tensors())
    if (tensor.dtype == "F32") tensor.floats();
}

}  // namespace fr::fuzz
