// Features as the MegaFace devkit keeps them (spec 4.5): one small matrix file an image,
// ROOT/facescrub/PERSON/IMAGE_ALGO.bin and ROOT/megaface/A1/A2/IMAGE_ALGO.bin.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "core/embeddings.h"

namespace fr {

// Row i is the feature of the image name(i), looked for in ROOT/facescrub, ROOT/megaface and ROOT; NaN where
// there is no such file. Read by all threads; names stay empty: rows are in the caller's order. `algorithm`
// empty: the only one that the files of the first images show. Throws fr::Error "FILE: …" for a malformed
// file or one of another length, and when no image has a file.
Embeddings read_feature_tree(const std::string& root, const std::string& algorithm, int64_t count,
                             const std::function<const std::string&(int64_t)>& name);

}  // namespace fr
