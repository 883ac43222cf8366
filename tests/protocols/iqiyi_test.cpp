// The plan of iQIYI-VID from small lists: who is an example, who is ranked, and what is said of bad lists.
#include <doctest/doctest.h>

#include "core/error.h"
#include "core/files.h"
#include "eval/protocol.h"
#include "support/support.h"

using namespace fr;
using test::contains;

namespace {

Plan plan_of(const test::ScratchFolder& data, bool validation_examples = false) {
  return Registry<ProtocolKind>::instance().find("iqiyi_vid")().plan(
      {.data = data.path().string(), .validation_examples = validation_examples});
}

std::string error_of(const test::ScratchFolder& data, bool validation_examples = false) {
  return test::error_of([&] { plan_of(data, validation_examples); });
}

std::string names(const Plan& plan, const std::vector<int64_t>& items) {
  std::string text;
  for (const int64_t item : items)
    text += (text.empty() ? "" : " ") + plan.items.at(static_cast<size_t>(item)).name;
  return text;
}

}  // namespace

TEST_CASE("iQIYI-VID: examples of training, candidates of the test list, queries in its order") {
  test::ScratchFolder data;
  write_file(data / "train_gt.txt", "1 a b \n7 z\n2 c\n");
  write_file(data / "val_gt.txt", "2 d\n1 e\n");
  write_file(data / "test_gt.txt", "2 f\n3 g h\n");
  const Plan plan = plan_of(data);
  REQUIRE(plan.rankings.size() == 1);
  const Ranking& ranking = plan.rankings[0];
  CHECK(plan.list == "test_gt.txt");
  CHECK(ranking.depth == 100);
  CHECK(ranking.identities == std::vector<int64_t>{2, 3});
  CHECK(names(plan, ranking.examples[0]) == "c");
  CHECK(ranking.examples[1].empty());
  CHECK(names(plan, ranking.truth[1]) == "g h");
  CHECK(names(plan, ranking.candidates) == "f g h");
  CHECK(plan.items.size() == 7);
  const Plan more = plan_of(data, true);
  CHECK(names(more, more.rankings[0].examples[0]) == "c d");
  CHECK(more.content_hash != plan.content_hash);

  SUBCASE("more test videos than the list names, in the order of their file") {
    write_file(data / "test_videos.txt", "x\nh\nf\r\ny\ng\n");
    const Plan all = plan_of(data);
    CHECK(names(all, all.rankings[0].candidates) == "x h f y g");
    CHECK(names(all, all.rankings[0].truth[1]) == "g h");
    write_file(data / "test_videos.txt", "x\nh\nf\n");
    CHECK(contains(error_of(data), "test_gt.txt:2: video 'g' is not in "));
    write_file(data / "test_videos.txt", "x\nh h\n");
    CHECK(contains(error_of(data), "test_videos.txt:2: expected one video, found 'h h'"));
    write_file(data / "test_videos.txt", "x\nh\nx\n");
    CHECK(contains(error_of(data), "test_videos.txt:3: video 'x' is listed at "));
  }
  SUBCASE("a test video among the examples is refused") {
    write_file(data / "test_gt.txt", "2 f\n3 b\n");
    CHECK(contains(error_of(data), "test_gt.txt:2: video 'b' is listed at "));
    CHECK(contains(error_of(data), "train_gt.txt:1 already"));
    write_file(data / "test_videos.txt", "f\n");
    CHECK(contains(error_of(data), "test_gt.txt:2: video 'b' is not in "));
  }
  SUBCASE("without a test list the validation list is asked for") {
    std::filesystem::remove(data / "test_gt.txt");
    CHECK(plan_of(data).list == "val_gt.txt");
    CHECK(plan_of(data).rankings[0].identities == std::vector<int64_t>{2, 1});
    CHECK(contains(error_of(data, true), "cannot also give examples"));
    std::filesystem::remove(data / "val_gt.txt");
    CHECK(contains(error_of(data), "holds neither test_gt.txt nor val_gt.txt"));
  }
  SUBCASE("bad lists") {
    write_file(data / "train_gt.txt", "1 a\n2\n");
    CHECK(contains(error_of(data), "train_gt.txt:2: identity 2 has no videos"));
    write_file(data / "train_gt.txt", "one a\n");
    CHECK(contains(error_of(data), "train_gt.txt:1: 'one' is not a number"));
    std::filesystem::remove(data / "train_gt.txt");
    CHECK(plan_of(data).rankings[0].examples[0].empty());
    write_file(data / "test_gt.txt", "");
    CHECK(contains(error_of(data), "test_gt.txt: an empty list"));
  }
}
