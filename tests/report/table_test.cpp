// Tables from made-up results: exact Markdown, the best of a column, ties, gaps, footnotes, and the other
// formats.
#include "report/table.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "report/print.h"

using namespace fr;

namespace {

PaperNumber published(double value, const std::string& version = "v3", const std::string& source = "A") {
  return {.value = value, .text = "", .unit = "%", .version = version, .source = source, .note = ""};
}

PaperRow row(const std::string& label, std::map<std::string, PaperNumber> numbers) {
  for (auto& [name, number] : numbers) number.text = std::to_string(number.value).substr(0, 5);
  return {.label = label, .note = "", .numbers = std::move(numbers)};
}

PaperTable paper() {
  PaperTable table;
  table.name = "Table 2";
  table.title = "Table 2: Accuracy";
  table.row_header = "Loss";
  table.sources = {{"A", "the paper"}, {"M", "unconfirmed: one witness only"}};
  table.columns = {
      {.name = "LFW", .unit = "%", .feed = ColumnFeed{"lfw", "accuracy", 100, {{"pairs", 6000}}}},
      {.name = "CFP-FP", .unit = "%", .feed = ColumnFeed{"cfp_fp", "accuracy", 100, {}}}};
  table.rows = {row("ArcFace (0.5)", {{"LFW", published(99.53)}, {"CFP-FP", published(95.56)}}),
                row("ArcFace (0.4)", {{"LFW", published(99.53)}}),
                row("Soft|max", {{"LFW", published(99.08)}, {"CFP-FP", published(94.39)}}),
                row("Softmax", {{"LFW", published(98.00, "v4")}})};
  return table;
}

Result result(const std::string& protocol, const std::string& loss, double accuracy, double std = NAN) {
  Result result;
  result.protocol = protocol;
  result.model = {{"loss", loss}, {"network", "iresnet_tiny"}, {"hash", "xxh3-128:0123456789abcdef" + loss}};
  result.counts = {{"pairs", 6000}, {"failed_items", 0}};
  result.metrics["accuracy"].value = accuracy;
  if (!std::isnan(std)) result.metrics["accuracy"].std = std;
  result.variant = {{"pooling", "single image"}};
  return result;
}

const Cell& our_cell(const Table& table, size_t row, size_t column) {
  return table.sections.at(1).rows.at(row).cells.at(column);
}

}  // namespace

TEST_CASE("Markdown, to the letter") {
  const std::vector<Result> results = {result("lfw", "arcface", 0.9855, 0.00707),
                                       result("lfw", "softmax", 0.93, 0.01),
                                       result("cfp_fp", "arcface", 0.9)};
  const std::string expected =
      "**Table 2: Accuracy**\n"
      "\n"
      "| Loss                   | LFW (%)          | CFP-FP (%) |\n"
      "|------------------------|------------------|------------|\n"
      "| *paper (arXiv v3)*     |                  |            |\n"
      "| ArcFace (0.5)          | **99.53**        | **95.56**  |\n"
      "| ArcFace (0.4)          | **99.53**        | –          |\n"
      "| Soft\\|max              | 99.08            | 94.39      |\n"
      "| *this project*         |                  |            |\n"
      "| arcface, iresnet\\_tiny | **98.55** ± 0.71 | **90.00**  |\n"
      "| softmax, iresnet\\_tiny | 93.00 ± 1.00     | –          |\n"
      "\n"
      "- ± is the standard deviation over the folds.\n";
  CHECK(print_markdown(make_table(paper(), results, {})) == expected);
}

TEST_CASE("terminal: decimal points and spreads stand under each other") {
  const std::vector<Result> results = {result("lfw", "arcface", 0.9855, 0.00707),
                                       result("lfw", "softmax", 0.05, 0.1)};
  const Table table = make_table(paper(), results, {});
  const std::string expected =
      "Table 2: Accuracy\n"
      "────────────────────────────────────────────────────\n"
      "Loss                      LFW (%)         CFP-FP (%)\n"
      "────────────────────────────────────────────────────\n"
      "paper (arXiv v3)\n"
      "  ArcFace (0.5)           99.53           95.56\n"
      "  ArcFace (0.4)           99.53            –\n"
      "  Soft|max                99.08           94.39\n"
      "────────────────────────────────────────────────────\n"
      "this project\n"
      "  arcface, iresnet_tiny   98.55 ± 0.71     –\n"
      "  softmax, iresnet_tiny    5.00 ± 10.00    –\n"
      "────────────────────────────────────────────────────\n"
      "± is the standard deviation over the folds.\n";
  CHECK(print_terminal(table, false) == expected);
  const std::string bold = print_terminal(table, true);
  CHECK(bold.find("\033[1m98.55\033[0m ± 0.71") != std::string::npos);
  CHECK(bold.find("\033[1m5.00") == std::string::npos);
}

