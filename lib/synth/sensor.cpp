#include "synth/sensor.h"

#include <array>

namespace fr::synth {

namespace {

constexpr int kToneSteps = 1024;
constexpr float kToneEnd = 1.6f;

// Linear light to display value in [0, 1]: contrast about middle grey, a soft shoulder, gamma 2.2.
std::array<float, kToneSteps + 2> tone_curve(float contrast) {
  std::array<float, kToneSteps + 2> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const float v = kToneEnd * static_cast<float>(i) / kToneSteps;
    const float w = 0.2f * std::pow(v / 0.2f, contrast);
    const float shoulder = w < 0.7f ? w : 0.7f + 0.3f * (1 - std::exp(-(w - 0.7f) / 0.3f));
    table[i] = std::pow(shoulder, 1 / 2.2f);
  }
  return table;
}

struct Taps {
  int first = 0;
  std::array<float, 24> weight{};
  int count = 0;
};

// Gaussian of the sensor pixel and the lens, per output pixel; rows and columns share it.
std::vector<Taps> make_taps(int source, int size, float deviation) {
  const float step = static_cast<float>(source) / static_cast<float>(size);
  const float sigma = deviation * step, reach = std::min(11.f, 2.5f * sigma + 0.5f);
  std::vector<Taps> result(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    Taps& taps = result[static_cast<size_t>(i)];
    const float centre = (static_cast<float>(i) + 0.5f) * step - 0.5f;
    taps.first = std::max(0, static_cast<int>(std::ceil(centre - reach)));
    const int last = std::min(source - 1, static_cast<int>(std::floor(centre + reach)));
    float total = 0;
    for (int j = taps.first; j <= last; ++j) {
      const float w = std::exp(-0.5f * square((static_cast<float>(j) - centre) / sigma));
      taps.weight[static_cast<size_t>(taps.count++)] = w;
      total += w;
    }
    for (int k = 0; k < taps.count; ++k) taps.weight[static_cast<size_t>(k)] /= total;
  }
  return result;
}

}  // namespace

void expose(std::span<const Vec3> light, int source, const Nuisance& n, float brightness, int size,
            std::span<uint8_t> rgb) {
  const float blur = std::sqrt(0.4f * 0.4f + n.blur * n.blur + 2.2f * n.low_resolution * n.low_resolution);
  const auto taps = make_taps(source, size, blur);
  const auto curve = tone_curve(n.contrast);
  const Vec3 gain = n.white_balance * (n.exposure * brightness);
  thread_local std::vector<Vec3> narrow;  // (source, size)
  narrow.resize(static_cast<size_t>(source * size));
  for (int y = 0; y < source; ++y)
    for (int x = 0; x < size; ++x) {
      const Taps& t = taps[static_cast<size_t>(x)];
      const Vec3* from = &light[static_cast<size_t>(y * source + t.first)];
      Vec3 sum;
      for (int k = 0; k < t.count; ++k) sum = sum + from[k] * t.weight[static_cast<size_t>(k)];
      narrow[static_cast<size_t>(y * size + x)] = sum;
    }
  thread_local std::vector<float> line;  // (size, 3): one output row
  for (int y = 0; y < size; ++y) {
    const Taps& t = taps[static_cast<size_t>(y)];
    line.assign(static_cast<size_t>(3 * size), 0.f);
    for (int k = 0; k < t.count; ++k) {
      const Vec3* from = &narrow[static_cast<size_t>((t.first + k) * size)];
      const float w = t.weight[static_cast<size_t>(k)];
      for (int x = 0; x < size; ++x) {
        float* to = &line[static_cast<size_t>(3 * x)];
        to[0] += w * from[x].x;
        to[1] += w * from[x].y;
        to[2] += w * from[x].z;
      }
    }
    for (int x = 0; x < size; ++x) {
      float c[3] = {line[static_cast<size_t>(3 * x)] * gain.x, line[static_cast<size_t>(3 * x + 1)] * gain.y,
                    line[static_cast<size_t>(3 * x + 2)] * gain.z};
      const float grey = 0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2];
      const uint32_t h = mix(n.texture_seed, x + 4096, y + 4096), g = mix(h);
      // Sums of bytes: near enough to normal, common and per channel.
      const auto byte = [](uint32_t word, int i) { return static_cast<int>((word >> (8 * i)) & 255); };
      const float common = static_cast<float>(byte(h, 0) + byte(h, 1) + byte(h, 2) - 382) * (1 / 128.f);
      for (int k = 0; k < 3; ++k) {
        const float v =
            std::clamp(grey + n.saturation * (c[k] - grey), 0.f, kToneEnd - 1e-3f) * (kToneSteps / kToneEnd);
        const auto i = static_cast<size_t>(v);
        const float tone = lerp(curve[i], curve[i + 1], v - static_cast<float>(i));
        const float own =
            static_cast<float>(byte(g, k) + byte(h, 3) - 255) * (1 / 104.f) * (n.saturation > 0 ? 1.f : 0.f);
        const float noisy = tone + n.noise * (0.8f * common + 0.6f * own) * (1.2f - 0.5f * tone);
        rgb[static_cast<size_t>((y * size + x) * 3 + k)] = static_cast<uint8_t>(255 * clamp01(noisy) + 0.5f);
      }
    }
  }
}

}  // namespace fr::synth
