// Making a verification .bin pack from a folder of images and a pair list.
#pragma once
#include <cstdint>
#include <filesystem>

namespace fr {

// FOLDER/NAME/NAME_0001.jpg (or .jpeg .png .bmp .pgm) of every line of LFW's pairs.txt `list`, in its order,
// into `out`, byte for byte. Returns the number of pairs. A missing or unreadable image is fr::Error
// "LIST:LINE: FILE: reason" and leaves no file.
int64_t pack_lfw_pairs(const std::filesystem::path& folder, const std::filesystem::path& list,
                       const std::filesystem::path& out);

}  // namespace fr
