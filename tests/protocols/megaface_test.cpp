// MegaFace and Trillion-Pairs from small lists: items, people, noise, what is said of bad lists, and the
// command.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "eval/evaluate.h"
#include "eval/megaface_lists.h"
#include "eval/protocol.h"
#include "store/matrix.h"
#include "store/store.h"
#include "support/support.h"

using namespace fr;
using test::contains;

namespace {

using Own = std::map<std::string, std::string>;

Plan plan_of(const std::string& protocol, const test::ScratchFolder& data, Own own = {},
             bool images = false) {
  return Registry<ProtocolKind>::instance().find(protocol)().plan(
      {.data = data.path().string(), .images = images, .embeddings = true, .own = std::move(own)});
}

std::string error_of(const std::string& protocol, const test::ScratchFolder& data, Own own = {},
                     bool images = false) {
  return test::error_of([&] { plan_of(protocol, data, own, images); });
}

std::vector<std::string> names(const Plan& plan, const std::vector<int64_t>& items) {
  std::vector<std::string> result;
  for (const int64_t item : items) result.push_back(plan.items[static_cast<size_t>(item)].name);
  return result;
}

// 3 probes of Ann, 2 of Bob; 4 distractors.
void write_lists(const test::ScratchFolder& data) {
  write_file(data / "templatelists/facescrub_features_list.json",
             R"({"id": ["Ann", "Bob", "Ann", "Bob", "Ann"], "note": {"path": [1, [2]]}, "path":
                ["Ann/a1.png", "Bob/b1.png", "Ann/a2.png", "Bob/b2.png", "Ann/a3.png"]})");
  write_file(data / "templatelists/megaface_features_list.json_4_2",
             R"({"path": ["1/x/p.jpg", "1/x/q.jpg", "2/y/p.jpg", "2/z/p.jpg"]})");
  write_file(data / "megaface_lst", "1/x/p.jpg\nmegaface/1/x/q.jpg\r\n/root/images/2/y/p.jpg\n");
  write_file(data / "facescrub_noises.txt", "#rules: see there\na2.png\na2.png\n\nnobody.png\n");
  write_file(data / "megaface_noises.txt", "# those\n7\t1/x/q.jpg\n2/z/p.jpg\n2/z/p.jpg\n9/9/p.jpg\n");
}

// Unit vectors in the plane, one angle in degrees an item.
Embeddings at_angles(const std::vector<double>& degrees) {
  Embeddings rows = Embeddings::make(std::ssize(degrees), 2);
  for (size_t i = 0; i < degrees.size(); ++i) {
    const double angle = degrees[i] * std::acos(-1.0) / 180;
    rows.owned.f32()[2 * i] = static_cast<float>(2 * std::cos(angle));
    rows.owned.f32()[2 * i + 1] = static_cast<float>(2 * std::sin(angle));
  }
  return rows;
}

}  // namespace

TEST_CASE("MegaFace: JSON lists, people, distractor sets") {
  test::ScratchFolder data;
  write_lists(data);
  const Plan plan = plan_of("megaface", data, {{"--size", "4"}, {"--set", "2"}});
  const DistractorSearch& search = *plan.distractor_search;
  CHECK(names(plan, search.probes) ==
        std::vector<std::string>{"Ann/a1.png", "Bob/b1.png", "Ann/a2.png", "Bob/b2.png", "Ann/a3.png"});
  CHECK(names(plan, search.distractors) ==
        std::vector<std::string>{"1/x/p.jpg", "1/x/q.jpg", "2/y/p.jpg", "2/z/p.jpg"});
  CHECK(plan.subjects == std::vector<int64_t>{0, 1, 0, 1, 0, -1, -1, -1, -1});
  CHECK(plan.list == "facescrub_features_list.json, megaface_features_list.json_4_2");
  CHECK(plan.items[0].file.empty());
  CHECK(search.variant.at("noise") == "kept");
  CHECK_FALSE(search.variant.contains("refined"));
  CHECK(plan.counts == std::vector<std::pair<std::string, int64_t>>{{"noise_probes", 1},
                                                                    {"noise_distractors", 2},
                                                                    {"noise_probe_lines", 3},
                                                                    {"noise_distractor_lines", 4},
                                                                    {"noise_distractor_names", 3}});
}

