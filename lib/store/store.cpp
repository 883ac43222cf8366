#include "store/store.h"

#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/npy.h"
#include "store/hdf5.h"
#include "store/matrix.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

bool is_hdf5(const std::string& path) {
  const std::string ending = fs::path(path).extension();
  return ending == ".h5" || ending == ".hdf5";
}

bool is_npy(const std::string& path) { return fs::path(path).extension() == ".npy"; }

bool is_matrix(const std::string& path) { return fs::path(path).extension() == ".bin"; }

[[noreturn]] void fail_ending(const std::string& path) {
  fail("{}: an embedding file ends in .h5, .hdf5, .npy or .bin", path);
}

std::string names_beside(const std::string& path) { return fs::path(path).replace_extension(".txt"); }

std::vector<std::string> read_names(const std::string& path, int64_t rows) {
  std::vector<std::string> names;
  const MappedFile file(path);
  for_each_line(file.text(), [&](std::string_view line, int64_t) { names.emplace_back(line); });
  FR_CHECK(static_cast<int64_t>(names.size()) == rows, "{}: {} names for {} rows", path, names.size(), rows);
  return names;
}

Embeddings read_npy(const std::string& path) {
  const Npy npy(path);
  FR_CHECK(npy.shape().size() == 2 && npy.count() > 0, "{}: not a matrix of rows", path);
  Embeddings result;
  if (npy.descr() == "<f4" && !npy.fortran_order() &&
      npy.data_offset() % static_cast<int64_t>(alignof(float)) == 0) {
    result.mapped = MappedFile(path);
    result.values = reinterpret_cast<const float*>(result.mapped.bytes().data() + npy.data_offset());
  } else {
    result = Embeddings::make(npy.shape()[0], npy.shape()[1]);
    const std::vector<float> values = npy.floats();
    std::copy(values.begin(), values.end(), result.owned.f32());
  }
  result.rows = npy.shape()[0];
  result.dim = npy.shape()[1];
  result.source = path;
  return result;
}

// .npy or .bin, and the names beside it.
void write_pair(const std::string& path, const Embeddings& embeddings) {
  const std::string beside = names_beside(path);
  std::string lines;
  for (const std::string& name : embeddings.names) {
    FR_CHECK(name.find('\n') == std::string::npos, "{}: a name with a line break", path);
    lines += name + '\n';
  }
  FR_CHECK(!lines.empty() || !fs::exists(beside), "{} is in the way: it would name the rows of {}", beside,
           path);
  std::optional<AtomicFile> names;  // on disk before the rows appear, so that no other file's names them
  if (!lines.empty()) names.emplace(beside).write(lines);
  if (is_matrix(path)) {
    write_matrix(path, embeddings.rows, embeddings.dim,
                 [&](int64_t i, float* row) { std::copy_n(embeddings.row(i).data(), embeddings.dim, row); });
  } else {
    write_npy(path, std::span(embeddings.values, static_cast<size_t>(embeddings.rows * embeddings.dim)),
              {embeddings.rows, embeddings.dim});
  }
  if (names) names->commit();
}

}  // namespace

Embeddings read_embeddings(const std::string& path) {
  if (is_hdf5(path)) return read_hdf5(path);
  if (!is_npy(path) && !is_matrix(path)) fail_ending(path);
  Embeddings result = is_npy(path) ? read_npy(path) : read_matrix(path);
  if (const std::string names = names_beside(path); fs::exists(names))
    result.names = read_names(names, result.rows);
  return result;
}

std::vector<WeightedEmbeddings> read_weighted_embeddings(const std::string& files) {
  std::vector<WeightedEmbeddings> parts;
  for (const std::string_view piece : split(files, ',')) {
    const size_t colon = fs::exists(piece) ? std::string_view::npos : piece.rfind(':');
    double weight = 1;
    if (colon != std::string_view::npos) weight = parse_double(piece.substr(colon + 1), piece);
    parts.push_back({read_embeddings(std::string(piece.substr(0, colon))), weight});
  }
  return parts;
}

void write_embeddings(const std::string& path, const Embeddings& embeddings) {
  FR_CHECK(embeddings.names.empty() || static_cast<int64_t>(embeddings.names.size()) == embeddings.rows,
           "{}: {} names for {} rows", path, embeddings.names.size(), embeddings.rows);
  if (is_hdf5(path)) return write_hdf5(path, embeddings);
  if (!is_npy(path) && !is_matrix(path)) fail_ending(path);
  write_pair(path, embeddings);
}

}  // namespace fr
