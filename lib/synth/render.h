// One photograph of a face, aligned by the reference landmarks or framed loosely with its landmarks known.
#pragma once
#include <cstdint>
#include <span>

#include "core/landmarks.h"
#include "synth/face.h"

namespace fr::synth {

struct Framing {
  int size = 112;       // of the square image, pixels
  bool aligned = true;  // by kReferenceLandmarks (size 112) and Nuisance's misalignment; otherwise as below
  float pixels_per_mm = 0.5f, x = 56, y = 56;  // where the point between the eyes lies
};

// Writes (size, size, 3) RGB and returns the landmarks in it. A pure function of its arguments; callable from
// several threads at once. Throws fr::Error when rgb has another size.
Landmarks render(const Identity& identity, const Nuisance& nuisance, const Framing& framing,
                 std::span<uint8_t> rgb);

}  // namespace fr::synth
