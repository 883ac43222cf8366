// Embedding files: HDF5 (.h5, .hdf5) with /embeddings (rows, dim) and /names (rows); NumPy (.npy) and OpenCV
// matrices (.bin, store/matrix.h) with the names, one a line, in the .txt beside them. HDF5 lives in this
// folder and only here.
#pragma once
#include <string>
#include <vector>

#include "core/embeddings.h"

namespace fr {

// Whatever has rows of f32 in the machine's order on disk is mapped, the rest read and converted. Names may
// be absent. Throws fr::Error "PATH: reason".
Embeddings read_embeddings(const std::string& path);

// "FILE[:WEIGHT],FILE[:WEIGHT],…": several files that describe the same items; weight 1 where none is given.
std::vector<WeightedEmbeddings> read_weighted_embeddings(const std::string& files);

// The format follows the ending of `path`; written atomically. `names` must be empty or one a row.
void write_embeddings(const std::string& path, const Embeddings& embeddings);

}  // namespace fr
