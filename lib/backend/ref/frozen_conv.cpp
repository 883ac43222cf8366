#include "backend/checks.h"
#include "backend/ref/ref.h"

namespace fr {
namespace {

class RefFrozenConv final : public FrozenConv {
 public:
  RefFrozenConv(RefBackend& backend, const ConvGeometry& g, Shape w_shape, const float* w,
                const ConvEpilogue& e)
      : backend_(backend), g_(g), w_(w, w + w_shape.count()), bias_(e.bias, e.bias + w_shape.n) {
    if (e.slope != nullptr) slope_.assign(e.slope, e.slope + w_shape.n);
  }

  void run(const View& x, const View& residual, const View& y) override {
    backend_.conv_forward(g_, x, w_.data(), y);
    check_alike("frozen convolution", {y, residual});
    for (int64_t n = 0; n < y.shape.n; ++n) {
      for (int64_t c = 0; c < y.shape.c; ++c) {
        const auto channel = static_cast<size_t>(c);
        for (int64_t p = 0; p < y.shape.plane(); ++p) {
          const int64_t at = offset_of(y, n, c, p);
          double z = double{y.f32()[at]} + double{bias_[channel]};
          if (!slope_.empty() && z < 0) z *= double{slope_[channel]};
          if (!is_empty(residual)) z += double{residual.f32()[at]};
          y.f32()[at] = static_cast<float>(z);
        }
      }
    }
  }

 private:
  RefBackend& backend_;
  ConvGeometry g_;
  std::vector<float> w_, bias_, slope_;  // (k, c/groups, kernel, kernel), (k), (k) or none
};

}  // namespace

std::unique_ptr<FrozenConv> RefBackend::freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                               const ConvEpilogue& epilogue) {
  return std::make_unique<RefFrozenConv>(*this, g, w_shape, w, epilogue);
}

}  // namespace fr