TEST_CASE("MegaFace: plain lists") {
  test::ScratchFolder data;
  write_lists(data);
  std::filesystem::remove_all(data / "templatelists");
  write_file(data / "facescrub_lst", "facescrub/Ann/a1.png\nAnn/a2.png\nx/y/Bob/b1.png\n");
  const Plan all = plan_of("megaface", data), two = plan_of("megaface", data, {{"--size", "2"}});
  CHECK(names(all, all.distractor_search->distractors) ==
        std::vector<std::string>{"1/x/p.jpg", "1/x/q.jpg", "2/y/p.jpg"});
  CHECK(names(two, two.distractor_search->distractors) == std::vector<std::string>{"1/x/p.jpg", "1/x/q.jpg"});
  CHECK(two.subjects == std::vector<int64_t>{0, 0, 1, -1, -1});
  CHECK(contains(error_of("megaface", data, {{"--size", "4"}}),
                 "megaface_lst: lists 3 images, fewer than --size 4"));
  CHECK(contains(error_of("megaface", data, {{"--set", "2"}}),
                 "holds no megaface_features_list.json_1000000_2"));
  CHECK(contains(error_of("megaface", data, {{"--probes", "mine.json"}}), "holds no mine.json (here"));
  write_file(data / "facescrub_lst", "\xEF\xBB\xBFx/Ann/a1.png \t\nAnn/a2.png\r\n\nx/y/Bob/b1.png\n");
  const Plan spaced = plan_of("megaface", data);
  CHECK(names(spaced, spaced.distractor_search->probes) == names(all, all.distractor_search->probes));
  CHECK(spaced.subjects == all.subjects);
  write_file(data / "facescrub_lst", "Ann/a1.png\na2.png\n");
  CHECK(contains(error_of("megaface", data), "facescrub_lst:2: expected person/image, found 'a2.png'"));
  write_file(data / "facescrub_lst", "Ann/a1.png\nx/Ann/a1.png\n");
  CHECK(contains(error_of("megaface", data), "'Ann/a1.png' is listed twice"));
  write_file(data / "facescrub_lst", "Ann/a1.png\n");
  write_file(data / "megaface_lst", "1/2/3\n1//3\n");
  CHECK(contains(error_of("megaface", data), "megaface_lst:2: expected a1/a2/image"));
}

TEST_CASE("MegaFace: noise lists drop or mark") {
  test::ScratchFolder data;
  write_lists(data);
  Own own = {{"--size", "4"}, {"--set", "2"}, {"--noise", "drop"}};
  const Plan drop = plan_of("megaface", data, own);
  CHECK(drop.items.size() == 9);  // an embedding file holds rows for all
  CHECK(drop.distractor_search->probes == std::vector<int64_t>{0, 1, 3, 4});
  CHECK(drop.distractor_search->distractors == std::vector<int64_t>{5, 7});
  CHECK(drop.distractor_search->variant.at("refined") == "R, noise dropped");
  own["--noise"] = "replace";
  own["--noise-seed"] = "5";
  const Plan replace = plan_of("megaface", data, own);
  CHECK(replace.distractor_search->probes.size() == 5);
  CHECK(replace.distractor_search->noise == std::vector<uint8_t>{0, 0, 1, 0, 0, 0, 1, 0, 1});
  CHECK(replace.distractor_search->noise_seed == 5);
  CHECK(replace.distractor_search->variant.at("refined") == "R");
  CHECK(contains(replace.distractor_search->variant.at("noise"), "1 probes replaced"));
  CHECK(replace.content_hash != plan_of("megaface", data, {{"--size", "4"}, {"--set", "2"}}).content_hash);

  own["--noise"] = "hide";
  CHECK(contains(error_of("megaface", data, own), "--noise hide"));
  own["--noise"] = "replace";
  write_file(data / "facescrub_noises.txt", "b2.png\na1.png\nb1.png\n");
  CHECK(contains(error_of("megaface", data, own), "facescrub_noises.txt: every probe of 'Bob' is noise"));
  write_file(data / "megaface_noises.txt", "1/x/p.jpg\n#\nx/p.jpg\n");
  CHECK(contains(error_of("megaface", data, own),
                 "megaface_noises.txt:3: expected a1/a2/image, found 'x/p.jpg'"));
  std::filesystem::remove(data / "megaface_noises.txt");
  CHECK(contains(error_of("megaface", data, own),
                 "--noise replace needs facescrub_noises.txt and megaface_noises.txt"));
}

