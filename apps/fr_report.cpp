// fr-report: tables in the paper's form, the paper's numbers beside ours; and two models against each other.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/shipped.h"
#include "options.h"
#include "report/compare.h"
#include "report/floors.h"
#include "report/print.h"

namespace {

struct TableCommand {
  std::string table, format = "terminal", version, spread = "std", paper, out;
  std::vector<std::string> results;

  int run() const { return write(make()); }
  int run_floors() const {
    const std::vector<std::filesystem::path> reports(results.begin(), results.end());
    return write(fr::make_floor_table(reports));
  }

  int write(const fr::Table& made) const {
    const auto printed = print(made);
    if (out.empty()) {
      std::fputs(printed.c_str(), stdout);
    } else {
      fr::write_file(out, printed);
      fmt::print(stderr, "{}\n", out);
    }
    return 0;
  }

  fr::Table make() const {
    const std::filesystem::path folder =
        paper.empty() ? fr::shipped_folder("results/paper") : std::filesystem::path(paper);
    const bool number =
        !table.empty() && std::ranges::all_of(table, [](char c) { return c >= '0' && c <= '9'; });
    const auto file = folder / ((number ? "table" + table : table) + ".json");
    FR_CHECK(std::filesystem::exists(file), "no published table '{}': {} is not there", table, file.string());
    std::vector<fr::Result> read;
    for (const std::string& path : results) read.push_back(fr::read_result(path));
    return fr::make_table(
        fr::read_paper_table(file), read,
        {.version = version, .spread = spread == "ci" ? fr::Spread::kInterval : fr::Spread::kStd});
  }

  std::string print(const fr::Table& made) const {
    if (format == "markdown") return fr::print_markdown(made);
    if (format == "csv") return fr::print_csv(made);
    if (format == "latex") return fr::print_latex(made);
    if (format == "html") return fr::print_html(made);
    return fr::print_terminal(made, out.empty() && ::isatty(STDOUT_FILENO) == 1);
  }
};

struct CompareCommand {
  std::string a, b;
  int64_t resamples = 1000;

  int run() const {
    const auto comparison = fr::compare(fr::read_compared(a), fr::read_compared(b), resamples);
    std::fputs(fr::print_comparison(comparison).c_str(), stdout);
    return 0;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::string example = "fr-report table 2 results/lfw-arcface.json results/cfp_fp-arcface.json";
  fr::Options options(
      "fr-report",
      "Tables in the ArcFace paper's form, its numbers with ours beside them; comparisons of two models.",
      example);
  TableCommand table;
  CompareCommand compare;
  const std::string comparison = "fr-report compare results/lfw-arcface.json results/lfw-cosface.json";
  options
      .subcommand(
          "compare",
          "Two models on the same pairs: McNemar's test and paired bootstrap intervals. Both results must "
          "have been written with fr-eval --decisions.",
          comparison, [&] { return compare.run(); })
      .add("A", compare.a, "result of the one model")
      .required()
      .add("B", compare.b, "result of the other, on the same list")
      .required()
      .add("--resamples", compare.resamples, "of the people, or of the pairs where nobody is known");
  TableCommand floors;
  const std::string floor_example =
      "fr-report floors results/gpu/*.json --format markdown --out results/gpu/README.md";
  options
      .subcommand("floors", "What fr-bench measured, beside what the same machine allows.", floor_example,
                  [&] { return floors.run_floors(); })
      .add("REPORTS", floors.results, "reports written by fr-bench --out, or by tests/peers")
      .required()
      .choice("--format", floors.format, {"terminal", "markdown", "csv", "latex", "html"}, "how to print")
      .add("--out", floors.out, "write here instead of standard output");
  options
      .subcommand("table", "One table: 1 to 9, or an extra by its file name.", example,
                  [&] { return table.run(); })
      .add("TABLE", table.table, "1 … 9, or a name such as extra_stepwise_ijbc")
      .required()
      .add("RESULTS", table.results,
           "result files written by fr-eval; those that feed no column are left out")
      .choice("--format", table.format, {"terminal", "markdown", "csv", "latex", "html"}, "how to print")
      .choice("--paper", table.version, {"v3", "v4"},
              "version of the paper; without it v3, or the only one there is")
      .choice("--spread", table.spread, {"std", "ci"},
              "what follows our numbers: ± deviation, or 95 % interval")
      .add("--out", table.out, "write here instead of standard output")
      .add("--paper-dir", table.paper, "folder of the published tables, by default the installed one");
  return options.run(argc, argv,
                     []() -> int { throw fr::UsageError("say what to make: table 2, or compare A B"); });
}
