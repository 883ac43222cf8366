#include "eval/identity_lists.h"

#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "core/files.h"

namespace fr {

namespace {

// One call for each line that is not blank: its identity, seen once, and the pieces behind it.
template <class Take>
void for_each_identity(std::string_view text, const std::string& path, const Take& take) {
  std::unordered_map<int64_t, int64_t> line_of;
  for_each_line(text, [&](std::string_view line, int64_t number) {
    std::vector<std::string_view> pieces = split_blanks(line);
    if (pieces.empty()) return;
    const std::string where = fmt::format("{}:{}", path, number);
    const int64_t identity = parse_int(pieces[0], where);
    FR_CHECK(identity >= 0, "{}: identity {} is negative", where, identity);
    const auto [at, is_new] = line_of.emplace(identity, number);
    FR_CHECK(is_new, "{}: identity {} is on line {} already", where, identity, at->second);
    pieces.erase(pieces.begin());
    take(identity, pieces, where, number);
  });
  FR_CHECK(!line_of.empty(), "{}: an empty list", path);
}

}  // namespace

std::vector<IdentityList> parse_identity_lists(std::string_view text, const std::string& path) {
  std::vector<IdentityList> lists;
  std::unordered_map<std::string_view, int64_t> line_of;
  for_each_identity(text, path,
                    [&](int64_t identity, const std::vector<std::string_view>& videos,
                        const std::string& where, int64_t number) {
                      FR_CHECK(!videos.empty(), "{}: identity {} has no videos", where, identity);
                      for (const std::string_view video : videos) {
                        const auto [at, is_new] = line_of.emplace(video, number);
                        FR_CHECK(is_new, "{}: video '{}' is on line {} already", where, video, at->second);
                      }
                      lists.push_back({identity, {videos.begin(), videos.end()}, number});
                    });
  return lists;
}

RankedLists parse_submission(std::string_view text, const std::string& path, const Plan& plan,
                             const Ranking& ranking, bool cut) {
  std::unordered_map<std::string_view, int64_t> item_of;
  for (size_t i = 0; i < plan.items.size(); ++i) item_of.emplace(plan.items[i].name, static_cast<int64_t>(i));
  std::unordered_map<int64_t, size_t> query_of;
  for (size_t q = 0; q < ranking.identities.size(); ++q) query_of.emplace(ranking.identities[q], q);

  RankedLists lists(ranking.identities.size());
  int64_t strangers = 0;
  for_each_identity(
      text, path,
      [&](int64_t identity, const std::vector<std::string_view>& videos, const std::string& where, int64_t) {
        const std::unordered_set<std::string_view> different(videos.begin(), videos.end());
        FR_CHECK(cut || std::ssize(different) <= ranking.depth,
                 "{}: {} videos for identity {}, at most {} may be submitted", where, different.size(),
                 identity, ranking.depth);
        const auto query = query_of.find(identity);
        if (query == query_of.end()) return;
        for (const std::string_view video : videos) {
          const auto [item, is_new] = item_of.try_emplace(video, -1 - strangers);
          strangers += is_new;
          lists[query->second].push_back(item->second);
        }
      });
  return lists;
}

std::string submission_text(const Plan& plan, const Ranking& ranking, const RankedLists& lists) {
  std::string text;
  for (size_t q = 0; q < lists.size(); ++q) {
    if (lists[q].empty()) continue;
    text += std::to_string(ranking.identities[q]);
    for (const int64_t item : lists[q]) (text += ' ') += plan.items[static_cast<size_t>(item)].name;
    text += '\n';
  }
  return text;
}

}  // namespace fr
