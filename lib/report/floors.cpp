#include "report/floors.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/json.h"

namespace fr {

namespace {

// Seconds of one operation, the least that its work takes, and the work.
struct Measured {
  double seconds = 0;
  std::optional<double> floor{}, flops{}, bytes{};
};

TableRow row(const std::string& label, const Measured& one) {
  const auto scaled = [](std::optional<double> value, double scale, int digits) {
    return Cell{.number = value ? fmt::format("{:.{}f}", *value * scale, digits) : ""};
  };
  const auto work = [&](std::optional<double> value, double scale) {
    return value && *value == 0 ? Cell{} : scaled(value, scale, value && *value * scale < 10 ? 3 : 1);
  };
  std::optional<double> reached;
  if (one.floor) reached = *one.floor / one.seconds;
  return {label,
          {work(one.flops, 1e-9), work(one.bytes, 1e-6), scaled(one.seconds, 1e3, 3),
           scaled(one.floor, 1e3, 3), scaled(reached, 100, 1)}};
}

TableRow row(const std::string& label, const Json& operation) {
  return row(label, {.seconds = operation.at("seconds"),
                     .floor = operation.at("floor_seconds"),
                     .flops = operation.at("flops"),
                     .bytes = operation.at("bytes")});
}

std::string title(const Json& report) {
  std::string text = report.at("measurement");
  for (const char* key : {"network", "loss", "backend", "device"}) {
    if (report.contains(key) && report.at(key).is_string()) text += " " + report.at(key).get<std::string>();
  }
  for (const char* key : {"batch", "classes", "embedding_size", "probes", "gallery", "dim"}) {
    if (report.contains(key)) text += fmt::format(", {} {}", key, report.at(key).get<int64_t>());
  }
  std::string rates;
  if (report.contains("gemm_flops"))
    rates += fmt::format(": gemm {:.0f} GFLOP/s", report.at("gemm_flops").get<double>() / 1e9);
  if (report.contains("copy_bytes_per_second"))
    rates += fmt::format(", copy {:.0f} GB/s", report.at("copy_bytes_per_second").get<double>() / 1e9);
  return text + rates;
}

// The whole, whose floor is its products' at the gemm rate, and its operations.
Section parts_section(const Json& report) {
  Section made{title(report), {}};
  const auto number = [&](const char* key) { return report.at(key).get<double>(); };
  const double seconds = number("seconds");
  const auto whole = [&](const std::string& label, const char* share) {
    const double floor = number(share) * seconds;
    made.rows.push_back(
        row(label, {.seconds = seconds, .floor = floor, .flops = floor * number("gemm_flops")}));
  };
  if (report.at("measurement") == "head") {
    whole("whole pass, necessary products", "necessary_of_gemm");
    whole("whole pass, executed products", "executed_of_gemm");
  } else {
    whole(report.at("measurement") == "train" ? "whole step" : "whole batch", "of_gemm");
  }
  for (const auto& [name, operation] : report.at("operations").items())
    made.rows.push_back(row(name, operation));
  return made;
}

// Seconds of the GPU where it has them: what the host does beside it is not its time.
Section score_section(const Json& report) {
  Section made{title(report), {}};
  const double pairs = report.at("probes").get<double>() * report.at("gallery").get<double>();
  const double flops = 2 * pairs * report.at("dim").get<double>();
  for (const auto& [name, engine] : report.at("engines").items()) {
    const double floor = flops / engine.at("gemm_flops").get<double>();
    made.rows.push_back(row(name, {.seconds = engine.at("seconds"), .floor = floor, .flops = flops}));
    if (!engine.contains("gpu_seconds")) continue;
    made.rows.push_back(
        row(name + ", the GPU alone", {.seconds = engine.at("gpu_seconds"), .floor = floor, .flops = flops}));
  }
  return made;
}

// One of tests/peers: the medians of all sides.
Section peer_section(const Json& report) {
  Section made{title(report) + ", beside others", {}};
  for (const auto& [name, side] : report.at("sides").items()) {
    const double ratio = side.at("ratio");
    const std::string label =
        ratio == 1 ? name : fmt::format("{} (fr-bench is {:.2f} x as fast)", name, 1 / ratio);
    made.rows.push_back(row(label, Measured{.seconds = side.at("median")}));
  }
  return made;
}

Section section(const Json& report, const std::filesystem::path& path) {
  if (report.contains("sides")) return peer_section(report);
  const std::string measurement = report.at("measurement");
  if (measurement == "train" || measurement == "embed" || measurement == "head") return parts_section(report);
  if (measurement == "score") return score_section(report);
  FR_CHECK(measurement == "ops" || measurement == "gemm", "{}: measurement '{}' has no floors", path.string(),
           measurement);
  Section made{title(report), {}};
  if (measurement == "ops") {
    for (const Json& operation : report.at("operations"))
      made.rows.push_back(row(operation.at("name"), operation));
  }
  return made;
}

}  // namespace

Table make_floor_table(std::span<const std::filesystem::path> reports) {
  Table table{.title = "Measured times and their floors",
              .header = {"operation", "GFLOP", "MB", "ms", "floor ms", "reached %"},
              .sections = {},
              .footnotes = {},
              .remarks = {}};
  for (const std::filesystem::path& path : reports) {
    const Json report = read_json(path);
    try {
      table.sections.push_back(section(report, path));
    } catch (const Json::exception& error) {
      fail("{}: not a report of fr-bench train, embed, head, score, ops or gemm, or of tests/peers: {}",
           path.string(), error.what());
    }
  }
  table.remarks.push_back(
      "The floor is the larger of arithmetic at the gemm rate and bytes at the copy rate, both measured in "
      "the same run "
      "by fr-bench.");
  return table;
}

}  // namespace fr
