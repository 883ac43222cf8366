#include "eval/outcomes.h"

#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/npy.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

template <class Value>
void append(std::vector<double>& rows, const std::vector<Value>& row) {
  for (const Value value : row) rows.push_back(static_cast<double>(value));
}

template <class Value>
std::vector<Value> row_of(const std::vector<double>& rows, size_t row, size_t pairs) {
  std::vector<Value> values;
  values.reserve(pairs);
  for (size_t i = 0; i < pairs; ++i) values.push_back(static_cast<Value>(rows[row * pairs + i]));
  return values;
}

std::string row_names(bool correct, bool subjects) {
  return std::string("score same") + (correct ? " correct" : "") + (subjects ? " subject_a subject_b" : "");
}

const std::string& noted(const Result& result, const char* key, const std::string& result_path) {
  const auto it = result.outcomes.find(key);
  FR_CHECK(it != result.outcomes.end(),
           "{}: holds no outcomes of its pairs; run fr-eval with --decisions FILE.npy", result_path);
  return it->second;
}

}  // namespace

void write_outcomes(const std::string& path, const PairOutcomes& outcomes, const std::string& result_path,
                    Result& result) {
  std::vector<double> rows = outcomes.alike;
  append(rows, outcomes.same);
  append(rows, outcomes.correct);
  append(rows, outcomes.subject_a);
  append(rows, outcomes.subject_b);
  const auto pairs = std::ssize(outcomes.alike);
  write_npy(path, rows, {std::ssize(rows) / pairs, pairs});
  const fs::path folder = fs::absolute(result_path).parent_path();
  result.outcomes = {
      {"file", fs::absolute(path).lexically_normal().lexically_relative(folder.lexically_normal())},
      {"rows", row_names(!outcomes.correct.empty(), !outcomes.subject_a.empty())},
      {"hash", Hasher().add_file(path).text()}};
}

PairOutcomes read_outcomes(const Result& result, const std::string& result_path) {
  const std::string path = fs::absolute(result_path).parent_path() / noted(result, "file", result_path);
  const std::string& names = noted(result, "rows", result_path);
  FR_CHECK(Hasher().add_file(path).text() == noted(result, "hash", result_path),
           "{}: not the outcomes that {} was written with", path, result_path);
  const Npy npy(path);
  const bool correct = names.find(" correct") != std::string::npos;
  const bool subjects = names.find(" subject_a") != std::string::npos;
  const int64_t expected = 2 + correct + 2 * subjects;
  FR_CHECK(names == row_names(correct, subjects) && npy.shape().size() == 2 && npy.shape()[0] == expected,
           "{}: not {} rows '{}'", path, expected, names);
  const std::vector<double> rows = npy.doubles();
  const auto pairs = static_cast<size_t>(npy.shape()[1]);
  PairOutcomes outcomes;
  outcomes.alike = row_of<double>(rows, 0, pairs);
  outcomes.same = row_of<uint8_t>(rows, 1, pairs);
  if (correct) outcomes.correct = row_of<uint8_t>(rows, 2, pairs);
  if (subjects) {
    outcomes.subject_a = row_of<int64_t>(rows, 2 + static_cast<size_t>(correct), pairs);
    outcomes.subject_b = row_of<int64_t>(rows, 3 + static_cast<size_t>(correct), pairs);
  }
  return outcomes;
}

}  // namespace fr
