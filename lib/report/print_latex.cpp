// A table for papers: LaTeX with booktabs.
#include <string_view>

#include "report/print.h"

namespace fr {

namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("#$%&_{}").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  for (const auto& [from, to] : {std::pair{"±", "$\\pm$"}, std::pair{"–", "--"}}) {
    for (size_t at; (at = result.find(from)) != std::string::npos;)
      result.replace(at, std::string_view(from).size(), to);
  }
  return result;
}

std::string cell_text(const Cell& cell) {
  if (cell.number.empty()) return "--";
  std::string text = cell.best ? "\\textbf{" + escaped(cell.number) + "}" : escaped(cell.number);
  if (!cell.spread.empty()) text += " " + escaped(cell.spread);
  for (const int note : cell.notes) text += "$^{" + std::to_string(note) + "}$";
  return text;
}

}  // namespace

std::string print_latex(const Table& table) {
  const size_t columns = table.header.size();
  std::string text = "\\begin{table}\n\\caption{" + escaped(table.title) + "}\n\\begin{tabular}{l" +
                     std::string(columns - 1, 'l') + "}\n\\toprule\n";
  for (size_t c = 0; c < columns; ++c) text += (c > 0 ? " & " : "") + escaped(table.header[c]);
  text += " \\\\\n";
  for (const Section& section : table.sections) {
    text += "\\midrule\n\\multicolumn{" + std::to_string(columns) + "}{l}{\\emph{" + escaped(section.title) +
            "}} \\\\\n";
    for (const TableRow& row : section.rows) {
      text += escaped(row.label);
      for (const Cell& cell : row.cells) text += " & " + cell_text(cell);
      text += " \\\\\n";
    }
  }
  text += "\\bottomrule\n\\end{tabular}\n";
  for (size_t i = 0; i < table.footnotes.size(); ++i) {
    text += "\n$^{" + std::to_string(i + 1) + "}$ " + escaped(table.footnotes[i]) + "\n";
  }
  for (const std::string& remark : table.remarks) text += "\n" + escaped(remark) + "\n";
  return text + "\\end{table}\n";
}

}  // namespace fr
