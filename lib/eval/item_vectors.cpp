#include "eval/item_vectors.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "core/parallel.h"
#include "eval/pair_score.h"

namespace fr {

namespace {

std::string_view source(const Embeddings& embeddings) {
  return embeddings.source.empty() ? "embeddings" : std::string_view(embeddings.source);
}

using ItemsByName = std::unordered_map<std::string_view, int64_t>;

struct Owner {
  int64_t item = -1;
  bool frame = false;
};

Owner owner_of(std::string_view row, const ItemsByName& items) {
  const auto item = [&](std::string_view name) {
    const auto at = items.find(name);
    return at == items.end() ? -1 : at->second;
  };
  Owner owner{item(row), false};
  for (const char separator : {'/', '_'}) {
    const size_t cut = row.rfind(separator);
    if (owner.item >= 0 || cut == std::string_view::npos) continue;
    owner = {item(row.substr(0, cut)), true};
  }
  return owner;
}

// Of each row its item, -1 for none.
std::vector<int64_t> owners_by_name(const Plan& plan, const Embeddings& embeddings) {
  FR_CHECK(std::ssize(embeddings.names) == embeddings.rows, "{}: {} names for {} rows", source(embeddings),
           embeddings.names.size(), embeddings.rows);
  ItemsByName items;
  items.reserve(plan.items.size());
  for (size_t i = 0; i < plan.items.size(); ++i) items.emplace(plan.items[i].name, static_cast<int64_t>(i));

  std::vector<int64_t> owners(embeddings.names.size(), -1);
  std::vector<int64_t> whole(plan.items.size(), -1), frames(plan.items.size(), -1);  // the first such row
  std::unordered_set<std::string_view> seen;
  seen.reserve(embeddings.names.size());
  for (size_t row = 0; row < owners.size(); ++row) {
    const std::string& name = embeddings.names[row];
    FR_CHECK(seen.insert(name).second, "{}: row {}: a row before it is named '{}', too", source(embeddings),
             row, name);
    const auto [item, frame] = owner_of(name, items);
    if (item < 0) continue;
    owners[row] = item;
    int64_t& first = (frame ? frames : whole)[static_cast<size_t>(item)];
    if (first < 0) first = static_cast<int64_t>(row);
    const int64_t other = (frame ? whole : frames)[static_cast<size_t>(item)];
    FR_CHECK(other < 0, "{}: rows {} and {} are '{}' and '{}', a video and its frame", source(embeddings),
             other, row, embeddings.names[static_cast<size_t>(std::max<int64_t>(other, 0))], name);
  }
  return owners;
}

}  // namespace

ItemVectors::ItemVectors(const Plan& plan, std::vector<WeightedEmbeddings> parts)
    : parts_(std::move(parts)), usable_(plan.items.size()) {
  FR_CHECK(!parts_.empty(), "no embeddings of {}", plan.protocol);
  for (const auto& [embeddings, weight] : parts_) {
    FR_CHECK(std::isfinite(weight) && weight > 0, "{}: weight {} is not positive", source(embeddings),
             weight);
    total_weight_ += weight;
    dim_ += embeddings.dim;
    rows_.push_back(rows_of(plan, embeddings));
    for (size_t i = 0; i < usable_.size(); ++i) {
      if (rows_.back().first[i] < rows_.back().first[i + 1]) usable_[i] = 1;
    }
  }
}

ItemVectors::Rows ItemVectors::rows_of(const Plan& plan, const Embeddings& embeddings) {
  const auto items = plan.items.size();
  std::vector<int64_t> owners;
  if (embeddings.names.empty()) {
    FR_CHECK(embeddings.rows == std::ssize(plan.items),
             "{}: {} rows without names, but the plan of '{}' has {} items", source(embeddings),
             embeddings.rows, plan.protocol, items);
    for (int64_t i = 0; i < embeddings.rows; ++i) owners.push_back(i);
  } else {
    owners = owners_by_name(plan, embeddings);
  }
  std::vector<uint8_t> finite(owners.size());
  parallel_for(std::ssize(owners), [&](int64_t row) {
    const auto values = embeddings.row(row);
    finite[static_cast<size_t>(row)] = owners[static_cast<size_t>(row)] >= 0 &&
                                       std::ranges::all_of(values, [](float v) { return std::isfinite(v); });
  });

  std::vector<uint8_t> named(items);
  Rows result{std::vector<int64_t>(items + 1), {}};
  for (size_t row = 0; row < owners.size(); ++row) {
    if (owners[row] < 0) {
      ++extra_;
      continue;
    }
    const auto item = static_cast<size_t>(owners[row]);
    named[item] = 1;
    result.first[item + 1] += finite[row];
  }
  for (size_t i = 0; i < items; ++i) {
    missing_ += !named[i];
    unusable_ += named[i] && result.first[i + 1] == 0;
    result.first[i + 1] += result.first[i];
  }
  result.rows.resize(static_cast<size_t>(result.first.back()));
  std::vector<int64_t> next(result.first.begin(), result.first.end() - 1);
  for (size_t row = 0; row < owners.size(); ++row) {
    if (!finite[row]) continue;
    const int64_t place = next[static_cast<size_t>(owners[row])]++;
    result.rows[static_cast<size_t>(place)] = static_cast<int64_t>(row);
  }
  return result;
}

void ItemVectors::read(int64_t item, float* vector) const {
  const auto i = static_cast<size_t>(item);
  for (size_t p = 0; p < parts_.size(); ++p) {
    const auto& [embeddings, weight] = parts_[p];
    const auto dim = static_cast<size_t>(embeddings.dim);
    const auto begin = static_cast<size_t>(rows_[p].first[i]),
               end = static_cast<size_t>(rows_[p].first[i + 1]);
    std::vector<double> sum(dim);
    for (size_t r = begin; r < end; ++r) {
      const auto row = embeddings.row(rows_[p].rows[r]);
      const double norm = wide_norm(row.data(), embeddings.dim);
      for (size_t k = 0; k < dim && norm > 0; ++k) sum[k] += static_cast<double>(row[k]) / norm;
    }
    const double length = norm(sum.data(), embeddings.dim);
    const double scale = length > 0 ? std::sqrt(weight / total_weight_) / length : 0;
    for (size_t k = 0; k < dim; ++k) vector[k] = static_cast<float>(sum[k] * scale);
    vector += dim;
  }
}

std::string ItemVectors::text() const {
  if (parts_.size() == 1) return std::string(source(parts_[0].embeddings));
  std::string text;
  for (const auto& [embeddings, weight] : parts_) {
    text += fmt::format("{}{} (weight {})", text.empty() ? "" : " + ", source(embeddings), weight);
  }
  return text;
}

std::vector<int64_t> usable_items(std::span<const int64_t> items, std::span<const ItemVectors> sources) {
  std::vector<int64_t> usable;
  std::ranges::copy_if(items, std::back_inserter(usable), [=](int64_t item) {
    return std::ranges::any_of(sources, [=](const ItemVectors& source) { return source.has(item); });
  });
  return usable;
}

}  // namespace fr
