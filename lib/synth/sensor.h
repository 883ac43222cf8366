// From light to bytes: optical blur while resampling, exposure, tone curve, sensor noise.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "synth/face.h"

namespace fr::synth {

// `light` (source, source) linear RGB is resampled to rgb (size, size, 3). `brightness` multiplies the light.
void expose(std::span<const Vec3> light, int source, const Nuisance& nuisance, float brightness, int size,
            std::span<uint8_t> rgb);

}  // namespace fr::synth
