// A data set of vectors: rows of embedding files with labels, to train a classifier on (spec 6.7).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/embeddings.h"
#include "data/dataset.h"

namespace fr {

// `labels`: identity lists (train_gt.txt, val_gt.txt; eval/identity_lists.h), whose videos are the items,
// rows of the files joined to them as eval/item_vectors.h says; the classes are the identities in ascending
// order. Or one .npy of a whole number >= 0 for each row of the first file, its class. Items without a finite
// row are left out. fr::Error naming file and line or row, and where nothing is left.
std::unique_ptr<Dataset> make_vector_dataset(const std::vector<std::string>& labels,
                                             std::vector<WeightedEmbeddings> parts);

}  // namespace fr
