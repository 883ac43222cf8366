// A table for the eye: numbers of a column aligned on their decimal point, spreads beside them; long remarks
// folded.
#include <algorithm>

#include "core/files.h"
#include "report/print.h"

namespace fr {

namespace {

std::string spaces(int count) { return std::string(static_cast<size_t>(std::max(count, 0)), ' '); }

// One column: is it all plain numbers (aligned on the point; others are flush right), and its widths: digits
// before the point, the point and what follows, the spread; footnote marks end the last of them.
struct ColumnShape {
  bool plain = true;
  int whole = 0, fraction = 0, tail = 0, header = 0;
  int numbers() const { return std::max(whole + fraction, tail > 0 || plain ? 0 : header); }
  int total() const { return std::max(numbers() + tail, header); }
};

bool is_plain(const std::string& number) {
  return number.find_first_not_of("0123456789.") == std::string::npos;
}

std::string whole_of(const Cell& cell, bool plain) {
  if (cell.number.empty()) return kNothing;
  return plain ? cell.number.substr(0, cell.number.find('.')) : cell.number;
}
std::string fraction_of(const Cell& cell, bool plain) {
  const size_t point = plain ? cell.number.find('.') : std::string::npos;
  const std::string fraction = point == std::string::npos ? "" : cell.number.substr(point);
  return cell.spread.empty() ? fraction + superscripts(cell) : fraction;
}
std::string tail_of(const Cell& cell) {
  return cell.spread.empty() ? "" : " " + cell.spread + superscripts(cell);
}

ColumnShape measure(const Table& table, size_t column) {
  ColumnShape shape{.header = display_width(table.header[column + 1])};
  std::vector<const Cell*> cells;
  for (const Section& section : table.sections) {
    for (const TableRow& row : section.rows) cells.push_back(&row.cells[column]);
  }
  for (const Cell* cell : cells) shape.plain = shape.plain && is_plain(cell->number);
  for (const Cell* cell : cells) {
    shape.whole = std::max(shape.whole, display_width(whole_of(*cell, shape.plain)));
    shape.fraction = std::max(shape.fraction, display_width(fraction_of(*cell, shape.plain)));
    shape.tail = std::max(shape.tail, display_width(tail_of(*cell)));
  }
  return shape;
}

std::string cell_text(const Cell& cell, const ColumnShape& shape, bool bold) {
  const std::string whole = whole_of(cell, shape.plain), fraction = fraction_of(cell, shape.plain);
  const std::string tail = tail_of(cell);
  const bool emphasised = bold && cell.best;
  std::string text = spaces(shape.numbers() - shape.fraction - display_width(whole));
  text += (emphasised ? "\033[1m" : "") + whole + fraction + (emphasised ? "\033[0m" : "");
  text += spaces(shape.fraction - display_width(fraction)) + tail;
  return text + spaces(shape.total() - shape.numbers() - display_width(tail));
}

// Text in lines of at most `width` columns, broken at blanks; further lines are indented.
std::string folded(const std::string& text, int width) {
  std::string result, line;
  for (const std::string_view word : split_blanks(text)) {
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      result += line + "\n";
      line = " ";
    }
    line.append(line.empty() ? "" : " ").append(word);
  }
  return result + line + "\n";
}

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string rule(int width) {
  std::string line;
  for (int i = 0; i < width; ++i) line += "─";
  return line + "\n";
}

}  // namespace

std::string print_terminal(const Table& table, bool bold) {
  std::vector<ColumnShape> shapes;
  for (size_t c = 0; c + 1 < table.header.size(); ++c) shapes.push_back(measure(table, c));
  int label = display_width(table.header[0]);
  for (const Section& section : table.sections) {
    label = std::max(label, display_width(section.title));
    for (const TableRow& row : section.rows) label = std::max(label, 2 + display_width(row.label));
  }
  int total = label;
  for (const ColumnShape& shape : shapes) total += 3 + shape.total();

  std::string text = table.title + "\n" + rule(total);
  std::string line = table.header[0] + spaces(label - display_width(table.header[0]));
  for (size_t c = 0; c < shapes.size(); ++c) {
    const std::string padding = spaces(shapes[c].total() - shapes[c].header);
    line += "   " + (shapes[c].plain ? table.header[c + 1] + padding : padding + table.header[c + 1]);
  }
  text += without_trailing_blanks(line);
  for (const Section& section : table.sections) {
    text += rule(total) + section.title + "\n";
    for (const TableRow& row : section.rows) {
      line = "  " + row.label + spaces(label - 2 - display_width(row.label));
      for (size_t c = 0; c < shapes.size(); ++c) line += "   " + cell_text(row.cells[c], shapes[c], bold);
      text += without_trailing_blanks(line);
    }
  }
  text += rule(total);
  for (size_t i = 0; i < table.footnotes.size(); ++i) {
    text += folded(superscript(static_cast<int>(i) + 1) + " " + table.footnotes[i], std::max(total, 80));
  }
  for (const std::string& remark : table.remarks) text += folded(remark, std::max(total, 80));
  return text;
}

}  // namespace fr
