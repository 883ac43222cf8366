// Result <-> JSON. Reading is strict about what a table uses and says which key is wrong; unknown keys pass.
#include "eval/result.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace fr {

namespace {

// JSON knows no NaN and no infinity: both are written as null, and null is read as NaN.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

Json metric_json(const Metric& metric) {
  Json json{{"value", number(metric.value)}};
  const auto optional = [&](const char* key, const std::optional<double>& value) {
    if (value) json[key] = number(*value);
  };
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  text("rule", metric.rule);
  optional("std", metric.std);
  optional("threshold", metric.threshold);
  optional("far", metric.far);
  optional("ci_low", metric.ci_low);
  optional("ci_high", metric.ci_high);
  text("ci_method", metric.ci_method);
  if (!metric.folds.empty()) json["folds"] = numbers(metric.folds);
  if (!metric.thresholds.empty()) json["thresholds"] = numbers(metric.thresholds);
  return json;
}

// A value that is in the wrong place, for a message; of a list or object only the kind, which may nest
// deeply.
std::string shown(const Json& json) { return json.is_structured() ? json.type_name() : json.dump(); }

// A JSON value and the path that leads to it, so that every fault can name its place.
struct Node {
  const Json& json;
  std::string where;  // "FILE: metrics.accuracy"
  bool root = false;

  bool has(const char* key) const { return json.contains(key); }
  Node at(const std::string& key) const {
    const auto it = json.find(key);
    if (it == json.end()) fail("{}: not a result: '{}' is missing", where, key);
    return {*it, where + (root ? ": " : ".") + key};
  }
  const Json& object() const {
    FR_CHECK(json.is_object(), "{}: expected an object, found {}", where, json.type_name());
    return json;
  }
  const Json& list() const {
    FR_CHECK(json.is_array(), "{}: expected a list, found {}", where, json.type_name());
    return json;
  }
  double number() const {
    if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
    FR_CHECK(json.is_number(), "{}: expected a number, found {}", where, shown(json));
    return json.get<double>();
  }
  int64_t integer() const {
    FR_CHECK(json.is_number_integer(), "{}: expected an integer, found {}", where, shown(json));
    return json.get<int64_t>();
  }
  std::string text() const {
    FR_CHECK(json.is_string(), "{}: expected text, found {}", where, shown(json));
    return json.get<std::string>();
  }
  std::vector<double> numbers() const {
    std::vector<double> values;
    for (const Json& value : list()) values.push_back(Node{value, where}.number());
    return values;
  }
};

Metric metric_from(const Node& node) {
  node.object();
  Metric metric;
  metric.value = node.at("value").number();
  const auto optional = [&](const char* key, std::optional<double>& value) {
    if (node.has(key)) value = node.at(key).number();
  };
  optional("std", metric.std);
  optional("threshold", metric.threshold);
  optional("far", metric.far);
  optional("ci_low", metric.ci_low);
  optional("ci_high", metric.ci_high);
  if (node.has("rule")) metric.rule = node.at("rule").text();
  if (node.has("ci_method")) metric.ci_method = node.at("ci_method").text();
  if (node.has("folds")) metric.folds = node.at("folds").numbers();
  if (node.has("thresholds")) metric.thresholds = node.at("thresholds").numbers();
  return metric;
}

Curve curve_from(const Node& node) {
  node.object();
  Curve curve{.name = node.at("name").text(),
              .x = node.at("x").numbers(),
              .y = node.at("y").numbers(),
              .x_label = node.at("x_label").text(),
              .y_label = node.at("y_label").text()};
  FR_CHECK(curve.x.size() == curve.y.size(), "{}: curve '{}' has {} x but {} y", node.where, curve.name,
           curve.x.size(), curve.y.size());
  return curve;
}

std::map<std::string, std::string> texts_from(const Node& node) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : node.object().items()) texts[key] = node.at(key).text();
  return texts;
}

}  // namespace

Json to_json(const Result& result) {
  Json metrics = Json::object();
  for (const auto& [name, metric] : result.metrics) metrics[name] = metric_json(metric);
  Json curves = Json::array();
  for (const Curve& curve : result.curves) {
    curves.push_back({{"name", curve.name},
                      {"x", numbers(curve.x)},
                      {"y", numbers(curve.y)},
                      {"x_label", curve.x_label},
                      {"y_label", curve.y_label}});
  }
  Json timing = Json::object();
  for (const auto& [name, seconds] : result.timing) timing[name] = number(seconds);
  Json json{{"schema", kResultSchema},
            {"protocol", result.protocol},
            {"variant", result.variant},
            {"metrics", std::move(metrics)},
            {"counts", result.counts},
            {"curves", std::move(curves)},
            {"dataset", result.dataset},
            {"model", result.model},
            {"preprocessing", result.preprocessing},
            {"environment", result.environment},
            {"timing", std::move(timing)}};
  if (!result.outcomes.empty()) json["outcomes"] = result.outcomes;
  return json;
}

Result result_from_json(const Json& json, const std::string& where) {
  const Node node{json, where, true};
  FR_CHECK(json.is_object(), "{}: not a result: expected a JSON object, found {}", where, json.type_name());
  const int64_t schema = node.at("schema").integer();
  FR_CHECK(schema == kResultSchema, "{}: result schema {} is not known (this program reads {})", where,
           schema, kResultSchema);
  Result result;
  result.protocol = node.at("protocol").text();
  result.variant = texts_from(node.at("variant"));
  const Node metrics = node.at("metrics"), counts = node.at("counts"), timing = node.at("timing");
  for (const auto& [name, value] : metrics.object().items()) {
    result.metrics[name] = metric_from(metrics.at(name));
  }
  for (const auto& [name, value] : counts.object().items()) result.counts[name] = counts.at(name).integer();
  const Node curves = node.at("curves");
  for (const Json& curve : curves.list()) result.curves.push_back(curve_from({curve, curves.where}));
  result.dataset = texts_from(node.at("dataset"));
  result.model = texts_from(node.at("model"));
  result.preprocessing = texts_from(node.at("preprocessing"));
  result.environment = texts_from(node.at("environment"));
  for (const auto& [name, value] : timing.object().items()) result.timing[name] = timing.at(name).number();
  if (node.has("outcomes")) result.outcomes = texts_from(node.at("outcomes"));
  return result;
}

void write_result(const std::string& path, const Result& result) { write_json(path, to_json(result)); }

Result read_result(const std::string& path) { return result_from_json(read_json(path), path); }

}  // namespace fr
