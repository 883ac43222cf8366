// The HDF5 form of an embedding file.
#pragma once
#include <string>

#include "core/embeddings.h"

namespace fr {

// /embeddings: f32 or f64, any byte order, storage and filter the library knows; /names: text of fixed or
// variable length, may be absent; attribute "model_hash" of the root, where present. Links and data in other
// files are refused.
Embeddings read_hdf5(const std::string& path);

// Contiguous little-endian f32 at a multiple of 64 bytes, names as UTF-8 of variable length.
void write_hdf5(const std::string& path, const Embeddings& embeddings);

}  // namespace fr
