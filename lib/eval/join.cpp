#include "eval/join.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"

namespace fr {

namespace {

std::string_view source(const Embeddings& embeddings) {
  return embeddings.source.empty() ? "embeddings" : std::string_view(embeddings.source);
}

// Rows by name: a table at most half full of rows, each at the first free place from its hash on.
class NameIndex {
 public:
  // Throws fr::Error where two rows have one name.
  explicit NameIndex(const Embeddings& embeddings)
      : names_(embeddings.names), rows_(std::bit_ceil(2 * names_.size() + 1), -1) {
    std::vector<size_t> places(names_.size());
    parallel_for(std::ssize(names_),
                 [&](int64_t i) { places[static_cast<size_t>(i)] = hash(names_[static_cast<size_t>(i)]); });
    for (size_t i = 0; i < names_.size(); ++i) {
      int64_t& row = rows_[place_of(names_[i], places[i])];
      FR_CHECK(row < 0, "{}: rows {} and {} are both named '{}'", source(embeddings), row, i, names_[i]);
      row = static_cast<int64_t>(i);
    }
  }
  int64_t find(std::string_view name) const { return rows_[place_of(name, hash(name))]; }  // -1: no row

 private:
  static size_t hash(std::string_view name) { return std::hash<std::string_view>()(name); }
  size_t place_of(std::string_view name, size_t place) const {
    for (;; ++place) {
      const int64_t row = rows_[place & (rows_.size() - 1)];
      if (row < 0 || names_[static_cast<size_t>(row)] == name) return place & (rows_.size() - 1);
    }
  }
  const std::vector<std::string>& names_;
  std::vector<int64_t> rows_;
};

// Without a way out in the middle, which whole vectors do not have.
bool all_finite(std::span<const float> values) {
  return std::ranges::count_if(values, [](float v) { return !std::isfinite(v); }) == 0;
}

}  // namespace

Join join(const Plan& plan, const Embeddings& embeddings) {
  Join result;
  result.rows.assign(plan.items.size(), -1);
  if (embeddings.names.empty()) {
    FR_CHECK(embeddings.rows == std::ssize(plan.items),
             "{}: {} rows without names, but the plan of '{}' has {} items", source(embeddings),
             embeddings.rows, plan.protocol, plan.items.size());
    std::iota(result.rows.begin(), result.rows.end(), int64_t{0});
  } else {
    FR_CHECK(std::ssize(embeddings.names) == embeddings.rows, "{}: {} names for {} rows", source(embeddings),
             embeddings.names.size(), embeddings.rows);
    const NameIndex index(embeddings);
    parallel_for(std::ssize(plan.items), [&](int64_t i) {
      result.rows[static_cast<size_t>(i)] = index.find(plan.items[static_cast<size_t>(i)].name);
    });
    std::vector<uint8_t> used(static_cast<size_t>(embeddings.rows));
    for (const int64_t row : result.rows) {
      if (row >= 0) used[static_cast<size_t>(row)] = 1;
    }
    result.missing = std::count(result.rows.begin(), result.rows.end(), int64_t{-1});
    result.extra = std::count(used.begin(), used.end(), uint8_t{0});
  }

  parallel_for(std::ssize(plan.items), [&](int64_t i) {
    int64_t& row = result.rows[static_cast<size_t>(i)];
    if (row < 0) return;
    if (!all_finite(embeddings.row(row))) row = -1;
  });
  result.unusable = std::count(result.rows.begin(), result.rows.end(), int64_t{-1}) - result.missing;
  return result;
}

}  // namespace fr