TEST_CASE("ties are all best, and what prints alike is a tie") {
  const std::vector<Result> results = {result("lfw", "a", 0.98551), result("lfw", "b", 0.98549),
                                       result("lfw", "c", 0.9854), result("cfp_fp", "c", NAN)};
  const Table table = make_table(paper(), results, {});
  CHECK(our_cell(table, 0, 0).best);
  CHECK(our_cell(table, 1, 0).best);
  CHECK_FALSE(our_cell(table, 2, 0).best);
  CHECK(our_cell(table, 2, 1).number == "n/a");
  CHECK_FALSE(our_cell(table, 2, 1).best);
  CHECK(our_cell(table, 0, 1).number.empty());
  CHECK_FALSE(our_cell(table, 0, 1).best);
  CHECK(table.sections[0].rows[0].cells[0].best);
  CHECK(table.sections[0].rows[1].cells[0].best);
  CHECK_FALSE(table.sections[0].rows[2].cells[0].best);
}

TEST_CASE("an unranked column has no best") {
  PaperTable table = paper();
  table.columns[0].ranked = false;
  const Table made = make_table(table, {result("lfw", "a", 0.9)}, {});
  CHECK_FALSE(our_cell(made, 0, 0).best);
  CHECK_FALSE(made.sections[0].rows[0].cells[0].best);
}

TEST_CASE("what is not the benchmark says so") {
  Result synthetic = result("lfw", "arcface", 0.99);
  synthetic.dataset["kind"] = "synthetic";
  synthetic.counts = {{"pairs", 1200}, {"failed_items", 3}};
  Result few = result("lfw", "softmax", 0.9);
  few.counts = {{"pairs", 1200}};
  const Table table = make_table(paper(), {synthetic, few}, {});
  REQUIRE(table.footnotes.size() == 3);
  CHECK(table.footnotes[0] == "not the benchmark: synthetic faces, 1,200 pairs instead of 6,000");
  CHECK(table.footnotes[1] == "3 items failed; a genuine pair with one counts as missed");
  CHECK(table.footnotes[2] == "not the benchmark: 1,200 pairs instead of 6,000");
  CHECK(our_cell(table, 0, 0).notes == std::vector<int>{1, 2});
  CHECK(our_cell(table, 1, 0).notes == std::vector<int>{3});
  CHECK(print_terminal(table, false).find("  99.00¹˒²  ") != std::string::npos);
  CHECK(print_markdown(table).find("| **99.00**¹˒²") != std::string::npos);
  CHECK(print_markdown(table).find("- ³ not the benchmark: 1,200 pairs") != std::string::npos);
  // One footnote serves all cells that share its words.
  CHECK(make_table(paper(), {synthetic, synthetic, few, few}, {}).footnotes.size() == 3);
}

TEST_CASE("rows are models: hashes, pooling, flip and repeats tell them apart") {
  Result other = result("lfw", "arcface", 0.8);
  other.model["hash"] = "xxh3-128:fedcba9876543210";
  Table table = make_table(paper(), {result("lfw", "arcface", 0.9), other}, {});
  REQUIRE(table.sections[1].rows.size() == 2);
  CHECK(table.sections[1].rows[0].label == "arcface, iresnet_tiny, 01234567");
  CHECK(table.sections[1].rows[1].label == "arcface, iresnet_tiny, fedcba98");

  Result weak = result("lfw", "arcface", 0.9);
  weak.model["loss_detail"] = "arcface (s 64, m2 0.45), gradient exact, overflow wrap";
  other.model["loss_detail"] = "arcface (s 64, m2 0.5), gradient exact, overflow wrap";
  table = make_table(paper(), {weak, other}, {});
  CHECK(table.sections[1].rows[0].label == "arcface, iresnet_tiny, s 64, m2 0.45");
  CHECK(table.sections[1].rows[1].label == "arcface, iresnet_tiny, s 64, m2 0.5");

  Result pooled = result("lfw", "arcface", 0.7), unflipped = pooled;
  pooled.variant = {{"pooling", "N1D1F1"}, {"flip", "sum of raw embeddings"}};
  unflipped.variant = {{"pooling", "N1D1F1"}, {"flip", "no"}};
  table = make_table(paper(), {pooled, unflipped}, {});
  REQUIRE(table.sections[1].rows.size() == 2);
  CHECK(table.sections[1].rows[0].label == "arcface, iresnet_tiny, N1D1F1, flip");
  CHECK(table.sections[1].rows[1].label == "arcface, iresnet_tiny, N1D1F1, no flip");

  table = make_table(paper(), {result("lfw", "arcface", 0.7), result("lfw", "arcface", 0.6)}, {});
  REQUIRE(table.sections[1].rows.size() == 2);
  CHECK(table.sections[1].rows[1].label == "arcface, iresnet_tiny #2");

  table = make_table(paper(), {result("lfw", "arcface", 0.7), result("lfw", "arcface", 0.7)}, {});
  CHECK(table.sections[1].rows.size() == 1);

  Result one = result("lfw", "", 0.7), two = result("cfp_fp", "", 0.6);  // embedding files of one model
  one.model = {{"name", "lfw"}, {"hash", "xxh3-128:0123456789abcdef"}};
  two.model = {{"name", "cfp"}, {"hash", "xxh3-128:0123456789abcdef"}};
  table = make_table(paper(), {one, two}, {});
  REQUIRE(table.sections[1].rows.size() == 1);
  CHECK(table.sections[1].rows[0].cells[1].number == "60.00");

  Result bare = result("lfw", "", 0.7);
  bare.model = {{"file", "/somewhere/r50.safetensors"}};
  table = make_table(paper(), {bare}, {});
  CHECK(table.sections[1].rows[0].label == "r50.safetensors");
}

