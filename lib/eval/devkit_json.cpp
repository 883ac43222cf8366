#include "eval/devkit_json.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/json.h"

namespace fr {

namespace {

std::filesystem::path with_prefix(const std::filesystem::path& stem, const std::string& prefix) {
  return stem.parent_path() / (prefix + stem.filename().string() + ".json");
}

// A failed trial's rank is beyond the distractors.
bool failed(const RankSink::Above& trial, const DistractorSearch& search) {
  return trial.at_least > std::ssize(search.distractors);
}

Json cmc_json(const DistractorSearch& search, std::span<const RankSink::Above> above) {
  std::vector<int64_t> found;
  for (const RankSink::Above& trial : above) {
    if (!failed(trial, search)) found.push_back(trial.at_least);
  }
  std::sort(found.begin(), found.end());
  Json ranks = Json::array(), recall = Json::array();
  const auto add = [&](int64_t rank, size_t hits) {
    ranks.push_back(rank);
    recall.push_back(static_cast<double>(hits) / static_cast<double>(above.size()));
  };
  if (found.empty() || found[0] > 0) add(0, 0);
  for (size_t i = 0; i < found.size(); ++i) {
    if (i + 1 == found.size() || found[i + 1] > found[i]) add(found[i], i + 1);
  }
  return Json::array({std::move(ranks), std::move(recall)});
}

Json matches_json(const DistractorSearch& search, const Trials& trials,
                  std::span<const RankSink::Above> above) {
  std::vector<Json> idx(search.probes.size(), Json::array()), rank(idx);
  for (size_t probe = 0; probe < idx.size(); ++probe) {
    for (auto t = static_cast<size_t>(trials.begin[probe]); t < static_cast<size_t>(trials.begin[probe + 1]);
         ++t) {
      const auto mate = static_cast<size_t>(trials.mates[t]);
      idx[mate].push_back(probe);
      rank[mate].push_back(failed(above[t], search) ? Json(nullptr) : Json(above[t].at_least));
    }
  }
  Json list = Json::array();
  for (size_t g = 0; g < idx.size(); ++g) {
    list.push_back({{"gallery", g}, {"probes", {{"idx", std::move(idx[g])}, {"rank", std::move(rank[g])}}}});
  }
  return list;
}

}  // namespace

void write_devkit_json(const std::string& stem, const DistractorSearch& search, const Trials& trials,
                       std::span<const RankSink::Above> above, const Curve& roc) {
  write_json(with_prefix(stem, "cmc_"), {{"cmc", cmc_json(search, above)}, {"roc", {roc.x, roc.y}}});
  write_json(with_prefix(stem, "matches_"), matches_json(search, trials, above));
}

}  // namespace fr
