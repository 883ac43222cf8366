#include "report/floors.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"

namespace fr {

namespace {

TableRow row(const std::string& label, double seconds, double floor) {
  return {label,
          {{.number = fmt::format("{:.3f}", 1e3 * seconds)},
           {.number = fmt::format("{:.3f}", 1e3 * floor)},
           {.number = fmt::format("{:.1f}", 100 * floor / seconds)}}};
}

std::string title(const Json& report) {
  std::string text = report.at("measurement");
  for (const char* key : {"network", "loss"}) {
    if (report.contains(key)) text += " " + report.at(key).get<std::string>();
  }
  text += ", " + report.at("backend").get<std::string>();
  for (const char* key : {"batch", "classes", "embedding_size"}) {
    if (report.contains(key)) text += fmt::format(", {} {}", key, report.at(key).get<int64_t>());
  }
  text += fmt::format(": gemm {:.0f} GFLOP/s", report.at("gemm_flops").get<double>() / 1e9);
  if (report.contains("copy_bytes_per_second"))
    text += fmt::format(", copy {:.0f} GB/s", report.at("copy_bytes_per_second").get<double>() / 1e9);
  return text;
}

Section section(const Json& report) {
  Section made{title(report), {}};
  const auto number = [&](const char* key) { return report.at(key).get<double>(); };
  const std::string measurement = report.at("measurement");
  if (measurement == "train" || measurement == "embed") {
    const double seconds = number("seconds");
    made.rows.push_back(
        row(measurement == "train" ? "whole step" : "whole batch", seconds, number("of_gemm") * seconds));
    for (const auto& [name, spent] : report.at("operations").items())
      made.rows.push_back(row(name, spent.at("seconds"), spent.at("floor_seconds")));
  } else if (measurement == "head") {
    const double seconds = number("seconds");
    made.rows.push_back(
        row("forward and backward, 3 products", seconds, number("necessary_of_gemm") * seconds));
    made.rows.push_back(
        row("forward and backward, 4 executed", seconds, number("executed_of_gemm") * seconds));
  } else if (measurement == "ops") {
    for (const Json& operation : report.at("operations")) {
      const double seconds = operation.at("seconds");
      made.rows.push_back(
          row(operation.at("name"), seconds, operation.at("of_floor").get<double>() * seconds));
    }
  }
  return made;
}

}  // namespace

Table make_floor_table(std::span<const std::filesystem::path> reports) {
  Table table{.title = "Measured times and their floors",
              .header = {"operation", "ms", "floor ms", "reached %"},
              .sections = {},
              .footnotes = {},
              .remarks = {}};
  for (const std::filesystem::path& path : reports) {
    const Json report = read_json(path);
    try {
      table.sections.push_back(section(report));
    } catch (const Json::exception& error) {
      fail("{}: not a report of fr-bench train, embed, head, ops or gemm: {}", path.string(), error.what());
    }
  }
  table.remarks.push_back(
      "The floor is the larger of arithmetic at the gemm rate and bytes at the copy rate, both measured in "
      "the same run "
      "by fr-bench.");
  return table;
}

}  // namespace fr
