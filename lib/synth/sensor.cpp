#include "synth/sensor.h"

#include <array>

namespace fr::synth {

namespace {

constexpr int kToneSteps = 512;
constexpr float kToneEnd = 1.6f;

// Linear light to display value in [0, 1]: contrast about middle grey, a soft shoulder, gamma 2.2.
std::array<float, kToneSteps + 2> tone_curve(float contrast) {
  std::array<float, kToneSteps + 2> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const float v = kToneEnd * static_cast<float>(i) / kToneSteps;
    const float display = std::pow(0.2f, 1 / 2.2f) * std::pow(v / 0.2f, contrast / 2.2f);
    const float knee = 0.85f;
    table[i] = display < knee ? display : 1 - (1 - knee) * std::exp(-(display - knee) / (1 - knee));
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
  const float sigma = deviation * step, reach = std::min(11.f, 2.2f * sigma + 0.5f);
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

// One output row: the vertical pass over contiguous floats, then the horizontal one. column (source, 3) is
// scratch, row (size) the result.
void resample_row(std::span<const Vec3> light, int source, const std::vector<Taps>& taps, int y,
                  std::vector<float>& column, std::vector<Vec3>& row) {
  const auto width = static_cast<size_t>(source);
  const Taps& down = taps[static_cast<size_t>(y)];
  column.assign(3 * width, 0.f);
  for (int k = 0; k < down.count; ++k) {
    const Vec3* from = &light[static_cast<size_t>(down.first + k) * width];
    const float w = down.weight[static_cast<size_t>(k)];
    for (size_t i = 0; i < width; ++i) {
      column[3 * i] += w * from[i].x;
      column[3 * i + 1] += w * from[i].y;
      column[3 * i + 2] += w * from[i].z;
    }
  }
  for (size_t x = 0; x < taps.size(); ++x) {
    const Taps& along = taps[x];
    const float* from = &column[3 * static_cast<size_t>(along.first)];
    Vec3 sum;
    for (size_t k = 0; k < static_cast<size_t>(along.count); ++k)
      sum = sum + Vec3{from[3 * k], from[3 * k + 1], from[3 * k + 2]} * along.weight[k];
    row[x] = sum;
  }
}

}  // namespace

void expose(std::span<const Vec3> light, int source, const Nuisance& n, float brightness, int size,
            std::span<uint8_t> rgb) {
  const float blur = std::sqrt(0.4f * 0.4f + n.blur * n.blur + 2.2f * n.low_resolution * n.low_resolution);
  const auto taps = make_taps(source, size, blur);
  const auto curve = tone_curve(n.contrast);
  const Vec3 gain = n.white_balance * (n.exposure * brightness);
  const float grain = n.noise / 128, own_share = n.saturation > 0 ? 0.75f : 0.f;
  thread_local std::vector<float> column;
  thread_local std::vector<Vec3> row;
  row.resize(static_cast<size_t>(size));
  for (int y = 0; y < size; ++y) {
    resample_row(light, source, taps, y, column, row);
    uint8_t* to = &rgb[static_cast<size_t>(3 * y * size)];
    for (int x = 0; x < size; ++x, to += 3) {
      const Vec3 lit = row[static_cast<size_t>(x)] * gain;
      const float grey = 0.2126f * lit.x + 0.7152f * lit.y + 0.0722f * lit.z;
      const float channels[3] = {lit.x, lit.y, lit.z};
      // Sums of bytes are near enough to normal; one is common to the channels, one of each its own.
      const uint32_t h = mix(n.texture_seed, x + 4096, y + 4096), g = mix(h);
      const auto byte = [](uint32_t word, int i) { return static_cast<int>((word >> (8 * i)) & 255); };
      const float common = 0.8f * static_cast<float>(byte(h, 0) + byte(h, 1) + byte(h, 2) - 382);
      for (int k = 0; k < 3; ++k) {
        const float v = std::clamp(grey + n.saturation * (channels[k] - grey), 0.f, kToneEnd - 1e-3f) *
                        (kToneSteps / kToneEnd);
        const auto i = static_cast<size_t>(v);
        const float tone = lerp(curve[i], curve[i + 1], v - static_cast<float>(i));
        const float own = own_share * static_cast<float>(byte(g, k) + byte(h, 3) - 255);
        const float noisy = tone + grain * (common + own) * (1.2f - 0.5f * tone);
        to[k] = static_cast<uint8_t>(255 * clamp01(noisy) + 0.5f);
      }
    }
  }
}

}  // namespace fr::synth
