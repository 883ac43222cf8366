// What stands for jpeg_nvjpeg.cpp in a build without nvJPEG.
#include "core/error.h"
#include "image/jpeg_nvjpeg.h"

namespace fr {

std::string why_no_nvjpeg() { return "this build has no nvJPEG (nvcc or nvJPEG was not found)"; }

Image decode_jpeg_nvjpeg(std::span<const std::byte>, const std::string& name) {
  fail("{}: {}", name, why_no_nvjpeg());
}

}  // namespace fr
