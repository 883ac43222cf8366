// iQIYI-VID (spec 4.8, 6.7): of each identity the videos that show it, out of all test videos, MAP@100. An
// item is a video, or all rows named VIDEO/… or VIDEO_…: its frames.
#include <filesystem>
#include <numeric>
#include <unordered_map>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/identity_lists.h"
#include "eval/protocol.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

// Makes the items of a plan, each video once.
class Videos {
 public:
  explicit Videos(Plan& plan) : plan_(plan) {}

  int64_t add(const std::string& video, const std::string& where) {
    const auto [at, is_new] = places_.try_emplace(video, Place{std::ssize(plan_.items), where});
    FR_CHECK(is_new, "{}: video '{}' is listed at {} already", where, video, at->second.where);
    plan_.items.push_back({.name = video, .file = {}});
    return at->second.item;
  }
  // -1: none of this name.
  int64_t find(const std::string& video) const {
    const auto at = places_.find(video);
    return at == places_.end() ? -1 : at->second.item;
  }

 private:
  struct Place {
    int64_t item;
    std::string where;
  };
  Plan& plan_;
  std::unordered_map<std::string, Place> places_;
};

class IqiyiVid final : public Protocol {
 public:
  std::string title() const override { return "iQIYI-VID, retrieval of videos by identity"; }
  std::string needs() const override {
    return "test_gt.txt (else val_gt.txt); train_gt.txt for identity centres; test_videos.txt, all test "
           "videos one a line, where there are more than test_gt.txt names";
  }
  std::string first_metric() const override { return "map@100"; }
  bool ranked() const override { return true; }

  Plan plan(const ProtocolOptions& options) const override {
    const fs::path data = options.data;
    const bool test = fs::exists(data / "test_gt.txt");
    const fs::path truth = data / (test ? "test_gt.txt" : "val_gt.txt");
    FR_CHECK(fs::exists(truth), "{}: holds neither test_gt.txt nor val_gt.txt", data.string());
    FR_CHECK(test || !options.validation_examples,
             "{}: val_gt.txt is what is asked for, as there is no test_gt.txt: it cannot also give examples",
             data.string());
    Plan plan;
    plan.protocol = "iqiyi_vid";
    plan.list = truth.filename().string();
    Hasher hasher;
    Videos videos(plan);
    Ranking ranking;

    std::unordered_map<int64_t, std::vector<int64_t>> examples;
    const auto learn = [&](const fs::path& list) {
      for_each_listed(list, hasher, [&](const IdentityList& one, const std::string& where) {
        for (const std::string& video : one.videos)
          examples[one.identity].push_back(videos.add(video, where));
      });
    };
    if (fs::exists(data / "train_gt.txt")) learn(data / "train_gt.txt");
    if (options.validation_examples) learn(data / "val_gt.txt");

    const fs::path all = data / "test_videos.txt";
    const bool named = test && fs::exists(all);
    const int64_t first = std::ssize(plan.items);
    if (named) read_candidates(all, hasher, videos, ranking);
    for_each_listed(truth, hasher, [&](const IdentityList& one, const std::string& where) {
      std::vector<int64_t>& wanted = ranking.truth.emplace_back();
      for (const std::string& video : one.videos) {
        wanted.push_back(named ? videos.find(video) : videos.add(video, where));
        FR_CHECK(wanted.back() >= first, "{}: video '{}' is not in {}", where, video, all.string());
        if (!named) ranking.candidates.push_back(wanted.back());
      }
      ranking.identities.push_back(one.identity);
      ranking.examples.push_back(examples[one.identity]);
    });
    const auto total = [](const std::vector<std::vector<int64_t>>& lists) {
      return std::accumulate(lists.begin(), lists.end(), int64_t{0},
                             [](int64_t sum, const auto& list) { return sum + std::ssize(list); });
    };
    plan.counts = {{"identities", std::ssize(ranking.identities)},
                   {"examples", total(ranking.examples)},
                   {"candidates", std::ssize(ranking.candidates)},
                   {"true", total(ranking.truth)}};
    plan.rankings.push_back(std::move(ranking));
    plan.content_hash = hasher.text();
    plan.published = {{"identities", 4934},
                      {"examples", options.validation_examples ? 219677 + 172860 : 219677},
                      {"candidates", test ? 172835 : 172860}};
    return plan;
  }

 private:
  template <class Take>
  static void for_each_listed(const fs::path& list, Hasher& hasher, const Take& take) {
    const MappedFile file(list);
    hasher.add(list.filename().string()).add(file.text());
    for (const IdentityList& one : parse_identity_lists(file.text(), list.string()))
      take(one, fmt::format("{}:{}", list.string(), one.line));
  }

  static void read_candidates(const fs::path& list, Hasher& hasher, Videos& videos, Ranking& ranking) {
    const MappedFile file(list);
    hasher.add(list.filename().string()).add(file.text());
    for_each_line(file.text(), [&](std::string_view line, int64_t number) {
      const std::vector<std::string_view> names = split_blanks(line);
      if (names.empty()) return;
      const std::string where = fmt::format("{}:{}", list.string(), number);
      FR_CHECK(names.size() == 1, "{}: expected one video, found '{}'", where, line.substr(0, 80));
      ranking.candidates.push_back(videos.add(std::string(names[0]), where));
    });
  }
};

const Protocol& iqiyi_vid() {
  static const IqiyiVid protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("iqiyi_vid", iqiyi_vid);

}  // namespace

}  // namespace fr