TEST_CASE("MegaFace: bad JSON lists are refused by name and place") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "not JSON"},
      {"{\"path\": [\"a/b\",\n]}", "line 2, column 1"},
      {"[\"a/b\"]", "expected an object with \"path\", found a list"},
      {"3", "found a number"},
      {"{\"paths\": [\"a/b\"]}", "'path' is missing or empty"},
      {"{\"path\": []}", "'path' is missing or empty"},
      {"{\"path\": \"a/b\"}", "'path' should be a list of texts; after 0 of them there is text"},
      {"{\"path\": {\"a\": \"b\"}}", "'path' should be a list of texts; after 0 of them there is an object"},
      {"{\"path\": [\"a/b\", 7]}", "after 1 of them there is a number"},
      {"{\"path\": [\"a/b\", null]}", "after 1 of them there is null"},
      {"{\"path\": [\"a/b\", [\"c\"]]}", "after 1 of them there is a list"},
      {"{\"path\": [\"a/b\", \"\"]}", "path[1] is empty"},
      {"{\"path\": [\"a/b\"], \"path\": [\"c/d\"]}", "'path' is there twice"},
      {"{\"path\": [\"a/b\", \"a/c\"], \"id\": [\"a\"]}", "'id' has 1 entries, 'path' 2"},
      {"{\"path\": [\"a/b\"]}", "'id' is missing"},
      {"{\"path\": [\"a/b\", \"a/b\"], \"id\": [\"a\", \"a\"]}", "'a/b' is listed twice"},
  };
  for (const auto& [text, message] : cases) {
    const auto& shown = text;  // clang 14 captures no structured binding
    CAPTURE(shown);
    test::ScratchFolder data;
    write_lists(data);
    write_file(data / "templatelists/facescrub_features_list.json", text);
    const std::string error = error_of("megaface", data);
    CAPTURE(error);
    CHECK(contains(error, message));
    CHECK(contains(error, "facescrub_features_list.json"));
    CHECK_FALSE(contains(error, "\n"));
  }
  test::ScratchFolder empty;
  CHECK(
      contains(error_of("megaface", empty), "holds neither facescrub_features_list.json nor facescrub_lst"));
  write_lists(empty);
  std::filesystem::remove(empty / "megaface_lst");
  CHECK(contains(error_of("megaface", empty, {{"--size", "10"}}),
                 "neither megaface_features_list.json_10_1 nor"));
  for (const char* size : {"0", "-5", "many", ""}) {
    CHECK(contains(error_of("megaface", empty, {{"--size", size}}), "--size"));
  }
  CHECK(contains(error_of("megaface", empty, {{"--size", "4"}, {"--set", "2"}}, true),
                 "no folder facescrub_images"));
}

TEST_CASE("last components of a path") {
  CHECK(last_components("a/b/c", 2) == "b/c");
  CHECK(last_components("a/b/c", 3) == "a/b/c");
  CHECK(last_components("/a/b", 2) == "a/b");
  CHECK(last_components("a", 1) == "a");
  for (const auto& [path, components] :
       {std::pair("a/b", 3), {"/b", 2}, {"a//b", 2}, {"a/", 1}, {"", 1}, {"//", 2}}) {
    const auto& shown = path;
    CAPTURE(shown);
    CHECK(last_components(path, components).empty());
  }
}

TEST_CASE("MegaFace: noise that is replaced finds its person, and never matches") {
  test::ScratchFolder data;
  write_lists(data);
  // Ann's a2 lies far off; the distractors 1/x/q and 2/z/p, both noise, lie on Ann and Bob.
  const Embeddings rows = at_angles({0, 90, 200, 92, 1, 45, 0.5, 50, 91});
  Own own = {{"--size", "4"}, {"--set", "2"}};
  const Result keep = evaluate(plan_of("megaface", data, own), rows, nullptr, {});
  CHECK(keep.metrics.at("rank-1").value == 0);
  own["--noise"] = "drop";
  const Result drop = evaluate(plan_of("megaface", data, own), rows, nullptr, {});
  CHECK(drop.counts.at("trials") == 4);
  CHECK(drop.counts.at("impostor") == 4 * 2);
  CHECK(drop.metrics.at("rank-1").value == 1);
  own["--noise"] = "replace";
  const Result replace = evaluate(plan_of("megaface", data, own), rows, nullptr, {});
  CHECK(replace.counts.at("trials") == 8);
  CHECK(replace.counts.at("impostor") == 5 * 4);
  CHECK(replace.counts.at("noise_distractors") == 2);
  CHECK(replace.counts.at("failed_distractors") == 0);
  CHECK(replace.metrics.at("rank-1").value == 1);
  CHECK(replace.metrics.at("tar@far=1e-6").value == 1);
  CHECK(replace.variant.at("refined") == "R");
  // Without a usable clean image of the person there is nothing to replace by.
  Embeddings failed = at_angles({0, 90, 200, 92, 1, 45, 0.5, 50, 91});
  failed.owned.f32()[0] = failed.owned.f32()[8] = std::numeric_limits<float>::infinity();
  const Result without = evaluate(plan_of("megaface", data, own), failed, nullptr, {});
  CHECK(without.counts.at("failed_probes") == 3);
  CHECK(without.metrics.at("rank-1").value == 0.25);
}

