// OpenCV's matrix files: a matrix of rows, and the single vector of the MegaFace devkit.
#include "store/matrix.h"
#include "core/files.h"
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path path = file("seed.bin", "");
  write_matrix(path.string(), 2, 3, [](int64_t i, float* row) { row[0] = static_cast<float>(i); });
  const std::string rows = read_text(path);
  write_matrix(path.string(), 4, 1, [](int64_t, float*) {});
  return {rows, read_text(path)};
}

void run(std::string_view input) {
  const std::string path = file("x.bin", input).string();
  std::vector<float> row;
  read_vector(path, row);
  read_matrix(path);
}

}  // namespace fr::fuzz
