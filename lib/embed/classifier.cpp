#include "embed/classifier.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "eval/pair_score.h"
#include "eval/score_stream.h"
#include "nn/checkpoint.h"

namespace fr {

namespace {

// Divides v (d) by its norm; zeros stay.
void make_unit(float* v, int64_t d) {
  const double length = wide_norm(v, d);
  for (int64_t k = 0; k < d && length > 0; ++k) v[k] = static_cast<float>(static_cast<double>(v[k]) / length);
}

RowSet rows_of(const std::vector<float>& values, int64_t dim) {
  return {std::ssize(values) / dim, dim,
          [&values, dim](int64_t i, float* row) { std::copy_n(values.data() + i * dim, dim, row); }};
}

// Keeps all scores, (probes, gallery rows), of a stream too short to be stopped and resumed.
class MatrixSink final : public TileSink {
 public:
  MatrixSink(float* scores, int64_t columns) : scores_(scores), columns_(columns) {}
  void take(const ScoreTile& tile, int) override {
    for (int64_t r = 0; r < tile.rows; ++r)
      std::copy_n(tile.scores + r * tile.stride, tile.cols,
                  scores_ + (tile.probe + r) * columns_ + tile.gallery);
  }
  std::string state() const override { fail("a block of class scores is not resumed"); }
  void restore(std::string_view) override { fail("a block of class scores is not resumed"); }

 private:
  float* scores_;
  int64_t columns_;
};

}  // namespace

Classifier::Classifier(const std::filesystem::path& path, Backend& backend) {
  const Safetensors file(path);
  const std::string where = path.string();
  const auto& metadata = file.metadata();
  FR_CHECK(
      metadata.contains("class_names") && metadata.contains("logit_scale") && file.contains("head.weight"),
      "{}: no class names and weights: not a model that fr-train made of vectors", where);
  network_ = load_network(path, backend);
  const int64_t d = network_->embedding_size();
  const StoredTensor& weight = file.tensor("head.weight");
  const auto names = split_blanks(metadata.at("class_names"));
  classes_ = std::ssize(names);
  FR_CHECK(classes_ > 0 && weight.shape == (std::vector<int64_t>{classes_, d}),
           "{}: tensor 'head.weight' is not ({}, {}), for {} class names", where, classes_, d, classes_);
  for (int64_t label = 0; label < classes_; ++label) {
    const int64_t identity = parse_int(names[static_cast<size_t>(label)], where + ": class name");
    FR_CHECK(class_of_.emplace(identity, label).second, "{}: two classes are named {}", where, identity);
  }
  scale_ = parse_double(metadata.at("logit_scale"), where + ": logit_scale");
  FR_CHECK(std::isfinite(scale_) && scale_ >= 0, "{}: logit_scale {}", where, scale_);
  std::span<const float> bias;
  if (scale_ == 0) {
    bias = file.tensor("head.bias").floats();
    FR_CHECK(std::ssize(bias) == classes_, "{}: {} biases for {} classes", where, bias.size(), classes_);
  }
  columns_ = d + (scale_ == 0 ? 1 : 0);
  weights_.resize(static_cast<size_t>(classes_ * columns_));
  const auto values = weight.floats();
  for (int64_t label = 0; label < classes_; ++label) {
    float* const row = weights_.data() + label * columns_;
    std::copy_n(values.data() + label * d, d, row);
    if (scale_ > 0) make_unit(row, d);
    if (scale_ == 0) row[d] = bias[static_cast<size_t>(label)];
  }
}

int64_t Classifier::class_of(int64_t identity) const {
  const auto at = class_of_.find(identity);
  return at == class_of_.end() ? -1 : at->second;
}

void Classifier::classify(const View& vectors, std::span<double> shares) {
  const int64_t n = vectors.shape.n, d = network_->embedding_size();
  assert(std::ssize(shares) == n * classes_);
  const View& embeddings = network_->embed(vectors);
  rows_.resize(static_cast<size_t>(n * columns_));
  products_.resize(static_cast<size_t>(n * classes_));
  parallel_for(n, [&](int64_t i) {
    float* const row = rows_.data() + i * columns_;
    std::copy_n(embeddings.f32() + i * d, d, row);
    if (scale_ > 0) make_unit(row, d);
    if (scale_ == 0) row[d] = 1;
  });
  MatrixSink sink(products_.data(), classes_);
  TileSink* const sinks[] = {&sink};
  stream_scores(rows_of(rows_, columns_), rows_of(weights_, columns_), {}, sinks);
  const double scale = scale_ > 0 ? scale_ : 1;
  parallel_for(n, [&](int64_t i) {
    const std::span products(products_.data() + i * classes_, static_cast<size_t>(classes_));
    double* const share = shares.data() + i * classes_;
    const auto most = static_cast<double>(*std::ranges::max_element(products));
    double sum = 0;
    for (size_t c = 0; c < products.size(); ++c)
      sum += share[c] = std::exp(scale * (static_cast<double>(products[c]) - most));
    for (size_t c = 0; c < products.size(); ++c) share[c] /= sum;
  });
}

}  // namespace fr
