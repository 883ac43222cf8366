// Outcomes: what was decided of every pair of a list, kept beside a result so that two models can be compared
// pair by pair.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "eval/result.h"

namespace fr {

struct PairOutcomes {
  std::vector<double> alike;     // (pairs) higher is more alike; -infinity: a failed pair
  std::vector<uint8_t> same;     // (pairs)
  std::vector<uint8_t> correct;  // (pairs) judged rightly by the accuracy's thresholds; empty without folds
  std::vector<int64_t> subject_a, subject_b;  // (pairs) -1: nobody with a number; empty where none is known
};

// A .npy of f64, (rows, pairs), rows as Result::outcomes["rows"] names them: "score same [correct] [subject_a
// subject_b]". Notes file (relative to the folder of `result_path`), rows and hash in result.outcomes.
void write_outcomes(const std::string& path, const PairOutcomes& outcomes, const std::string& result_path,
                    Result& result);

// The outcomes of a result read from `result_path`. Throws fr::Error where it has none, or where the file is
// not the one that was written with it.
PairOutcomes read_outcomes(const Result& result, const std::string& result_path);

}  // namespace fr