TEST_CASE("versions: v3 by default, v4 on demand, absent ones refused, unversioned tables always") {
  CHECK(make_table(paper(), {}, {}).sections[0].rows.size() == 3);
  const Table v4 = make_table(paper(), {}, {.version = "v4"});
  CHECK(v4.sections[0].title == "paper (arXiv v4)");
  CHECK(v4.sections[0].rows.size() == 1);
  PaperTable only = paper();
  only.rows.pop_back();
  CHECK_THROWS_WITH_AS(make_table(only, {}, {.version = "v4"}),
                       "Table 2 has no numbers of paper version v4 (it has v3)", Error);
  only.rows = {row("x", {{"LFW", published(1, "none")}})};
  CHECK(make_table(only, {}, {.version = "v4"}).sections[0].title == "published");
}

TEST_CASE("results that feed nothing are left out, and said so when none does") {
  const Table table = make_table(paper(), {result("ijbc", "arcface", 0.9)}, {});
  CHECK(table.sections.size() == 1);
  REQUIRE(table.remarks.size() == 1);
  CHECK(table.remarks[0] == "None of the results given feeds a column of this table.");
  CHECK(make_table(paper(), {}, {}).remarks.empty());
}

TEST_CASE("intervals on demand, or where there is no deviation") {
  Result both = result("lfw", "arcface", 0.9, 0.01);
  both.metrics["accuracy"].ci_low = 0.885;
  both.metrics["accuracy"].ci_high = 0.9125;
  CHECK(our_cell(make_table(paper(), {both}, {}), 0, 0).spread == "± 1.00");
  CHECK(our_cell(make_table(paper(), {both}, {.spread = Spread::kInterval}), 0, 0).spread ==
        "[88.50, 91.25]");
  both.metrics["accuracy"].std.reset();
  const Table table = make_table(paper(), {both}, {});
  CHECK(our_cell(table, 0, 0).spread == "[88.50, 91.25]");
  CHECK(table.remarks[0] == "[ ] is the 95 % confidence interval.");
}

TEST_CASE("a number with one unconfirmed witness carries a footnote") {
  PaperTable table = paper();
  table.rows[0].numbers["LFW"].source = "M";
  table.rows[1].numbers["LFW"].source = "A+M";
  const Table made = make_table(table, {}, {});
  CHECK(made.footnotes == std::vector<std::string>{"unconfirmed: one witness only"});
  CHECK(made.sections[0].rows[0].cells[0].notes == std::vector<int>{1});
  CHECK(made.sections[0].rows[1].cells[0].notes.empty());
}

TEST_CASE("CSV, LaTeX and HTML") {
  const Table table = make_table(paper(), {result("lfw", "arc,face", 0.9, 0.01)}, {});
  const std::string csv = print_csv(table);
  CHECK(csv.starts_with("section,Loss,LFW (%),LFW (%) spread,CFP-FP (%),CFP-FP (%) spread\n"));
  CHECK(csv.ends_with("this project,\"arc,face, iresnet_tiny\",90.00,± 1.00,,\n"));
  const std::string latex = print_latex(table);
  CHECK(latex.find("arc,face, iresnet\\_tiny & \\textbf{90.00} $\\pm$ 1.00 & -- \\\\") != std::string::npos);
  CHECK(latex.find("LFW (\\%)") != std::string::npos);
  const std::string html = print_html(table);
  CHECK(html.find("<td>arc,face, iresnet_tiny</td><td><b>90.00</b> ± 1.00</td><td>–</td>") !=
        std::string::npos);
}

TEST_CASE("terminal: columns of words are flush right, long footnotes are folded") {
  PaperTable table = paper();
  table.columns.resize(1);
  table.columns[0].name = "#";
  table.columns[0].feed.reset();
  table.rows.resize(2);
  table.rows[0].numbers = {
      {"#", {.value = 9100, .text = "9.1K", .unit = "%", .version = "v3", .source = "A", .note = ""}}};
  table.rows[1].numbers = {
      {"#", {.value = 85000, .text = "85K", .unit = "%", .version = "v3", .source = "A", .note = ""}}};
  table.notes = {std::string(50, 'a') + " " + std::string(29, 'b') + " c"};
  CHECK(print_terminal(make_table(table, {}, {}), false) ==
        "Table 2: Accuracy\n"
        "────────────────────────\n"
        "Loss               # (%)\n"
        "────────────────────────\n"
        "paper (arXiv v3)\n"
        "  ArcFace (0.5)     9.1K\n"
        "  ArcFace (0.4)      85K\n"
        "────────────────────────\n" +
            std::string(50, 'a') + " " + std::string(29, 'b') + "\n  c\n");
}

TEST_CASE("widths and superscripts") {
  CHECK(display_width("± 1–2") == 5);
  CHECK(display_width("人脸") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(superscript(12) == "¹²");
}
