// One nvJPEG handle for the process; each decoding thread has a state, a stream and a buffer of its own, and
// waits for its own image alone.
#include "image/jpeg_nvjpeg.h"

#include <nvjpeg.h>

#include <array>
#include <memory>

#include "core/cuda_check.cuh"
#include "core/device_memory.h"
#include "core/error.h"
#include "image/jpeg.h"

namespace fr {

namespace {

// Strict: an error for what breaks the format, in place of a guess. Interpolated chroma is libjpeg's way.
constexpr unsigned kFlags = NVJPEG_FLAGS_BITSTREAM_STRICT | NVJPEG_FLAGS_UPSAMPLING_WITH_INTERPOLATION;

template <auto kRelease>
struct Releaser {
  template <class T>
  void operator()(T* held) const {
    kRelease(held);
  }
};
template <class T, auto kRelease>
using Owned = std::unique_ptr<T, Releaser<kRelease>>;

std::string words_of(nvjpegStatus_t status) {
  switch (status) {
    case NVJPEG_STATUS_BAD_JPEG:
      return "damaged";
    case NVJPEG_STATUS_INCOMPLETE_BITSTREAM:
      return "cut short";
    case NVJPEG_STATUS_ALLOCATOR_FAILURE:
      return "out of memory";
    default:
      return fmt::format("status {}", static_cast<int>(status));
  }
}

void check_nvjpeg(nvjpegStatus_t status, const char* call) {
  FR_CHECK(status == NVJPEG_STATUS_SUCCESS, "{}: {}", call, words_of(status));
}

// Never destroyed: at exit CUDA may be gone before it.
nvjpegHandle_t handle() {
  static const nvjpegHandle_t made = [] {
    nvjpegHandle_t fresh = nullptr;
    check_nvjpeg(nvjpegCreateEx(NVJPEG_BACKEND_DEFAULT, nullptr, nullptr, kFlags, &fresh), "nvjpegCreateEx");
    return fresh;
  }();
  return made;
}

class ThreadDecoder {
 public:
  ThreadDecoder() {
    cudaStream_t stream = nullptr;
    FR_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    stream_.reset(stream);
    nvjpegJpegState_t state = nullptr;
    check_nvjpeg(nvjpegJpegStateCreate(handle(), &state), "nvjpegJpegStateCreate");
    state_.reset(state);
  }

  // Overwrites image.rgb, whose size is that of the header.
  nvjpegStatus_t decode(std::span<const std::byte> encoded, Image& image) {
    const auto* data = reinterpret_cast<const unsigned char*>(encoded.data());
    const nvjpegStatus_t fits = check_size(data, encoded.size(), image);
    if (fits != NVJPEG_STATUS_SUCCESS) return fits;
    reserve(image.rgb.size());
    nvjpegImage_t target{};
    target.channel[0] = buffer_.get();
    target.pitch[0] = static_cast<size_t>(image.width) * 3;
    const nvjpegStatus_t status = nvjpegDecode(handle(), state_.get(), data, encoded.size(),
                                               NVJPEG_OUTPUT_RGBI, &target, stream_.get());
    if (status == NVJPEG_STATUS_SUCCESS)
      FR_CUDA(cudaMemcpyAsync(image.rgb.data(), buffer_.get(), image.rgb.size(), cudaMemcpyDeviceToHost,
                              stream_.get()));
    FR_CUDA(cudaStreamSynchronize(stream_.get()));
    return status;
  }

 private:
  // Not supported where nvJPEG reads another size than the buffer will have.
  static nvjpegStatus_t check_size(const unsigned char* data, size_t bytes, const Image& image) {
    int components = 0;
    nvjpegChromaSubsampling_t chroma = NVJPEG_CSS_UNKNOWN;
    std::array<int, NVJPEG_MAX_COMPONENT> widths{}, heights{};
    const nvjpegStatus_t status =
        nvjpegGetImageInfo(handle(), data, bytes, &components, &chroma, widths.data(), heights.data());
    if (status != NVJPEG_STATUS_SUCCESS) return status;
    const bool same = widths[0] == image.width && heights[0] == image.height && chroma != NVJPEG_CSS_UNKNOWN;
    return same ? NVJPEG_STATUS_SUCCESS : NVJPEG_STATUS_JPEG_NOT_SUPPORTED;
  }

  void reserve(size_t bytes) {
    if (bytes <= capacity_) return;
    capacity_ = 0;
    buffer_.reset();
    uint8_t* fresh = nullptr;
    FR_CUDA(cudaMalloc(&fresh, bytes));
    buffer_.reset(fresh);
    capacity_ = bytes;
  }

  Owned<CUstream_st, cudaStreamDestroy> stream_;
  Owned<nvjpegJpegState, nvjpegJpegStateDestroy> state_;
  Owned<uint8_t, cudaFree> buffer_;
  size_t capacity_ = 0;  // bytes
};

}  // namespace

std::string why_no_nvjpeg() {
  if (!why_no_cuda().empty()) return why_no_cuda();
  try {
    handle();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

Image decode_jpeg_nvjpeg(std::span<const std::byte> encoded, const std::string& name) {
  const JpegHeader header = read_jpeg_header(encoded, name);
  FR_CHECK(has_end_of_image(encoded), "{}: not a readable image (nvJPEG: no end-of-image marker)", name);
  if (!header.grey_or_ycc) return decode_jpeg(encoded, name);
  Image image{.height = header.height, .width = header.width, .rgb = {}};
  image.rgb.resize(static_cast<size_t>(image.height * image.width * 3));
  thread_local ThreadDecoder decoder;
  const nvjpegStatus_t status = decoder.decode(encoded, image);
  switch (status) {
    case NVJPEG_STATUS_SUCCESS:
      return image;
    case NVJPEG_STATUS_JPEG_NOT_SUPPORTED:
    case NVJPEG_STATUS_IMPLEMENTATION_NOT_SUPPORTED:
      return decode_jpeg(encoded, name);
    case NVJPEG_STATUS_BAD_JPEG:
    case NVJPEG_STATUS_INCOMPLETE_BITSTREAM:
      fail("{}: not a readable image (nvJPEG: {})", name, words_of(status));
    default:  // the fault is not the file's
      fail("{}: nvJPEG: {}", name, words_of(status));
  }
}

}  // namespace fr
