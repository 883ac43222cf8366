// Reading the known answers of golden_eval: numbers with null and "inf", issame lists, arrays.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/embeddings.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/npy.h"
#include "eval/roc.h"
#include "support/support.h"

namespace fr::test {

inline double golden_number(const Json& json) {
  if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (json == "inf") return std::numeric_limits<double>::infinity();
  if (json == "-inf") return -std::numeric_limits<double>::infinity();
  return json.get<double>();
}

inline std::vector<double> golden_numbers(const Json& json) {
  std::vector<double> values;
  for (const Json& value : json) values.push_back(golden_number(value));
  return values;
}

inline std::vector<uint8_t> golden_labels(const std::filesystem::path& file) {
  std::vector<uint8_t> labels;
  for_each_line(read_text(file), [&](std::string_view line, int64_t) { labels.push_back(line == "1"); });
  return labels;
}

inline Embeddings golden_embeddings(const std::filesystem::path& file) {
  const Npy npy(file);
  Embeddings result = Embeddings::make(npy.shape().at(0), npy.shape().at(1));
  const std::vector<float> values = npy.floats();
  std::copy(values.begin(), values.end(), result.owned.f32());
  return result;
}

inline bool near(double value, double expected, double tolerance) {
  if (std::isnan(expected)) return std::isnan(value);
  return std::abs(value - expected) <= tolerance;
}

// The `exact`, `nearest`, `auc`, `eer` blocks that pairs/, roc/ and ijb/ share.
inline void check_rates(const Json& expected, const SortedScores& scores) {
  constexpr double ratio = 1e-12;
  if (expected.contains("exact")) {
    for (const Json& e : expected["exact"]) {
      CAPTURE(e.dump());
      const TarAtFar tar = tar_at_far(scores, e["far"]);
      CHECK(tar.k == e["k"].get<int64_t>());
      CHECK(tar.accepted == e["accepted"].get<int64_t>());
      CHECK(tar.false_accepts == e["false_accepts"].get<int64_t>());
      CHECK(scores.impostor_total() == e["impostors"].get<int64_t>());
      CHECK(scores.genuine_total() == e["genuine"].get<int64_t>());
      CHECK(near(tar.tar, golden_number(e["tar"]), ratio));
      const double threshold = golden_number(e["threshold"]);
      CHECK((tar.threshold == threshold || near(tar.threshold, threshold, ratio)));
    }
  }
  if (expected.contains("nearest")) {
    const Roc dropped = roc_curve(scores, true);
    for (const Json& e : expected["nearest"]) {
      CAPTURE(e.dump());
      const TarAtFar tar = tar_at_nearest_far(dropped, e["far"]);
      CHECK(near(tar.tar, golden_number(e["tar"]), ratio));
      CHECK(near(tar.far, golden_number(e["fpr"]), ratio));
    }
  }
  if (expected.contains("auc")) {
    CHECK(near(area_under_roc(scores).value, golden_number(expected["auc"]), ratio));
  }
  if (expected.contains("eer")) {
    const Eer eer = equal_error_rate(scores);
    CHECK(near(eer.value, golden_number(expected["eer"]), ratio));
    if (expected.contains("eer_nearest_point")) {
      CHECK(near(eer.nearest_point, golden_number(expected["eer_nearest_point"]), ratio));
    }
  }
}

// The rate reached at a streamed (f32) threshold. Copies of a probe score 1 among the distractors; where f64
// tells their norms apart by 1e-8, f32 lets them tie, and a tie at the threshold is not accepted.
inline bool same_far(double far, const Json& e) {
  const double accepts = far * e["impostors"].get<double>();
  const bool copies =
      near(e["threshold"], 1, 1e-6) || near(e["threshold"], 0, 1e-6);  // dot product, or -distance
  return near(accepts, e["false_accepts"], 1e-6) || (copies && accepts < e["false_accepts"].get<double>());
}

}  // namespace fr::test
