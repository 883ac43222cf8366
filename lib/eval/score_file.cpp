#include "eval/score_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/npy.h"

namespace fr {

namespace {

void check_score(double score, bool distances, const std::string& where) {
  FR_CHECK(!std::isnan(score), "{}: a score that is not a number", where);
  FR_CHECK(std::isfinite(score) || (score > 0) == distances, "{}: score {} (a failed pair is {})", where,
           score, distances ? "inf" : "-inf");
}

std::vector<double> read_array(const std::string& path) {
  const Npy npy(path);
  const auto& shape = npy.shape();
  FR_CHECK(std::count_if(shape.begin(), shape.end(), [](int64_t n) { return n != 1; }) <= 1,
           "{}: an array of {} dimensions, not a list of scores", path, shape.size());
  return npy.doubles();
}

}  // namespace

std::vector<double> read_scores(const std::string& path, int64_t pairs, bool distances) {
  std::vector<double> scores;
  const bool array = std::filesystem::path(path).extension() == ".npy";
  if (array) {
    scores = read_array(path);
    for (size_t i = 0; i < scores.size(); ++i) {
      check_score(scores[i], distances, fmt::format("{}: index {}", path, i));
    }
  } else {
    const MappedFile file(path);
    for_each_line(file.text(), [&](std::string_view line, int64_t number) {
      const std::string where = fmt::format("{}:{}", path, number);
      const std::vector<std::string_view> fields = split_blanks(line);
      FR_CHECK(fields.size() == 1, "{}: expected one score, found '{}'", where, line.substr(0, 80));
      scores.push_back(parse_double(fields[0], where));
      check_score(scores.back(), distances, where);
    });
  }
  FR_CHECK(std::ssize(scores) == pairs, "{}: {} scores for a list of {} pairs", path, scores.size(), pairs);
  return scores;
}

}  // namespace fr
