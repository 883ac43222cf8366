// Table: a published table beside our results, ready to print in any format. Text only: printers compute
// nothing.
#pragma once
#include <string>
#include <vector>

#include "eval/result.h"
#include "report/paper_table.h"

namespace fr {

struct Cell {
  std::string number;        // "98.55"; empty: nothing known
  std::string spread{};      // "± 0.71" or "[98.2, 98.9]"; may be empty
  std::vector<int> notes{};  // footnote numbers, from 1
  bool best = false;         // of its column within its section
};

struct TableRow {
  std::string label;
  std::vector<Cell> cells;  // one a column
};

struct Section {
  std::string title;  // "paper (arXiv v3)", "this project"
  std::vector<TableRow> rows;
};

struct Table {
  std::string title;
  std::vector<std::string> header;  // of the rows' labels, then one a column
  std::vector<Section> sections;
  std::vector<std::string> footnotes;  // number i + 1
  std::vector<std::string> remarks;
};

enum class Spread { kStd, kInterval };  // what follows our numbers where a result has both

struct TableOptions {
  std::string version{};  // "v3" or "v4"; empty: v3, or the only one there is
  Spread spread = Spread::kStd;
};

// The paper's rows of one version, then ours: one row for each model and pooling variant among `results`, a
// number standing in the column whose feed names its protocol and metric. Footnotes tell what is not the real
// benchmark (synthetic faces, other counts than the official ones) and how many items failed. Results that
// feed no column are left out. Throws fr::Error where the table has no numbers of that version.
Table make_table(const PaperTable& paper, const std::vector<Result>& results, const TableOptions& options);

}  // namespace fr
