// LFW's people.txt: ten disjoint sets of people, set k being the people of fold k of pairs.txt.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace fr {

// sets[k] holds the names of set k + 1. Throws fr::Error "PATH:LINE: reason".
std::vector<std::vector<std::string>> read_lfw_people(const std::filesystem::path& path);

}  // namespace fr
