// Visibility: which triangle each pixel sees, and where in it. Shading happens once a pixel, afterwards.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "synth/head.h"

namespace fr::synth {

struct Projected {
  float x, y;   // pixels, centres at +0.5
  float depth;  // larger is nearer, mm
};

struct Fragment {
  float depth;
  int32_t triangle;  // -1: background
  float b, c;        // weights of the triangle's second and third corner
};

// *overwrites* fragments (size, size).
void rasterise(const Mesh& mesh, std::span<const Projected> points, int size,
               std::vector<Fragment>& fragments);

}  // namespace fr::synth