TEST_CASE("MegaFace: the devkit's files") {
  test::ScratchFolder data;
  write_lists(data);
  EvaluateOptions options;
  options.devkit_out = data / "out/facescrub_megaface_net_4_2";
  evaluate(plan_of("megaface", data, {{"--size", "4"}, {"--set", "2"}}),
           at_angles({0, 90, 200, 92, 1, 45, 0.5, 50, 91}), nullptr, options);
  const Json cmc = read_json(data / "out/cmc_facescrub_megaface_net_4_2.json");
  // Ranks of the mates among (45, 0.5, 50, 91) degrees: a1-a3 and a3-a1 1 (0.5 is nearer), b1-b2 1, b2-b1 1
  // (91); a1-a2 and a3-a2 4; a2-a1 (160 degrees; 155, 160.5, 150 and 109) 3, a2-a3 (161) 4.
  CHECK(cmc["cmc"][0] == Json({0, 1, 3, 4}));
  CHECK(cmc["cmc"][1] == Json({0.0, 0.5, 0.625, 1.0}));
  CHECK(cmc["roc"].size() == 2);
  const Json matches = read_json(data / "out/matches_facescrub_megaface_net_4_2.json");
  REQUIRE(matches.size() == 5);
  CHECK(matches[0] == Json({{"gallery", 0}, {"probes", {{"idx", {2, 4}}, {"rank", {3, 1}}}}}));
  CHECK(matches[3] == Json({{"gallery", 3}, {"probes", {{"idx", {1}}, {"rank", {1}}}}}));
}

TEST_CASE("Trillion-Pairs: rows in list order, labels beside them") {
  test::ScratchFolder data;
  CHECK(contains(error_of("trillion_pairs", data), "labels.txt: no such file"));
  const std::string points = " 1 2 3 4 5 6 7 8 9 10.5\n";
  write_file(data / "testdata_lmk.txt", "d/0.jpg" + points + "p/0.jpg" + points + "p/1.jpg" + points);
  CHECK(plan_of("trillion_pairs", data, {{"--submission", "x.bin"}}).items.size() == 3);
  write_file(data / "labels.txt", "-1\n44\n44\n");
  const Plan plan = plan_of("trillion_pairs", data);
  CHECK(plan.items[1].name == "p/0.jpg");
  CHECK(plan.items[2].landmarks[9] == 10.5f);
  CHECK(plan.distractor_search->probes == std::vector<int64_t>{1, 2});
  CHECK(plan.distractor_search->distractors == std::vector<int64_t>{0});
  const Result result = evaluate(plan, at_angles({10, 0, 5}), nullptr, {});
  CHECK(result.counts.at("genuine") == 1);
  CHECK(result.counts.at("trials") == 2);
  CHECK(contains(result.variant.at("definition"), "this project's own"));
  // Probe 5 degrees: its mate and the distractor are equally far but for rounding; probe 0: 5 < 10 degrees.
  CHECK(result.metrics.contains("tpir@fpir=1e-3"));
  CHECK(result.metrics.contains("tar@far=1e-9"));

  const auto label_error = [&](const std::string& labels) {
    write_file(data / "labels.txt", labels);
    return error_of("trillion_pairs", data);
  };
  CHECK(contains(label_error("-1\n44\n"), "labels.txt:3: the list ends, but there are 3 images"));
  CHECK(contains(label_error("-1\n44\n44\n44\n"), "labels.txt:4: a label too many"));
  CHECK(contains(label_error("-1\n44\n\n44\n"), "labels.txt:3: expected one label, found ''"));
  CHECK(contains(label_error("-1\n4.5\n44\n"), "labels.txt:2: '4.5' is not a number"));
  CHECK(contains(label_error("-1\n-2\n44\n"), "labels.txt:2: -2 is neither"));
  CHECK(contains(label_error("1\n2\n44\n"), "3 probes and 0 distractors"));
  const auto list_error = [&](const std::string& line) {
    write_file(data / "testdata_lmk.txt", "d/0.jpg" + points + line);
    return error_of("trillion_pairs", data);
  };
  CHECK(contains(list_error("p/0.jpg 1 2 3\n"),
                 "testdata_lmk.txt:2: expected an image and 10 coordinates, found 4"));
  CHECK(contains(list_error("p/0.jpg 1 2 3 4 5 6 7 8 9 x\n"), "testdata_lmk.txt:2: 'x' is not a number"));
  CHECK(contains(list_error("p/0.jpg 1 2 3 4 5 6 7 8 9 nan\n"),
                 "testdata_lmk.txt:2: 'nan' is not a finite f32 number"));
  write_file(data / "testdata_lmk.txt", "d/0.jpg" + points);
  CHECK(contains(error_of("trillion_pairs", data, {}, true), "testdata_lmk.txt:1: no image"));
}

