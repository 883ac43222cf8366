// JPEG by nvJPEG, on a GPU. Its inverse transform and its rounding are not libjpeg's, so pixels differ (not
// measured yet; the test of it allows a few levels).
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "image/image.h"

namespace fr {

// Empty where nvJPEG can be used; otherwise why it cannot, in one line.
std::string why_no_nvjpeg();

// As decode_jpeg, which takes over the files that nvJPEG does not support (RGB and CMYK, arithmetic coding,
// odd sampling). nvJPEG may fill what a cut file lacks, so an end-of-image marker is required; of damage
// before it what nvJPEG's strict mode finds is an error, and that may be less than libjpeg finds. Callable
// from several threads at once.
Image decode_jpeg_nvjpeg(std::span<const std::byte> encoded, const std::string& name);

}  // namespace fr
