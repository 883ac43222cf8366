// Face training data in MXNet RecordIO (spec/04 4.2): which records of a .rec are images, and of which class.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>

#include "data/dataset.h"

namespace fr {

// The .rec that `path` names: itself, or the train.rec of a folder.
std::optional<std::filesystem::path> find_records(const std::filesystem::path& path);

// Opens a .rec. The index (.idx) and `property` beside it are used where they exist: without an index the
// file is scanned, without `property` the largest label tells the number of classes. Images are the records 1
// … a - 1 where record 0 announces a, all records elsewhere; in a file without index, all that have content.
// Classes come from the images' own labels, never from identity records. Throws fr::Error naming file and
// record.
std::unique_ptr<Dataset> open_records(const std::filesystem::path& path);

// Record 0 announces its first identity record in f32, which above 2^24 may have been rounded: the key,
// within that rounding, that parts images from records without content. `has_content` is asked of keys that
// may not exist.
int64_t first_identity_key(float announced, const std::function<bool(int64_t key)>& has_content);

}  // namespace fr
