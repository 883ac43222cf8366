// Checkpoints are safetensors: 8-byte length, JSON header, raw tensors. A training checkpoint holds all a
// resume needs.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/tensor.h"
#include "nn/network.h"

namespace fr {

// A tensor in a safetensors file: dtype is the file's own word ("F32", "I64", …), bytes point into the file.
struct StoredTensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
  std::shared_ptr<const OnHost> copy = {};  // of what is in a GPU's memory
  std::span<const float> floats() const;    // dtype F32 only, else fr::Error
};

// Opens and validates (no holes, no overlap, whole buffer used, header below 100 MB). Throws fr::Error "PATH:
// reason".
class Safetensors {
 public:
  explicit Safetensors(const std::filesystem::path& path);
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  const StoredTensor& tensor(const std::string& name) const;  // throws fr::Error when absent
  bool contains(const std::string& name) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::vector<Memory> aligned_;  // copies of tensors that lie across float boundaries in the file
  std::map<std::string, std::string> metadata_;
  std::vector<StoredTensor> tensors_;
};

// Writes atomically; tensors in the given order.
void write_safetensors(const std::filesystem::path& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata);

// Views of all slices of `parameters`, names prefixed ("backbone." + name). Values, for write_safetensors.
std::vector<StoredTensor> stored(const Parameters& parameters, const std::string& prefix);
// Copies every slice of `parameters` from the file; a missing tensor or another shape is fr::Error naming
// both.
void restore(const Safetensors& file, const std::string& prefix, const Parameters& parameters);

// The network a checkpoint holds (metadata "network", "embedding_size", for a network of vectors
// "input_size"; tensors "backbone.*"), frozen: ready to evaluate.
std::unique_ptr<Network> load_network(const std::filesystem::path& path, Backend& backend);

}  // namespace fr
