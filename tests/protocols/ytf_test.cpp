// YTF from small lists: where frames come from, what is compared, what is said of bad lists.
#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "eval/evaluate.h"
#include "eval/protocol.h"
#include "support/support.h"

using namespace fr;

namespace {

Plan plan_of(const ProtocolOptions& options) {
  return Registry<ProtocolKind>::instance().find("ytf")().plan(options);
}

std::string error_of(const ProtocolOptions& options) {
  try {
    plan_of(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kList =
    "1, 1, Ada/0, Ada/1, 1\r\n1, 2, Ada/0, Bo/2, 0\r\n2, 1, Bo/2, Bo/3, 1\r\n2, 2, Ada/1, Bo/3, 0";

// Unit frames in the plane, by angle in degrees.
Embeddings frames_of(const std::vector<std::pair<std::string, double>>& frames) {
  Embeddings result = Embeddings::make(std::ssize(frames), 2);
  for (size_t i = 0; i < frames.size(); ++i) {
    const double angle = frames[i].second * std::acos(-1.0) / 180, length = 1 + static_cast<double>(i);
    result.owned.f32()[2 * i] = static_cast<float>(length * std::cos(angle));
    result.owned.f32()[2 * i + 1] = static_cast<float>(length * std::sin(angle));
    result.names.push_back(frames[i].first);
  }
  return result;
}

}  // namespace

TEST_CASE("YTF: frames from row names; lengths of frames do not matter") {
  test::ScratchFolder data;
  write_file(data / "splits.txt", kList);
  const Embeddings frames = frames_of({{"Bo/3/3.1.jpg", 120},
                                       {"Ada/0/0.7.jpg", 0},
                                       {"Ada/0/0.9.jpg", 60},
                                       {"Cy/1/1.1.jpg", 5},
                                       {"Ada/1/1.2.jpg", 30},
                                       {"Bo/2/2.1.jpg", 90}});
  const auto scores = [&](const std::string& mode) {
    const Plan plan =
        plan_of({.data = data.path().string(), .folds = 2, .rows = &frames.names, .own = {{"--mode", mode}}});
    CHECK(plan.items.size() == 5);
    CHECK(plan.subjects == std::vector<int64_t>{0, 0, 1, 1});
    PairOutcomes outcomes;
    const Result result = evaluate(plan, frames, nullptr, {.outcomes = &outcomes});
    CHECK(result.counts.at("extra_rows") == 1);
    CHECK(result.counts.at("failed_templates") == 0);
    CHECK(result.dataset.at("list") == "splits.txt");
    return outcomes.alike;
  };
  const auto distance = [](double degrees) { return 2 - 2 * std::cos(degrees * std::acos(-1.0) / 180); };
  // The mean of frames at 0 and 60 degrees is at 30, whatever their lengths.
  const double centre[] = {distance(0), distance(60), distance(30), distance(90)};
  const double least[] = {distance(30), distance(30), distance(30), distance(90)};
  const double mean[] = {distance(30), (distance(90) + distance(30)) / 2, distance(30), distance(90)};
  const double largest[] = {distance(30), distance(90), distance(30), distance(90)};
  for (size_t i = 0; i < 4; ++i) {
    CHECK(scores("centre")[i] == doctest::Approx(-centre[i]).epsilon(1e-6));
    CHECK(scores("min")[i] == doctest::Approx(-least[i]).epsilon(1e-6));
    CHECK(scores("mean")[i] == doctest::Approx(-mean[i]).epsilon(1e-6));
    CHECK(scores("max")[i] == doctest::Approx(-largest[i]).epsilon(1e-6));
  }
  CHECK(contains(error_of({.data = data.path().string(), .own = {{"--mode", "median"}}}), "'median'"));
}

TEST_CASE("YTF: frames from folders, in either official one; the list by its own name") {
  test::ScratchFolder data;
  write_file(data / "splits_corrected.txt", kList);
  const ProtocolOptions bare{.data = data.path().string(), .images = true};
  CHECK(contains(error_of(bare), "splits_corrected.txt:1: no frame of video 'Ada/0'"));
  for (const char* video :
       {"Ada/0/0.2.jpg", "Ada/0/0.1.jpg", "Ada/0/notes.txt", "Ada/1/1.1.jpg", "Bo/2/2.1.jpg"}) {
    write_file(data / ("frame_images_DB/" + std::string(video)), "x");
  }
  CHECK(contains(error_of(bare), "splits_corrected.txt:3: no frame of video 'Bo/3'"));
  ProtocolOptions lenient = bare;
  lenient.own["--allow-missing"] = "yes";
  const Plan plan = plan_of(lenient);
  CHECK(plan.list == "splits_corrected.txt");
  REQUIRE(plan.items.size() == 4);
  CHECK(plan.items[0].name == "Ada/0/0.1.jpg");
  CHECK(plan.items[1].file == data / "frame_images_DB/Ada/0/0.2.jpg");
  CHECK(plan.templates[3].media.empty());

  // Without images or rows to look for, the list alone is a plan.
  CHECK(plan_of({.data = (data / "splits_corrected.txt").string()}).pair_lists[0].pairs.size() == 4);
}

TEST_CASE("YTF: bad lists and rows that cannot be placed") {
  test::ScratchFolder data;
  const ProtocolOptions options{.data = data.path().string()};
  CHECK(contains(error_of(options), "holds neither splits.txt"));
  const auto said = [&](const std::string& list) {
    write_file(data / "splits.txt", list);
    return error_of(options);
  };
  const std::string good = "1, 1, A/0, A/1, 1\n";
  CHECK(contains(said(good + "1, 2, A/0, A/1\n"), "splits.txt:2: expected 'split, pair"));
  CHECK(contains(said(good + "1, 2, A/0, A/1, 2\n"), "splits.txt:2: is_same is '2'"));
  CHECK(contains(said(good + "1, 2, A0, A/1, 1\n"), "splits.txt:2: 'A0' is not a video"));
  CHECK(contains(said(good + "1, 2, A/x, A/1, 1\n"), "splits.txt:2: 'x' is not a number"));
  CHECK(contains(said(good + "x, 2, A/0, A/1, 1\n"), "splits.txt:2: 'x' is not a number"));
  CHECK(contains(said("2, 1, A/0, A/1, 1\n" + good), "splits.txt:2: split 1 after split 2"));
  CHECK(contains(said("split, pair, a, b, same\n"), "lists no pairs"));
  CHECK(contains(said(""), "lists no pairs"));
  // Row names count before a folder that has some of the videos only; embeddings of any kind need them all.
  write_file(data / "splits.txt", good);
  std::filesystem::create_directories(data / "aligned_images_DB/A/0");
  write_file(data / "aligned_images_DB/A/0/0.1.jpg", "");
  const std::vector<std::string> both = {"A/0/0.1.jpg", "A/1/1.1.jpg"};
  CHECK(error_of({.data = data.path().string(), .rows = &both}) == "no error");
  CHECK(contains(error_of({.data = data.path().string(), .embeddings = true}), "no frame of video 'A/1'"));
  std::filesystem::remove_all(data / "aligned_images_DB");
  // Six columns, as some copies have: the last is the label.
  CHECK(said("1, 1, A/0, A/1, 7, 1\n") == "no error");

  const std::vector<std::string> nameless, foreign = {"B/0/1.jpg"};
  write_file(data / "splits.txt", good);
  CHECK(contains(error_of({.data = data.path().string(), .rows = &nameless}), "have no names"));
  CHECK(contains(error_of({.data = data.path().string(), .rows = &foreign}),
                 "splits.txt:1: no frame of video"));
  CHECK(contains(
      error_of({.data = data.path().string(), .rows = &foreign, .own = {{"--allow-missing", "yes"}}}),
      "no frame of any listed video"));
}
