#include "eval/unit_rows.h"

#include <cassert>
#include <cmath>
#include <utility>

#include "core/parallel.h"
#include "eval/pair_score.h"

namespace fr {

UnitRows::UnitRows(const ItemFeatures& features, std::vector<int64_t> items)
    : features_(&features), items_(std::move(items)), norms_(items_.size()) {
  parallel_for(count(), [&](int64_t i) {
    const auto item = static_cast<size_t>(items_[static_cast<size_t>(i)]);
    const float* x = features.original[item];
    assert(x != nullptr);
    const float* y = features.flipped.empty() ? nullptr : features.flipped[item];
    const double squares = pairwise_sum<double>(0, features.dim, [=](int64_t k) {
      const double sum = static_cast<double>(x[k]) + (y != nullptr ? static_cast<double>(y[k]) : 0.0);
      return sum * sum;
    });
    norms_[static_cast<size_t>(i)] = squares == 0 ? 1 : std::sqrt(squares);
  });
}

void UnitRows::read(int64_t i, float* row) const {
  const auto item = static_cast<size_t>(items_[static_cast<size_t>(i)]);
  const float* x = features_->original[item];
  const float* y = features_->flipped.empty() ? nullptr : features_->flipped[item];
  const double norm = norms_[static_cast<size_t>(i)];
  if (y == nullptr) {
    for (int64_t k = 0; k < features_->dim; ++k)
      row[k] = static_cast<float>(static_cast<double>(x[k]) / norm);
  } else {
    for (int64_t k = 0; k < features_->dim; ++k) {
      row[k] = static_cast<float>((static_cast<double>(x[k]) + static_cast<double>(y[k])) / norm);
    }
  }
}

RowSet UnitRows::set() const {
  return {count(), features_->dim, [this](int64_t i, float* row) { read(i, row); }};
}

}  // namespace fr