TEST_CASE("fr-eval megaface and trillion_pairs as commands") {
  test::ScratchFolder data;
  write_lists(data);
  const std::string program = FR_BINARY_DIR "/bin/fr-eval";
  if (!std::filesystem::exists(program)) return;
  Embeddings rows = at_angles({0, 90, 200, 92, 1, 45, 0.5, 50, 91});
  const std::string file = data / "rows.bin";
  write_embeddings(file, rows);
  const std::string lists = " --size 4 --set 2 --data " + data.path().string();
  const test::Ran plan = test::run_command(program + " megaface --plan" + lists);
  CHECK(plan.status == 0);
  CAPTURE(plan.output);
  for (const auto& [name, count, published] :
       {std::tuple("probes", 5, 3530), {"people", 2, 80}, {"noise_distractor_names", 3, 707}}) {
    CHECK(contains(plan.output, fmt::format("{:<22} {:>9}  published {:>9}", name, count, published)));
  }
  const test::Ran run =
      test::run_command(program + " megaface --noise replace --embeddings " + file + lists +
                        " --devkit-out " + (data / "kit").string() + " --out " + (data / "r.json").string());
  CAPTURE(run.output);
  CHECK(run.status == 0);
  CHECK(run.output.starts_with("rank-1 "));
  CHECK(read_result(data / "r.json").variant.at("refined") == "R");
  CHECK(std::filesystem::exists(data / "kit/cmc_facescrub_megaface_rows_4_2.json"));
  CHECK(test::run_command(program + " megaface --noise hide --embeddings " + file + lists).status == 2);
  // Nothing is computed for outputs that cannot be written.
  const test::Ran decided =
      test::run_command(program + " megaface --decisions d.npy --embeddings " + file + lists);
  CHECK(decided.status == 2);
  CHECK(contains(decided.output, "no pair list whose decisions"));
  const test::Ran folder = test::run_command(program + " megaface --embeddings " + file + lists + " --out " +
                                             data.path().string());
  CHECK(folder.status == 1);
  CHECK(contains(folder.output, "is a folder, not a file"));

  const std::string points = " 1 2 3 4 5 6 7 8 9 10\n";
  write_file(data / "testdata_lmk.txt", "a" + points + "b" + points);
  rows = at_angles({30, 60});
  rows.owned.f32()[0] = NAN;
  write_embeddings(data / "two.npy", rows);
  const test::Ran written =
      test::run_command(program + " trillion_pairs --data " + data.path().string() + " --embeddings " +
                        (data / "two.npy").string() + " --submission " + (data / "s.bin").string());
  CAPTURE(written.output);
  CHECK(written.status == 0);
  CHECK(contains(written.output, "2 unit rows of 2 values, 1 of failed images are zero"));
  const Embeddings submission = read_matrix(data / "s.bin");
  CHECK(submission.row(0)[0] == 0);
  CHECK(submission.row(1)[0] == doctest::Approx(0.5));
}
