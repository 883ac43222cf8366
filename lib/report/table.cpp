#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "report/our_rows.h"

namespace fr {

namespace {

std::string with_commas(int64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string chosen_version(const PaperTable& paper, const std::string& wanted) {
  const std::vector<std::string> versions = paper.versions();
  const auto has = [&](const std::string& version) { return std::ranges::count(versions, version) > 0; };
  if (has(wanted)) return wanted;
  if (has("none")) return "none";
  FR_CHECK(wanted.empty(), "{} has no numbers of paper version {} (it has {})", paper.name, wanted,
           joined(versions, ", "));
  return has("v3") ? "v3" : versions.front();
}

// Marks the best of each ranked column; numbers that print alike are equally good.
// values: (rows) x (columns), NaN where there is none.
void mark_best(std::vector<TableRow>& rows, const std::vector<std::vector<double>>& values,
               const std::vector<PaperColumn>& columns) {
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].ranked) continue;
    double best = -HUGE_VAL;
    for (const auto& row : values) best = std::fmax(best, row[c]);
    for (size_t r = 0; r < rows.size(); ++r) rows[r].cells[c].best = values[r][c] == best;
  }
}

class Builder {
 public:
  Builder(const PaperTable& paper, const TableOptions& options) : paper_(paper), options_(options) {}

  Table build(const std::vector<Result>& results) {
    const std::string version = chosen_version(paper_, options_.version);
    table_.title = paper_.title;
    table_.header = {paper_.row_header};
    for (const PaperColumn& column : paper_.columns) table_.header.push_back(heading(column));
    table_.sections.push_back(published(version));
    if (!results.empty()) ours(results);
    table_.remarks.insert(table_.remarks.end(), paper_.notes.begin(), paper_.notes.end());
    return std::move(table_);
  }

 private:
  static std::string heading(const PaperColumn& column) {
    return column.unit == "%" ? column.name + " (%)" : column.name;
  }

  Section published(const std::string& version) {
    Section section{.title = version == "none" ? "published" : fmt::format("paper (arXiv {})", version),
                    .rows = {}};
    std::vector<std::vector<double>> values;
    for (const PaperRow& row : paper_.rows) {
      if (row.version() != version) continue;
      TableRow line{.label = row.label, .cells = std::vector<Cell>(paper_.columns.size())};
      std::vector<double> numbers(paper_.columns.size(), NAN);
      for (size_t c = 0; c < paper_.columns.size(); ++c) {
        const auto found = row.numbers.find(paper_.columns[c].name);
        if (found == row.numbers.end()) continue;
        line.cells[c].number = found->second.text;
        numbers[c] = found->second.value;
        if (found->second.source == "M") footnote(line.cells[c], paper_.sources.at("M"));
      }
      section.rows.push_back(line);
      values.push_back(numbers);
    }
    mark_best(section.rows, values, paper_.columns);
    return section;
  }

  void ours(const std::vector<Result>& results) {
    Section section{.title = "this project", .rows = {}};
    std::vector<std::vector<double>> values;
    for (const OurRow& row : group_results(paper_.columns, results)) {
      TableRow line{.label = row.label, .cells = {}};
      std::vector<double> numbers;
      for (size_t c = 0; c < paper_.columns.size(); ++c) {
        const auto& number = row.numbers[c];
        line.cells.push_back(number ? cell(*number, paper_.columns[c]) : Cell{.number = ""});
        numbers.push_back(number ? rounded(*number, paper_.columns[c]) : NAN);
      }
      section.rows.push_back(line);
      values.push_back(numbers);
    }
    mark_best(section.rows, values, paper_.columns);
    if (section.rows.empty()) {
      table_.remarks.push_back("None of the results given feeds a column of this table.");
      return;
    }
    table_.sections.push_back(section);
    if (uses_std_) table_.remarks.push_back("± is the standard deviation over the folds.");
    if (uses_interval_) table_.remarks.push_back("[ ] is the 95 % confidence interval.");
  }

  static double rounded(const OurNumber& number, const PaperColumn& column) {
    const double unit = std::pow(10.0, column.digits);
    return std::round(number.metric.value * column.feed->scale * unit) / unit;
  }

  Cell cell(const OurNumber& number, const PaperColumn& column) {
    const Metric& metric = number.metric;
    const auto text = [&](double value) {
      return fmt::format("{:.{}f}", value * column.feed->scale, column.digits);
    };
    Cell cell{.number = std::isfinite(metric.value) ? text(metric.value) : "n/a"};
    const bool interval = metric.ci_low && metric.ci_high;
    if (metric.std && (options_.spread == Spread::kStd || !interval)) {
      cell.spread = "± " + text(*metric.std);
      uses_std_ = true;
    } else if (interval) {
      cell.spread = fmt::format("[{}, {}]", text(*metric.ci_low), text(*metric.ci_high));
      uses_interval_ = true;
    }
    say_what_differs(cell, *number.result, *column.feed);
    return cell;
  }

  // A number from other data than the benchmark's must not be mistaken for it.
  void say_what_differs(Cell& cell, const Result& result, const ColumnFeed& feed) {
    std::vector<std::string> differences;
    const auto kind = result.dataset.find("kind");
    if (kind != result.dataset.end() && kind->second == "synthetic") differences.push_back("synthetic faces");
    for (const auto& [name, official] : feed.official) {
      const auto found = result.counts.find(name);
      const int64_t count = found == result.counts.end() ? 0 : found->second;
      if (count != official) {
        differences.push_back(
            fmt::format("{} {} instead of {}", with_commas(count), name, with_commas(official)));
      }
    }
    if (!differences.empty()) footnote(cell, "not the benchmark: " + joined(differences, ", "));
    const auto failed = result.counts.find("failed_items");
    if (failed != result.counts.end() && failed->second > 0) {
      footnote(cell, fmt::format("{} items failed; a genuine pair with one counts as missed",
                                 with_commas(failed->second)));
    }
  }

  void footnote(Cell& cell, const std::string& text) {
    auto found = std::ranges::find(table_.footnotes, text);
    if (found == table_.footnotes.end()) found = table_.footnotes.insert(found, text);
    cell.notes.push_back(static_cast<int>(found - table_.footnotes.begin()) + 1);
  }

  const PaperTable& paper_;
  const TableOptions& options_;
  Table table_;
  bool uses_std_ = false, uses_interval_ = false;
};

}  // namespace

Table make_table(const PaperTable& paper, const std::vector<Result>& results, const TableOptions& options) {
  return Builder(paper, options).build(results);
}

}  // namespace fr
