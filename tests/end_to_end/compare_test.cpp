// Pair scores and videos through the programs themselves, and two models compared.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/npy.h"
#include "support/support.h"

using namespace fr;

namespace {

test::Ran run(const std::string& line) {
  return test::run_command(std::string(FR_BINARY_DIR) + "/bin/" + line);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// An LFW list of 10 folds of 3 + 3 pairs, and scores that miss every `every`-th genuine pair.
void write_lfw(const test::ScratchFolder& scratch) {
  std::string list = "10\t3\n";
  for (int fold = 0; fold < 10; ++fold) {
    for (int i = 0; i < 3; ++i) list += fmt::format("P{}\t{}\t{}\n", fold, i + 1, i + 2);
    for (int i = 0; i < 3; ++i) list += fmt::format("P{}\t{}\tQ{}\t{}\n", fold, i + 1, fold, i + 1);
  }
  write_file(scratch / "lfw/pairs.txt", list);
}

std::string scores_missing(int every) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    const bool same = i % 6 < 3;
    text += same && i % every != 0 ? "0.7\n" : "0.1\n";
  }
  return text;
}

}  // namespace

TEST_CASE("given scores: evaluated, kept pair by pair, compared; other pairs are refused") {
  test::ScratchFolder scratch;
  write_lfw(scratch);
  const std::string lfw = "fr-eval lfw --data " + (scratch / "lfw").string();
  for (const auto& [name, every] : {std::pair("weak", 2), std::pair("strong", 60)}) {
    write_file(scratch / (name + std::string(".txt")), scores_missing(every));
    const auto ran =
        run(fmt::format("{0} --scores {1}/{2}.txt --out {1}/{2}.json --decisions {1}/pairs/{2}.npy", lfw,
                        scratch.path().string(), name));
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    CHECK(ran.output.starts_with("accuracy"));
  }
  const std::string weak = (scratch / "weak.json").string(), strong = (scratch / "strong.json").string();
  const auto compared = run("fr-report compare " + weak + " " + strong);
  INFO(compared.output);
  CHECK(compared.status == 0);
  CHECK(contains(compared.output, "B better"));
  CHECK(contains(compared.output, "McNemar"));

  const auto plain = run(lfw + " --scores " + (scratch / "weak.txt").string() + " --out " +
                         (scratch / "plain.json").string());
  REQUIRE(plain.status == 0);
  const auto undecided = run("fr-report compare " + weak + " " + (scratch / "plain.json").string());
  CHECK(undecided.status == 1);
  CHECK(
      contains(undecided.output, "plain.json: holds no outcomes of its pairs; run fr-eval with --decisions"));

  write_file(scratch / "short.txt", "0.5\n");
  const auto refused = run(lfw + " --scores " + (scratch / "short.txt").string());
  CHECK(refused.status == 1);
  CHECK(contains(refused.output, "short.txt: 1 scores for a list of 60 pairs"));
  const auto both = run(lfw + " --scores a.txt --embeddings b.npy");
  CHECK(both.status == 2);
  CHECK(contains(both.output, "only one of"));
}

TEST_CASE("videos: frames by row name, an option of their own, no flip") {
  test::ScratchFolder scratch;
  std::string list, names;
  std::vector<float> rows;
  for (int i = 0; i < 20; ++i) {
    const bool same = i % 2 == 0;
    list += fmt::format("{}, {}, A{}/0, {}{}/1, {:d}\n", i / 2 + 1, i % 2 + 1, i, same ? "A" : "B", i, same);
    names += fmt::format("A{0}/0/0.1.jpg\nA{0}/0/0.2.jpg\n{1}{0}/1/1.1.jpg\n", i, same ? "A" : "B");
    for (const float y : {0.0F, 0.1F, same ? 0.2F : 4.0F}) rows.insert(rows.end(), {1.0F, y});
  }
  write_file(scratch / "ytf/splits.txt", list);
  write_npy(scratch / "frames.npy", rows, {60, 2});
  write_file(scratch / "frames.txt", names);
  const std::string command = fmt::format(
      "fr-eval ytf --data {0}/ytf --embeddings {0}/frames.npy --out {0}/ytf.json", scratch.path().string());
  for (const std::string mode : {"centre", "min", "mean", "max"}) {
    const auto ran = run(command + " --mode " + mode);
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    const Json json = read_json(scratch / "ytf.json");
    CHECK(json["metrics"]["accuracy"]["value"] == 1);
    CHECK(json["dataset"]["list"] == "splits.txt");
    CHECK(json["counts"]["templates"] == 40);
  }
  CHECK(run(command + " --mode median").status == 2);
  const auto unused = run("fr-eval ytf --mode min --scores s.txt --data " + (scratch / "ytf").string());
  CHECK(unused.status == 2);
  CHECK(contains(unused.output, "--mode is of embeddings, not of --scores"));
  const auto plan = run("fr-eval ytf --plan --data " + (scratch / "ytf").string());
  CHECK(plan.status == 0);
  CHECK(contains(plan.output, "published      5000"));
}
