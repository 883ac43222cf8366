// The reference backend with bf16 products on a CPU, as plain loops in double: what the head's bf16 path is
// tested with. Everything but products throws.
#pragma once
#include <memory>
#include <string>

#include "backend/backend.h"
#include "core/error.h"

namespace fr::test {

class Bf16Backend final : public Backend {
 public:
  int64_t products = 0;  // done so far
  const WorkingCopy* followed = nullptr;

  const std::string& name() const override { return name_; }
  DType activations() const override { return DType::kBf16; }
  void follow(const WorkingCopy* copy) override { followed = copy; }
  void gemm(const Gemm&, const float*, const float*, float*) override { refuse(); }
  void gemm_bf16(const Gemm& g, const Bf16* a, const Bf16* b, float* c) override {
    ++products;
    for (int64_t i = 0; i < g.m; ++i)
      for (int64_t j = 0; j < g.n; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < g.k; ++k)
          sum +=
              static_cast<double>(static_cast<float>(g.transpose_a ? a[k * g.lda + i] : a[i * g.lda + k])) *
              static_cast<double>(static_cast<float>(g.transpose_b ? b[j * g.ldb + k] : b[k * g.ldb + j]));
        float& out = c[i * g.ldc + j];
        const double product = static_cast<double>(g.alpha) * sum;
        out = static_cast<float>(g.beta == 0 ? product : product + static_cast<double>(g.beta * out));
      }
  }

  std::pair<Layout, Layout> preferred(const ConvGeometry&, Shape, Shape) const override { return {}; }
  void reorder(const View&, const View&) override { refuse(); }
  void conv_forward(const ConvGeometry&, const View&, const float*, const View&) override { refuse(); }
  void conv_backward_data(const ConvGeometry&, const View&, const float*, const View&) override { refuse(); }
  void conv_backward_weights(const ConvGeometry&, const View&, const View&, float*) override { refuse(); }
  std::unique_ptr<FrozenConv> freeze(const ConvGeometry&, Shape, const float*, const ConvEpilogue&) override {
    refuse();
  }
  void batch_norm_train(const BatchNorm&, const View&, const View&, const View&, float*, float*) override {
    refuse();
  }
  void batch_norm_eval(const BatchNorm&, const View&, const View&, const View&, const float*,
                       const float*) override {
    refuse();
  }
  void batch_norm_backward(const BatchNorm&, const View&, const View&, const float*, const float*,
                           const View&, const BatchNormGradients&) override {
    refuse();
  }
  void prelu_forward(const View&, const float*, const View&) override { refuse(); }
  void prelu_backward(const View&, const float*, const View&, const View&, float*) override { refuse(); }
  void add(const View&, const View&, const View&) override { refuse(); }
  void accumulate(const View&, const View&) override { refuse(); }
  void linear_forward(const View&, const float*, const float*, const View&) override { refuse(); }
  void linear_backward(const View&, const float*, const View&, const View&, float*, float*) override {
    refuse();
  }

 private:
  [[noreturn]] static void refuse() { fail("not a product in bf16"); }
  const std::string name_ = "ref, bf16";
};

}  // namespace fr::test
