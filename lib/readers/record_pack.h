// Any training data as MXNet RecordIO (spec/04 4.2), for the programs of others.
#pragma once
#include <cstdint>
#include <filesystem>

#include "data/dataset.h"

namespace fr {

struct RecordPackOptions {
  bool shuffled =
      false;  // images alone, in random order, with keys from 0: neither identity records nor record 0
  uint64_t seed = 1;  // of that order
  int quality = 95;   // of the JPEG of an image that is not stored as a readable crop of 112x112
  bool progress = true;
};

// Writes FOLDER/train.rec, train.idx and property. Images that are stored encoded and have 112x112 pixels are
// copied byte for byte. Unless shuffled, as face2rec2 does: images by class with keys 1 … n and labels
// [class, 1], an identity record [first key, past the last) for each class, record 0 [n + 1, n + 1 + classes]
// at the end. Throws fr::Error naming the image that cannot be read, or a FOLDER that holds something; FOLDER
// appears complete or not at all.
void write_records(const Dataset& dataset, const std::filesystem::path& folder,
                   const RecordPackOptions& options);

}  // namespace fr
