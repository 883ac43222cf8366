// Printing a Table: one function a format, each from the Table alone.
#pragma once
#include <string>

#include "report/table.h"

namespace fr {

std::string print_terminal(const Table& table,
                           bool bold);  // aligned on the decimal point; bold: ANSI escapes
std::string print_markdown(const Table& table);
std::string print_csv(
    const Table& table);  // RFC 4180; one line a row, section first, spread in a column of its own
std::string print_latex(const Table& table);  // a booktabs table
std::string print_html(const Table& table);   // a <table>, no styles

// What the printers share.
int display_width(std::string_view text);     // columns on a terminal of UTF-8 text
std::string superscript(int number);          // "¹²"
std::string superscripts(const Cell& cell);   // "¹,²"
inline constexpr const char* kNothing = "–";  // an empty cell

}  // namespace fr
