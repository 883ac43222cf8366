// OpenCV's matrix files, the form of MegaFace features and of a Trillion-Pairs submission (spec 4.5, 4.7):
// i32 rows, columns, stride in bytes and type (5: f32, 6: f64), then the values, row after row.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/embeddings.h"

namespace fr {

// A file of f32 is mapped, f64 is converted. One column makes one row of that many values. The stride is not
// looked at: the devkit's own writer gets it wrong for f64. Throws fr::Error "PATH: reason" unless the file
// holds exactly what its header announces.
Embeddings read_matrix(const std::string& path);

// The values of one vector, however it lies; false when there is no such file. `row` takes its size.
bool read_vector(const std::string& path, std::vector<float>& row);

// (rows, dim): fill(i, row) writes row i (dim); any thread. Atomically.
void write_matrix(const std::string& path, int64_t rows, int64_t dim,
                  const std::function<void(int64_t i, float* row)>& fill);

}  // namespace fr
