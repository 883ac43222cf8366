// Data given on a command line: opened or described by whichever Format knows it (readers/format.h).
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace fr {

// A folder of images with one folder per identity, packed crops, or MXNet RecordIO (a .rec or its folder).
// Throws fr::Error naming the path.
std::unique_ptr<Dataset> open_dataset(const std::string& path);

// What the file or folder is and holds, a few lines without an end of line; empty when no format knows it.
std::string describe_path(const std::string& path);

// "images per identity: 1 to 30" and "content: HASH", two lines of what describe_path says of training data.
std::string describe_contents(const Dataset& dataset);

// Every image below `folder` (.jpg .jpeg .png .bmp .pgm, any case), as relative paths, sorted. Hidden files
// are left out, links to folders followed.
std::vector<std::string> list_images(const std::filesystem::path& folder);

}  // namespace fr
