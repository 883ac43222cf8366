// oneDNN for convolution and gemm, our own vectorised loops for batch norm, PReLU and element-wise
// operations. Primitives are made once per shape, layout and thread count; a repeated call allocates nothing
// large.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/onednn/prepared.h"
#include "backend/onednn/weights3x3.h"
#include "backend/onednn/winograd.h"

namespace fr {

class OnednnFrozenConv;

class OnednnBackend final : public Backend {
 public:
  OnednnBackend();
  const std::string& name() const override { return name_; }

  std::pair<Layout, Layout> preferred(const ConvGeometry& g, Shape x, Shape y) const override;
  void reorder(const View& src, const View& dst) override;

  void conv_forward(const ConvGeometry& g, const View& x, const float* w, const View& y) override;
  void conv_backward_data(const ConvGeometry& g, const View& dy, const float* w, const View& dx) override;
  void conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy, float* dw) override;

  std::unique_ptr<FrozenConv> freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                     const ConvEpilogue& epilogue) override;

  void batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y, float* mean,
                        float* variance) override;
  void batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                       const float* mean, const float* variance) override;
  void batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                           const float* variance, const View& dx,
                           const BatchNormGradients& gradients) override;

  void prelu_forward(const View& x, const float* slope, const View& y) override;
  void prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                      float* dslope) override;

  void add(const View& a, const View& b, const View& y) override;
  void accumulate(const View& x, const View& y) override;

  void linear_forward(const View& x, const float* w, const float* bias, const View& y) override;
  void linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                       float* dbias) override;
  void gemm(const Gemm& g, const float* a, const float* b, float* c) override;

  std::vector<std::string> implementations() const override;

 private:
  friend class OnednnFrozenConv;
  // Operation, geometry, shapes, layouts, thread count: what a prepared primitive depends on.
  using Key = std::array<int64_t, 13>;
  enum Operation : int64_t { kForward, kBackwardData, kBackwardWeights, kReorder };
  Key key(Operation operation, const ConvGeometry& g, const View& x, const View& y) const;
  // The prepared primitive of the key, made by `make` at its first use.
  template <class Make>
  onednn::Prepared& prepared(const Key& key, const char* operation, const Make& make);
  void execute(onednn::Prepared& prepared, const void* first, const void* second, void* output);
  View flat_rows(Shape shape);           // (n, c, h, w) in NCHW, memory apart from scratch
  float* merged_weights(int64_t count);  // memory for weights of merged groups, apart from scratch
  // The weights `w` of the geometry asked for as those of the merged one; in merged_weights.
  const float* expanded(const ConvGeometry& asked, const ConvGeometry& merged, Shape x, Shape y,
                        const float* w);
  double* partial_sums(int64_t count) { return reinterpret_cast<double*>(scratch_.reserve(count * 8)); }

  const std::string name_ = "onednn";
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::map<Key, onednn::Prepared> cache_;
  std::set<std::string> implementations_;
  Memory scratch_;                // of whichever operation runs
  Tensor rows_, merged_weights_;  // kept between calls
  onednn::Weights3x3 weights3x3_;
  onednn::Winograd winograd_;
};

template <class Make>
onednn::Prepared& OnednnBackend::prepared(const Key& key, const char* operation, const Make& make) {
  const auto found = cache_.find(key);
  if (found != cache_.end()) return found->second;
  onednn::Prepared& made = cache_.emplace(key, make()).first->second;
  implementations_.insert(std::string(operation) + " " + made.implementation);
  return made;
}

}  // namespace fr
