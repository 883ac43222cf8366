// fr-data baselines: how far mean colour, 8x8 grey pixels and an untrained network get on verification packs.
#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "core/error.h"
#include "core/verification_bin.h"
#include "data/pixels.h"
#include "eval/accuracy.h"
#include "fr_data.h"
#include "image/image.h"
#include "nn/network.h"
#include "synth/synth.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

constexpr double kBar = 0.75;

struct BaselinesCommand {
  std::string data, network = "iresnet_tiny", backend = "auto";
  uint64_t seed = 1;
};

using Rows = std::vector<std::vector<float>>;

double squared_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * static_cast<double>(a[i] - b[i]);
  return sum;
}

double angular_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, aa = 1e-12, bb = 1e-12;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return 2 - 2 * dot / std::sqrt(aa * bb);
}

// Ten-fold accuracy; distances are replaced by their ranks so that the threshold grid suits every scale.
template <class Distance>
double accuracy(const Rows& rows, const std::vector<uint8_t>& same, const Distance& distance) {
  std::vector<double> distances(same.size()), ranked(same.size());
  for (size_t i = 0; i < same.size(); ++i) distances[i] = distance(rows[2 * i], rows[2 * i + 1]);
  std::vector<size_t> order(same.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return distances[a] < distances[b]; });
  for (size_t i = 0; i < order.size(); ++i)
    ranked[order[i]] = 3.99 * static_cast<double>(i) / static_cast<double>(order.size());
  return k_fold_accuracy(ranked, same, 10).mean;
}

// Embeddings of all crops (n, 112, 112, 3) by the network as it was initialised.
Rows embed_untrained(const std::vector<std::vector<uint8_t>>& crops, Network& network) {
  constexpr size_t kBatch = 32;
  Rows rows;
  Tensor input({kBatch, 3, kCropSize, kCropSize});
  for (size_t first = 0; first < crops.size(); first += kBatch) {
    const size_t count = std::min(kBatch, crops.size() - first);
    for (size_t i = 0; i < kBatch; ++i)  // the last batch is filled up, for one shape throughout
      to_network_input(crops[first + std::min(i, count - 1)], false, {},
                       input.f32() + static_cast<int64_t>(i) * kCropBytes);
    const float* out = network.embed(input).f32();  // (kBatch, d)
    const auto d = static_cast<size_t>(network.embedding_size());
    for (size_t i = 0; i < count; ++i) rows.emplace_back(out + i * d, out + (i + 1) * d);
  }
  return rows;
}

int run_baselines(const BaselinesCommand& c) {
  const auto backend = make_backend(c.backend);
  Network network(c.network, {}, *backend);
  network.initialise(c.seed);
  bool over = false;
  int found = 0;
  fmt::print("{:<10} {:>12} {:>12} {:>12}   accuracy in %, at most {:.0f} wanted\n", "set", "mean colour",
             "8x8 grey", "untrained", 100 * kBar);
  for (const std::string& name : synth::verification_sets()) {
    const fs::path path = fs::path(c.data) / name / (name + ".bin");
    if (!fs::exists(path)) continue;
    ++found;
    const VerificationBin pack(path);
    const std::vector<uint8_t>& same = pack.same();
    std::vector<std::vector<uint8_t>> crops(2 * same.size(), std::vector<uint8_t>(kCropBytes));
    Rows colour, grey;
    for (size_t i = 0; i < crops.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      fit_crop(decode_image(pack.image(at), fmt::format("{}: image {}", path.string(), i)), crops[i]);
      colour.push_back(synth::mean_colour(crops[i]));
      grey.push_back(synth::coarse_grey(crops[i]));
    }
    const double figures[] = {
        accuracy(colour, same, squared_distance),
        std::max(accuracy(grey, same, angular_distance), accuracy(grey, same, squared_distance)),
        accuracy(embed_untrained(crops, network), same, angular_distance)};
    fmt::print("{:<10} {:>12.2f} {:>12.2f} {:>12.2f}\n", name, 100 * figures[0], 100 * figures[1],
               100 * figures[2]);
    std::fflush(stdout);
    for (const double figure : figures) over |= figure > kBar;
  }
  FR_CHECK(found > 0, "{}: no NAME/NAME.bin of {} here", c.data, fmt::join(synth::verification_sets(), ", "));
  FR_CHECK(!over, "{}: a baseline exceeds {:.0f} %: something trivial gives identity away", c.data,
           100 * kBar);
  return 0;
}

}  // namespace

void add_baselines(Options& options) {
  static BaselinesCommand c;
  options
      .subcommand("baselines",
                  "Accuracy of mean colour, 8x8 grey pixels and an untrained network on verification packs",
                  "fr-data baselines --data data", [] { return run_baselines(c); })
      .add("--data", c.data, "folder with NAME/NAME.bin, as fr-data synth makes it")
      .required()
      .add("--network", c.network, "network that is not trained")
      .add("--backend", c.backend, "auto, cuda, cuda_f32, cuda_tf32, onednn or ref")
      .add("--seed", c.seed, "of its random weights");
}

}  // namespace fr
