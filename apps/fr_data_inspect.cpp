// fr-data inspect: what a file or folder is and holds. Formats of images are known to readers/; embedding
// files, checkpoints and results, which live in other folders, are described here.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "eval/result.h"
#include "fr_data.h"
#include "nn/checkpoint.h"
#include "readers/readers.h"
#include "store/store.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

std::string describe_embeddings(const std::string& path) {
  const Embeddings embeddings = read_embeddings(path);
  int64_t unusable = 0;
  for (int64_t i = 0; i < embeddings.rows; ++i) {
    const std::span<const float> row = embeddings.row(i);
    unusable += !std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); });
  }
  std::string text = fmt::format("embeddings: {} rows of {} numbers, {}, {}", embeddings.rows, embeddings.dim,
                                 embeddings.names.empty() ? "no names" : "named",
                                 embeddings.owned.f32() == nullptr ? "mapped" : "read and converted");
  if (unusable > 0) text += fmt::format("\nfailed rows (not finite): {}", unusable);
  if (!embeddings.names.empty())
    text += fmt::format("\nfirst and last name: {}, {}", embeddings.names.front(), embeddings.names.back());
  if (!embeddings.model.empty()) text += "\nmodel: " + embeddings.model;
  return text;
}

std::string describe_checkpoint(const std::string& path) {
  const Safetensors file(path);
  uint64_t bytes = 0;
  for (const StoredTensor& tensor : file.tensors()) bytes += tensor.bytes.size();
  std::string text = fmt::format("safetensors: {} tensors, {} bytes", file.tensors().size(), bytes);
  for (const auto& [key, value] : file.metadata()) text += fmt::format("\n{}: {}", key, value.substr(0, 200));
  for (const StoredTensor& tensor : file.tensors()) {
    std::string shape;
    for (const int64_t side : tensor.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(side);
    text += fmt::format("\n  {} {} ({})", tensor.name, tensor.dtype, shape);
  }
  return text;
}

std::string describe_result(const std::string& path) {
  const Result result = read_result(path);
  std::string text = fmt::format("result of {}", result.protocol);
  for (const auto& [name, metric] : result.metrics) text += fmt::format("\n{}: {:.6g}", name, metric.value);
  for (const auto& [name, count] : result.counts) text += fmt::format("\n{}: {}", name, count);
  return text;
}

std::string describe(const std::string& path) {
  const fs::path ending = fs::path(path).extension();
  if (ending == ".h5" || ending == ".hdf5") return describe_embeddings(path);
  if (ending == ".npy" && fs::exists(fs::path(path).replace_extension(".txt")))
    return describe_embeddings(path);
  if (ending == ".safetensors") return describe_checkpoint(path);
  if (ending == ".json") return describe_result(path);
  std::string text = describe_path(path);
  FR_CHECK(!text.empty(), "{}: no format known here", path);
  return text;
}

struct InspectCommand {
  std::vector<std::string> paths;
};

int run_inspect(const InspectCommand& c) {
  for (const std::string& path : c.paths) fmt::print("{}\n{}\n", path, describe(path));
  return 0;
}

}  // namespace

void add_inspect(Options& options) {
  static InspectCommand c;
  options
      .subcommand("inspect", "Say what files or folders are and hold",
                  "fr-data inspect lfw.bin results/lfw.json", [] { return run_inspect(c); })
      .add("paths", c.paths,
           "image folders, packed crops, .rec files, .bin packs, pair lists, .npy, .h5, .safetensors, "
           "results (.json), "
           "images")
      .required();
}

}  // namespace fr
