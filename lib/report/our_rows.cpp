#include "report/our_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace fr {

namespace {

std::string value_of(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto it = map.find(key);
  return it == map.end() ? "" : it->second;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    text.append(text.empty() ? "" : ", ").append(part);
  }
  return text;
}

std::string model_label(const Result& result) {
  std::string recipe = joined({value_of(result.model, "loss"), value_of(result.model, "network")});
  if (!recipe.empty()) return recipe;
  for (const char* key : {"name", "file", "hash"}) {
    const std::string name = value_of(result.model, key);
    if (!name.empty()) return std::filesystem::path(name).filename().string();
  }
  return "unnamed model";
}

// "s 64, m2 0.45" of "arcface (s 64, m2 0.45), gradient exact".
std::string margins_of(const std::string& loss_detail) {
  const size_t open = loss_detail.find('('), close = loss_detail.find(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return "";
  return loss_detail.substr(open + 1, close - open - 1);
}

// A row under construction, and what tells it from others.
struct Draft {
  OurRow row;
  std::string model, margins, hash, pooling, flip;
  bool same_row(const Draft& other) const {
    const bool same_model = hash.empty() ? model == other.model : hash == other.hash;
    return same_model && pooling == other.pooling && flip == other.flip;
  }
};

Draft draft_of(const Result& result, size_t columns) {
  Draft draft;
  draft.row.numbers.resize(columns);
  draft.model = model_label(result);
  draft.margins = margins_of(value_of(result.model, "loss_detail"));
  draft.hash = value_of(result.model, "hash");
  draft.pooling = value_of(result.variant, "pooling");
  if (draft.pooling == "single image") draft.pooling.clear();
  draft.pooling = joined({draft.pooling, value_of(result.variant, "refined")});
  const std::string flip = value_of(result.variant, "flip");
  if (!flip.empty()) draft.flip = flip == "no" ? "no flip" : "flip";
  return draft;
}

std::string short_hash(const std::string& hash) { return hash.substr(hash.rfind(':') + 1).substr(0, 8); }

// Adds `detail` to the labels that occur more than once, where it tells them apart.
void tell_apart(std::vector<Draft>& drafts, const auto& detail) {
  std::map<std::string, std::set<std::string>> details;
  for (const Draft& draft : drafts) details[draft.row.label].insert(detail(draft));
  for (Draft& draft : drafts) {
    if (details[draft.row.label].size() > 1) draft.row.label = joined({draft.row.label, detail(draft)});
  }
}

void number_repeats(std::vector<Draft>& drafts) {
  std::map<std::string, int> seen;
  for (Draft& draft : drafts) {
    const int repeat = ++seen[draft.row.label];
    if (repeat > 1) draft.row.label += fmt::format(" #{}", repeat);
  }
}

// Puts a number into the first row of its model and variant whose cell is free; false when it is there
// already.
void place(std::vector<Draft>& drafts, const Draft& draft, size_t column, const OurNumber& number) {
  for (Draft& candidate : drafts) {
    if (!candidate.same_row(draft)) continue;
    auto& cell = candidate.row.numbers[column];
    if (cell && to_json(*cell->result) == to_json(*number.result)) return;
    if (cell) continue;
    cell = number;
    return;
  }
  drafts.push_back(draft);
  drafts.back().row.numbers[column] = number;
}

}  // namespace

std::vector<OurRow> group_results(const std::vector<PaperColumn>& columns,
                                  const std::vector<Result>& results) {
  std::vector<Draft> drafts;
  for (const Result& result : results) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto& feed = columns[i].feed;
      if (!feed || feed->protocol != result.protocol) continue;
      const auto metric = result.metrics.find(feed->metric);
      if (metric == result.metrics.end()) continue;
      place(drafts, draft_of(result, columns.size()), i, {metric->second, &result});
    }
  }
  for (Draft& draft : drafts) draft.row.label = joined({draft.model, draft.pooling});
  tell_apart(drafts, [](const Draft& draft) { return draft.margins; });
  tell_apart(drafts, [](const Draft& draft) { return draft.flip; });
  tell_apart(drafts, [](const Draft& draft) { return short_hash(draft.hash); });
  number_repeats(drafts);
  std::vector<OurRow> rows;
  for (Draft& draft : drafts) rows.push_back(std::move(draft.row));
  return rows;
}

}  // namespace fr
