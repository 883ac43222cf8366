// The lists of the MegaFace devkit and of insightface's noise cleaning (spec 4.5).
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace fr {

// A list of features: JSON {"path": [image …], "id": [person …]}, "id" for probes only; or plain text, one
// image a line, of which the last `components` components are the name (2: person/image, 3: a1/a2/image).
struct FeatureList {
  std::vector<std::string> paths;
  std::vector<std::string> people;  // (paths), or empty
};

// Other keys are passed over. Throws fr::Error "FILE: …" for what is not such an object, an empty list, or
// another number of people than paths; syntax errors with line and column.
FeatureList read_json_list(const std::filesystem::path& file);

// people: the first component of each name, where there are two. Throws fr::Error "FILE:LINE: …".
FeatureList read_plain_list(const std::filesystem::path& file, int components);

// The last `components` components of a path; empty where it has fewer.
std::string_view last_components(std::string_view path, int components);

// A noise list: lines that start with '#' and empty ones are comments; of a line with tabs the second field
// counts. Names repeat, and need not be in any list.
struct NoiseList {
  std::unordered_set<std::string> names;  // the last `components` components of each
  int64_t lines = 0;                      // without comments
};
NoiseList read_noise_list(const std::filesystem::path& file, int components);  // fr::Error "FILE:LINE: …"

}  // namespace fr
