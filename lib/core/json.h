// JSON: one alias, one way to read it and one way to print it (sorted keys, two blanks, a final newline).
#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fr {

using Json = nlohmann::json;  // objects keep their keys sorted

Json read_json(const std::filesystem::path& path);  // fr::Error names path, line and column
void write_json(const std::filesystem::path& path, const Json& value);  // atomically
std::string to_text(const Json& value);                                 // what write_json writes

}  // namespace fr
