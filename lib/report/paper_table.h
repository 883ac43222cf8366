// PaperTable: one published table as results/paper/NAME.json stores it, every number with its version and
// source.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fr {

struct PaperNumber {
  double value = 0;
  std::string text;     // as printed ("0.5M", "91.4"); by default value with the column's digits
  std::string unit;     // "%", "fraction", "degrees", …
  std::string version;  // "v3", "v4", "none" (not from the paper)
  std::string source;   // letters joined by "+", explained in PaperTable::sources
  std::string note;     // what a careful reader must know, may be empty
};

// Which of our numbers belongs in a column: metric `metric` of results for `protocol`, times `scale`.
struct ColumnFeed {
  std::string protocol, metric;
  double scale = 1;
  std::map<std::string, int64_t> official;  // counts of the real benchmark ("pairs": 6000)
};

struct PaperColumn {
  std::string name, unit;
  int digits = 2;
  bool ranked = true;  // higher is better and the best is bold; false: no best
  std::optional<ColumnFeed> feed;
};

struct PaperRow {
  std::string label, note;
  std::map<std::string, PaperNumber> numbers;  // by column name; absent: not given
  const std::string& version() const;          // all numbers of a row have one version
};

struct PaperTable {
  std::string name;   // "Table 2", or the file's name without ".json"
  std::string title;  // "Table 2: …"
  std::string row_header;
  std::vector<std::string> notes;
  std::map<std::string, std::string> sources;  // letter -> where that is
  std::vector<PaperColumn> columns;
  std::vector<PaperRow> rows;

  std::vector<std::string> versions() const;  // those that occur, sorted
};

// Throws fr::Error "PATH: …" for anything that results/README.md does not allow.
PaperTable read_paper_table(const std::filesystem::path& path);

}  // namespace fr
