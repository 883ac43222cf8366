// Images as OpenCV has them. For the .cpp files of this folder.
#pragma once
#include <opencv2/core.hpp>

#include "image/image.h"

namespace fr {

// The same memory as an OpenCV matrix; OpenCV takes no const, the callers of a const image only read.
inline cv::Mat as_matrix(const Image& image) {
  return {static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3,
          const_cast<uint8_t*>(image.rgb.data())};
}

}  // namespace fr
