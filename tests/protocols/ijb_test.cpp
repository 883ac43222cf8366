// Small IJB lists: templates, media, pairs and galleries, what is said of bad ones, and 1:N from lists to
// result.
#include <doctest/doctest.h>

#include "core/error.h"
#include "core/files.h"
#include "eval/evaluate.h"
#include "eval/ijb_lists.h"
#include "eval/ijb_plan.h"
#include "support/support.h"

using namespace fr;

namespace {

std::string error_of(const std::string& name, const test::ScratchFolder& data, bool images = false) {
  try {
    ijb_plan(name, {.data = data.path().string(), .images = images});
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One image a template: "T.jpg" of template T, medium T.
void write_templates(const test::ScratchFolder& data, const std::string& name,
                     const std::vector<int>& templates, const std::string& pairs) {
  std::string places, landmarks;
  for (const int t : templates) {
    places += fmt::format("{0}.jpg {0} {0}\n", t);
    landmarks += fmt::format("{}.jpg 1 2 3 4 5 6 7 8 9 10 1\n", t);
  }
  write_file(data / ("meta/" + name + "_face_tid_mid.txt"), places);
  write_file(data / ("meta/" + name + "_name_5pts_score.txt"), landmarks);
  write_file(data / ("meta/" + name + "_template_pair_label.txt"), pairs);
}

Embeddings embeddings_of(const std::vector<std::vector<float>>& rows) {
  Embeddings result = Embeddings::make(std::ssize(rows), std::ssize(rows.at(0)));
  float* to = result.owned.f32();
  for (const std::vector<float>& row : rows) to = std::copy(row.begin(), row.end(), to);
  return result;
}

}  // namespace

TEST_CASE("IJB: templates and media ascending, items in list order") {
  for (const std::string name : {"ijbb", "ijbc"}) {
    CAPTURE(name);
    test::ScratchFolder data;
    const std::string landmarks = " 1 2 3 4 5 6 7 8 9 10 0.5\n";
    write_file(data / ("meta/" + name + "_face_tid_mid.txt"),
               "x.jpg 9 5\ny.jpg 2 8\nz.jpg 9 1\r\nw.jpg\t9  5");
    write_file(data / ("meta/" + name + "_name_5pts_score.txt"),
               "x.jpg" + landmarks + "y.jpg" + landmarks + "z.jpg" + landmarks + "w.jpg" + landmarks);
    write_file(data / ("meta/" + name + "_template_pair_label.txt"), "9 2 0\n9 9 1\n");
    const Plan plan = ijb_plan(name, {.data = data.path().string()});
    REQUIRE(plan.items.size() == 4);
    REQUIRE(plan.templates.size() == 2);
    CHECK(plan.templates[0].id == 2);
    CHECK(plan.templates[1].media.size() == 2);
    CHECK(plan.templates[1].media[0].items == std::vector<int64_t>{2});
    CHECK(plan.templates[1].media[1].items == std::vector<int64_t>{0, 3});
    CHECK(plan.items[3].name == "w.jpg");
    CHECK(plan.items[3].landmarks[9] == 10);
    CHECK(plan.items[3].detector_score == 0.5f);
    const std::vector<Pair>& pairs = plan.pair_lists[0].pairs;
    REQUIRE(pairs.size() == 2);
    CHECK(pairs[0].a == 1);
    CHECK(pairs[0].b == 0);
    CHECK_FALSE(pairs[0].same);
    CHECK(pairs[1].same);
    CHECK(plan.searches.empty());
    CHECK(plan.variant.at("1:N") ==
          fmt::format("not run: no {}_1N_gallery_{}1.csv", name, name == "ijbb" ? "S" : "G"));
    CHECK(contains(error_of(name, data, true), "_face_tid_mid.txt:1: no image"));
  }
}

TEST_CASE("IJB: malformed lists of images are refused by line") {
  test::ScratchFolder data;
  const std::string line = ".jpg 1 2 3 4 5 6 7 8 9 10 0.5\n";
  const auto error = [&](const std::string& places, const std::string& landmarks) {
    write_file(data / "meta/ijbc_face_tid_mid.txt", places);
    write_file(data / "meta/ijbc_name_5pts_score.txt", landmarks);
    write_file(data / "meta/ijbc_template_pair_label.txt", "1 2 0\n");
    return error_of("ijbc", data);
  };
  const std::string places = "x.jpg 1 1\ny.jpg 2 2\n", landmarks = "x" + line + "y" + line;
  CHECK(error(places, landmarks) == "no error");
  CHECK(
      contains(error("x.jpg 1 1\ny.jpg 2\n", landmarks), "tid_mid.txt:2: expected 'image template medium'"));
  CHECK(contains(error("x.jpg 1 1\n\ny.jpg 2 2\n", landmarks), "tid_mid.txt:2: expected"));
  CHECK(contains(error("x.jpg 1 a\ny.jpg 2 2\n", landmarks), "tid_mid.txt:1: expected"));
  CHECK(contains(error("", landmarks), "lists no images"));
  CHECK(contains(error(places, "x" + line), "5pts_score.txt:2: the list ends"));
  CHECK(contains(error(places, landmarks + "z" + line), "5pts_score.txt:3: image 'z.jpg' has no line"));
  CHECK(contains(error(places, "y" + line + "x" + line), "5pts_score.txt:1: image 'y.jpg', but"));
  CHECK(
      contains(error(places, "x" + line + "y.jpg 1 2 3 4 5 6 7 8 9 10 nan\n"), "5pts_score.txt:2: expected"));
  CHECK(contains(error(places, "x" + line + "y.jpg 1 2 3 4 5 6 7 8 9 10\n"), "5pts_score.txt:2: expected"));
  CHECK(
      contains(error(places, "x" + line + "y.jpg 1 2 3 4 5 6 7 8 9 10 1 1\n"), "5pts_score.txt:2: expected"));
}

TEST_CASE("a long pair list parses alike on any number of threads, and names the line of a fault") {
  const TemplateIndex ids({1, 5, 100, 70'000'000'000});
  std::string text;
  for (int i = 0; i < 400'000; ++i) text += i % 3 == 0 ? "1 5 1\n" : "100\t70000000000 0\r\n";
  const std::vector<Pair> pairs = parse_template_pairs(text, "list", ids);
  REQUIRE(pairs.size() == 400'000);
  bool good = true;
  for (size_t i = 0; i < pairs.size(); ++i) {
    good = good && pairs[i].same == (i % 3 == 0) && pairs[i].a == (i % 3 == 0 ? 0 : 2) &&
           pairs[i].b == (i % 3 == 0 ? 1 : 3);
  }
  CHECK(good);
  text.replace(text.rfind("1 5 1"), 5, "1 6 1");
  CHECK_THROWS_WITH_AS(parse_template_pairs(text, "list", ids), "list:400000: template 6 has no images",
                       Error);
  text.replace(text.find("1 5 1"), 5, "1 5 2");  // the first of two faults is named
  CHECK_THROWS_WITH_AS(parse_template_pairs(text, "list", ids), "list:1: label 2 is neither 0 nor 1", Error);
  CHECK_THROWS_WITH_AS(parse_template_pairs("1 5 1\n1 5\n", "list", ids),
                       "list:2: expected 'template template label', found '1 5'", Error);
  for (const char* bad : {"1 5 2\n", "1 -5 1\n", "1 5 1 1\n", "1.5 5 1\n", "\n", "", "1 5 1x\n",
                          "99999999999999999999 5 1\n"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_template_pairs(bad, "list", ids), Error);
  }
}

TEST_CASE("IJB 1:N: galleries and probes ascending, subjects of their templates") {
  for (const std::string name : {"ijbb", "ijbc"}) {
    CAPTURE(name);
    test::ScratchFolder data;
    write_templates(data, name, {8, 3, 5, 1, 9, 4}, "1 3 1\n");
    const std::string letter = name == "ijbb" ? "S" : "G";
    const auto list = [&](const std::string& of) { return data / ("meta/" + name + "_1N_" + of + ".csv"); };
    write_file(list("gallery_" + letter + "1"), "TEMPLATE_ID,SUBJECT_ID\n8,70,a\n3,71,b\n8,70,c\n");
    write_file(list("gallery_" + letter + "2"), "TEMPLATE_ID,SUBJECT_ID\r\n5,72\r\n");
    CHECK(ijb_plan(name, {.data = data.path().string()}).variant.at("1:N") ==
          "not run: no " + name + "_1N_probe_mixed.csv");
    const std::string before = ijb_plan(name, {.data = data.path().string()}).content_hash;
    write_file(list("probe_mixed"), "TEMPLATE_ID,SUBJECT_ID\n9, 72\n1,71\n9,72\n");
    const Plan plan = ijb_plan(name, {.data = data.path().string()});
    CHECK_FALSE(plan.variant.contains("1:N"));
    CHECK(plan.content_hash != before);
    REQUIRE(plan.searches.size() == 2);
    CHECK(plan.searches[0].name == letter + "1");
    CHECK(plan.searches[0].gallery == std::vector<int64_t>{1, 4});  // templates 3, 8 of 1 3 4 5 8 9
    CHECK(plan.searches[1].gallery == std::vector<int64_t>{3});
    CHECK(plan.searches[1].probes == std::vector<int64_t>{0, 5});
    CHECK(plan.subjects == std::vector<int64_t>{71, 71, -1, 72, 70, 72});

    // Rows of templates 8 3 5 1 9 4: the probes 1 and 9 lie on their mates 3 and 5.
    const Embeddings rows = embeddings_of({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 2, 0}, {0, 0, 3}, {1, 1, 1}});
    CHECK(evaluate(plan, rows, nullptr, {}).metrics.at("rank-1").value == 1);
    CHECK(evaluate(plan, rows, nullptr, {.legacy_search = true}).metrics.at("rank-1/legacy").value == 1);
    Plan pairs_only = plan;
    pairs_only.searches.clear();
    CHECK_THROWS_WITH_AS(
        evaluate(pairs_only, rows, nullptr, {.legacy_search = true}),
        ("the legacy rule of 1:N is chosen, but the lists of " + name + " have no 1:N").c_str(), Error);

    const auto error = [&](const std::string& of, const std::string& text) {
      const std::string good = read_text(list(of));
      write_file(list(of), text);
      std::string message = error_of(name, data);
      write_file(list(of), good);
      return message;
    };
    const std::string one = "gallery_" + letter + "1", header = "TEMPLATE_ID,SUBJECT_ID\n";
    CHECK(contains(error(one, header + "8,70\n3\n"), "1.csv:3: expected 'template,subject,…', found '3'"));
    CHECK(contains(error(one, header + "8,x\n"), "1.csv:2: expected"));
    CHECK(contains(error(one, header + "8,-1\n"), "1.csv:2: subject -1 is negative"));
    CHECK(contains(error(one, "8,70\n3,71\n"), "1.csv:1: expected a header row"));
    CHECK(contains(error(one, header), "lists no templates"));
    CHECK(contains(error(one, ""), "lists no templates"));
    CHECK(contains(error(one, header + "8,70\n7,71\n"), "1.csv:3: template 7 has no images"));
    CHECK(contains(error(one, header + "8,70\n8,71\n"), "1.csv:3: template 8 is of subject 71 here, of 70"));
    CHECK(contains(error(one, header + "1,72\n"), "1.csv:2: template 1 is of subject 72 here, of 71"));
    CHECK(
        contains(error(one, header + "8,70\n3,70\n"), "1.csv:3: subject 70 has template 8 in this gallery"));
    CHECK(contains(error("probe_mixed", header + "9,72\n,71\n"), "probe_mixed.csv:3: expected"));
  }
}
