#include "data/pixels.h"

#include <doctest/doctest.h>

#include <vector>

using namespace fr;

TEST_CASE("pixels become planes, mirrored along the width only, normalised per channel") {
  std::vector<uint8_t> rgb(static_cast<size_t>(kCropBytes), 0);
  const auto at = [&](int64_t y, int64_t x, int64_t c) -> uint8_t& {
    return rgb[static_cast<size_t>((y * kCropSize + x) * 3 + c)];
  };
  at(5, 7, 0) = 255;  // red
  at(5, 8, 2) = 51;   // blue
  std::vector<float> chw(static_cast<size_t>(kCropBytes));
  const auto value = [&](int64_t c, int64_t y, int64_t x) {
    return chw[static_cast<size_t>((c * kCropSize + y) * kCropSize + x)];
  };

  to_network_input(rgb, false, {}, chw.data());
  CHECK(value(0, 5, 7) == doctest::Approx(1.0));
  CHECK(value(2, 5, 8) == doctest::Approx((51 - 127.5) / 127.5));
  CHECK(value(1, 5, 7) == doctest::Approx(-1.0));
  CHECK(value(0, 7, 5) == doctest::Approx(-1.0));

  to_network_input(rgb, true, {}, chw.data());
  CHECK(value(0, 5, 111 - 7) == doctest::Approx(1.0));
  CHECK(value(2, 5, 111 - 8) == doctest::Approx((51 - 127.5) / 127.5));

  PixelNormalisation mxnet;
  for (float& scale : mxnet.scale) scale = 1 / 128.0f;
  mxnet.mean[2] = 0;
  to_network_input(rgb, false, mxnet, chw.data());
  CHECK(value(0, 5, 7) == doctest::Approx(127.5 / 128));
  CHECK(value(2, 5, 8) == doctest::Approx(51.0 / 128));
}

TEST_CASE("the normalisation is named as papers write it") {
  CHECK(PixelNormalisation{}.text() == "(v - 127.5) / 127.5 RGB");
  PixelNormalisation mxnet;
  for (float& scale : mxnet.scale) scale = 1 / 128.0f;
  CHECK(mxnet.text() == "(v - 127.5) / 128 RGB");
}
