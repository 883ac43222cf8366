// Files that come with the programs: published tables and data-set manifests.
#pragma once
#include <filesystem>
#include <string>

namespace fr {

// "results/paper" -> the folder as it is installed beside the program, else the one among the sources.
std::filesystem::path shipped_folder(const std::string& name);

}  // namespace fr
