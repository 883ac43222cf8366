// Which library decodes the JPEGs of this process: libjpeg, or nvJPEG on a GPU. Their pixels differ, so
// nvJPEG is used only where it is asked for, and what was made of its pixels has to say so.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "image/image.h"

namespace fr {

using JpegDecoder = Image (*)(std::span<const std::byte> encoded, const std::string& name);

// From now on "libjpeg", as at first, or "nvjpeg". Throws fr::Error for another name, and for an nvjpeg that
// cannot be used, saying why.
void choose_jpeg_decoder(const std::string& name);

JpegDecoder jpeg_decoder();

}  // namespace fr
