// Known answers of golden_eval/roc: scikit-learn's roc_curve with and without dropped points (spec 7.3).
#include "eval/golden.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

namespace {

// fpr, tpr, threshold of a curve: inline, or the three rows of a .npy.
struct Expected {
  std::vector<double> fpr, tpr, threshold;
};

Expected read_curve(const fs::path& folder, const Json& json) {
  if (!json.is_string()) {
    return {golden_numbers(json["fpr"]), golden_numbers(json["tpr"]), golden_numbers(json["threshold"])};
  }
  const std::vector<double> all = Npy(folder / json.get<std::string>()).doubles();
  const auto n = std::ssize(all) / 3;
  return {{all.begin(), all.begin() + n},
          {all.begin() + n, all.begin() + 2 * n},
          {all.begin() + 2 * n, all.end()}};
}

bool same_bits(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void check_curve(const Roc& roc, const Expected& expected) {
  REQUIRE(roc.points.size() == expected.fpr.size());
  bool equal = true;
  for (size_t i = 0; i < roc.points.size(); ++i) {
    equal = equal && same_bits(roc.fpr(i), expected.fpr[i]) && same_bits(roc.tpr(i), expected.tpr[i]) &&
            same_bits(roc.points[i].threshold, expected.threshold[i]);
  }
  CHECK(equal);
}

// The trapezoids under a curve.
double area(const Roc& roc) {
  double sum = 0;
  for (size_t i = 1; i < roc.points.size(); ++i) {
    sum += (roc.fpr(i) - roc.fpr(i - 1)) * (roc.tpr(i) + roc.tpr(i - 1)) / 2;
  }
  return sum;
}

std::vector<double> read_numbers(const fs::path& folder, const Json& json) {
  return json.is_string() ? Npy(folder / json.get<std::string>()).doubles() : golden_numbers(json);
}

}  // namespace

TEST_CASE("roc: every case") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "roc";
  const Json cases = read_json(folder / "expected.json");
  REQUIRE(!cases.empty());
  for (const Json& expected : cases) {
    const std::string name = expected["name"];
    CAPTURE(name);
    std::vector<uint8_t> same;
    for (const double label : read_numbers(folder, expected["label"])) same.push_back(label != 0);
    const std::vector<double> scores = read_numbers(folder, expected["score"]);
    if (expected.value("verdict", "read") == "refuse") {
      CHECK_THROWS_AS(sort_scores(scores, same), Error);
      continue;
    }
    const SortedScores sorted = sort_scores(scores, same);
    CHECK(sorted.genuine_total() == expected["positives"].get<int64_t>());
    check_curve(roc_curve(sorted, true), read_curve(folder, expected["drop"]));
    check_curve(roc_curve(sorted, false), read_curve(folder, expected["full"]));
    if (expected.contains("auc_drop")) {
      CHECK(near(area(roc_curve(sorted, true)), golden_number(expected["auc_drop"]), 1e-12));
      CHECK(near(area(roc_curve(sorted, false)), golden_number(expected["auc_full"]), 1e-12));
    }
    check_rates(expected, sorted);
  }
}
