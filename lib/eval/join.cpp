#include "eval/join.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "core/error.h"
#include "core/parallel.h"

namespace fr {

namespace {

std::string_view source(const Embeddings& embeddings) {
  return embeddings.source.empty() ? "embeddings" : std::string_view(embeddings.source);
}

std::unordered_map<std::string_view, int64_t> index_names(const Embeddings& embeddings) {
  std::unordered_map<std::string_view, int64_t> rows;
  rows.reserve(embeddings.names.size());
  for (size_t i = 0; i < embeddings.names.size(); ++i) {
    const auto [at, inserted] = rows.emplace(embeddings.names[i], static_cast<int64_t>(i));
    FR_CHECK(inserted, "{}: rows {} and {} are both named '{}'", source(embeddings), at->second, i,
             embeddings.names[i]);
  }
  return rows;
}

}  // namespace

Join join(const Plan& plan, const Embeddings& embeddings) {
  Join result;
  result.rows.assign(plan.items.size(), -1);
  if (embeddings.names.empty()) {
    FR_CHECK(embeddings.rows == std::ssize(plan.items),
             "{}: {} rows without names, but the plan of '{}' has {} items", source(embeddings),
             embeddings.rows, plan.protocol, plan.items.size());
    for (size_t i = 0; i < plan.items.size(); ++i) result.rows[i] = static_cast<int64_t>(i);
  } else {
    FR_CHECK(std::ssize(embeddings.names) == embeddings.rows, "{}: {} names for {} rows", source(embeddings),
             embeddings.names.size(), embeddings.rows);
    const auto rows = index_names(embeddings);
    std::vector<uint8_t> used(static_cast<size_t>(embeddings.rows));
    for (size_t i = 0; i < plan.items.size(); ++i) {
      const auto found = rows.find(plan.items[i].name);
      if (found == rows.end()) {
        ++result.missing;
        continue;
      }
      result.rows[i] = found->second;
      used[static_cast<size_t>(found->second)] = 1;
    }
    result.extra = std::count(used.begin(), used.end(), uint8_t{0});
  }

  parallel_for(std::ssize(plan.items), [&](int64_t i) {
    int64_t& row = result.rows[static_cast<size_t>(i)];
    if (row < 0) return;
    const auto values = embeddings.row(row);
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) row = -1;
  });
  result.unusable = std::count(result.rows.begin(), result.rows.end(), int64_t{-1}) - result.missing;
  return result;
}

}  // namespace fr
