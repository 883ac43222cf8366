// Memory of f32 or bf16 seen as floats, and the maps between orders of the same elements. Arithmetic of both
// host and device, tested on the host.
#pragma once
#include <cstdint>

#include "core/bf16.h"
#include "core/device.h"
#include "core/tensor.h"

namespace fr::cuda {

struct Elements {
  void* data = nullptr;
  bool bf16 = false;

  Elements(const void* memory, DType dtype) : data(const_cast<void*>(memory)), bf16(dtype == DType::kBf16) {}
  explicit Elements(const View& v) : Elements(v.data, v.dtype) {}

  FR_HD float load(int64_t i) const {
    return bf16 ? static_cast<float>(static_cast<const Bf16*>(data)[i]) : static_cast<const float*>(data)[i];
  }
  FR_HD void store(int64_t i, float value) const {
    if (bf16)
      static_cast<Bf16*>(data)[i] = Bf16(value);
    else
      static_cast<float*>(data)[i] = value;
  }
};

// Element i of dst in the order of its memory. Index: uint32_t where the count allows, for its cheap
// divisions.
template <class Index>
struct Reorder {
  Elements src, dst;
  Index channels, plane, from, to;  // `from`, `to`: channels of a block, see core/tensor.h

  Reorder(const View& s, const View& d)
      : src(s),
        dst(d),
        channels(static_cast<Index>(s.shape.c)),
        plane(static_cast<Index>(s.shape.plane())),
        from(static_cast<Index>(s.layout.block)),
        to(static_cast<Index>(d.layout.block)) {}

  FR_HD void operator()(int64_t i) const {
    const Index place = static_cast<Index>(i);
    const Index inner = place % to, outer = place / to;
    const Index p = outer % plane, group = outer / plane;
    const Index groups = channels / to;
    const Index c = group % groups * to + inner, n = group / groups;
    const Index at = ((n * (channels / from) + c / from) * plane + p) * from + c % from;
    dst.store(i, src.load(static_cast<int64_t>(at)));
  }
};

struct Convert {  // dst = src in another dtype
  Elements src, dst;
  FR_HD void operator()(int64_t i) const { dst.store(i, src.load(i)); }
};

struct AddElements {  // y = a + b; y may be a or b
  Elements a, b, y;
  FR_HD void operator()(int64_t i) const { y.store(i, a.load(i) + b.load(i)); }
};

// Element i of (k, kernel kernel, c/groups) from or to that of (k, c/groups, kernel kernel).
struct Krsc {
  int64_t taps, inputs;  // kernel * kernel, c/groups
  FR_HD int64_t plain(int64_t i) const {
    const int64_t c = i % inputs, tap = i / inputs % taps, k = i / inputs / taps;
    return (k * inputs + c) * taps + tap;
  }
};

struct ToKrsc {
  Krsc order;
  const float* w;  // (k, c/groups, kernel, kernel)
  Elements dst;    // (k, kernel, kernel, c/groups)
  FR_HD void operator()(int64_t i) const { dst.store(i, w[order.plain(i)]); }
};

struct AddKrsc {
  Krsc order;
  Elements src;  // (k, kernel, kernel, c/groups)
  float* dw;     // (k, c/groups, kernel, kernel)
  FR_HD void operator()(int64_t i) const { dw[order.plain(i)] += src.load(i); }
};

}  // namespace fr::cuda
