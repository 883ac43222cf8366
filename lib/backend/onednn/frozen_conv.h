// A convolution with bias, PReLU and residual whose weights are kept in oneDNN's order. The bias and the
// residual are added by the convolution's own kernel; PReLU, which would send oneDNN to its reference kernel,
// is a pass of ours behind it. Large 3 x 3 planes go by onednn/winograd.h, epilogue included.
#pragma once
#include <map>
#include <vector>

#include "backend/onednn/onednn.h"

namespace fr {

class OnednnFrozenConv final : public FrozenConv {
 public:
  OnednnFrozenConv(OnednnBackend& backend, const ConvGeometry& g, Shape w_shape, const float* w,
                   const ConvEpilogue& epilogue);
  void run(const View& x, const View& residual, const View& y) override;

 private:
  // Shape and layouts of a call, and the thread count it was prepared for.
  using Key = std::array<int64_t, 7>;
  struct Variant {
    onednn::Prepared prepared;
    const dnnl::memory* weights = nullptr;  // one of packed_
    dnnl::memory residual;
  };
  Variant& variant(const View& x, bool added, const View& y);
  Variant make(const View& x, bool added, const View& y);
  const dnnl::memory& packed(const dnnl::memory::desc& format);
  void finish(const View& residual, const View& y) const;

  OnednnBackend& backend_;
  ConvGeometry asked_, g_;  // as given, and with groups merged
  int64_t inputs_;
  Tensor w_, bias_, slope_;  // (k, c/groups, kernel, kernel) of g_, until packed; (k); (k) or none
  std::map<Key, Variant> variants_;
  std::vector<std::unique_ptr<dnnl::memory>> packed_;  // the weights, once a format
  std::unique_ptr<onednn::Winograd> winograd_;         // in place of the two; the first run decides
};

}  // namespace fr
