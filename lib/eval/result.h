// Result: everything a table may later say about one evaluation, as JSON. Nothing else ever reaches a table.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace fr {

inline constexpr int kResultSchema = 1;

// One number with how it was decided. Absent fields are left out of the JSON; a NaN value is written as null.
struct Metric {
  double value = 0;
  std::string rule{};  // "10-fold, threshold grid 0.01", "largest FPR <= x", …
  std::optional<double> std{}, threshold{}, far{}, ci_low{}, ci_high{};
  std::string ci_method{};  // "Clopper-Pearson", "t over folds", …
  std::vector<double> folds{}, thresholds{};
};

struct Curve {
  std::string name;  // "roc"
  std::vector<double> x, y;
  std::string x_label, y_label;
};

struct Result {
  std::string protocol;
  std::map<std::string, std::string> variant;  // pooling, flip, list, tie rule, …
  std::map<std::string, Metric> metrics;       // "accuracy", "auc", "tar@far=1e-4", …
  std::map<std::string, int64_t> counts;       // items, failed, pairs, …
  std::vector<Curve> curves;
  std::map<std::string, std::string> dataset, model, preprocessing, environment;
  std::map<std::string, double> timing;  // seconds
  std::map<std::string, std::string>
      outcomes{};  // where every pair's outcome is (eval/outcomes.h); may be empty
};

Json to_json(const Result& result);  // keys: schema protocol variant metrics counts curves dataset model
                                     // preprocessing environment timing [outcomes]
Result result_from_json(const Json& json, const std::string& where);  // throws fr::Error "WHERE: …"
void write_result(const std::string& path, const Result& result);     // atomically
Result read_result(const std::string& path);

// Versions, threads, git revision, instruction set: what every result carries in `environment`.
std::map<std::string, std::string> describe_environment();

}  // namespace fr
