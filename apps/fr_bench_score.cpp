// fr-bench score: the scoring engine with each kind of sink, and its screen, beside the gemm rate of the same
// run; on a GPU where the backend is one.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "../apps/fr_bench.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/peak_memory.h"
#include "core/random.h"
#include "eval/distractor_metrics.h"
#include "eval/score_sinks.h"

namespace fr {
namespace {

struct ScoreBenchOptions : BenchOptions {
  std::string only{};
  int64_t probes = 2000, gallery = 100'000, dim = 512;
};

// (n, dim) unit rows; each value a sum of four uniform ones.
std::vector<float> random_units(const char* name, int64_t n, int64_t dim) {
  std::vector<float> values(static_cast<size_t>(n * dim));
  parallel_for(n, [&](int64_t i) {
    const RandomStream stream(1, name, static_cast<uint64_t>(i));
    float* row = values.data() + i * dim;
    float sum = 0;
    for (int64_t k = 0; k < dim; ++k) {
      const uint32_t bits = stream.bits(static_cast<uint64_t>(k));
      row[k] = static_cast<float>((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24)) - 510;
      sum += row[k] * row[k];
    }
    for (int64_t k = 0; k < dim; ++k) row[k] /= std::sqrt(sum);
  });
  return values;
}

using Sinks = std::function<void(std::vector<ScoreSink*>&, std::vector<TileSink*>&)>;
struct Measured {
  std::string name;
  Arith arith = Arith::kF32;
  Sinks sinks;  // valid until the next call
};

int run_score(const ScoreBenchOptions& options) {
  FR_CHECK(options.probes > 0 && options.gallery > 0 && options.dim > 0,
           "probes {}, gallery {}, dim {}: one at least", options.probes, options.gallery, options.dim);
  const auto backend = start(options);
  const std::vector<float> p = random_units("probes", options.probes, options.dim);
  const std::vector<float> g = random_units("gallery", options.gallery, options.dim);
  const auto set = [&](const std::vector<float>& values, int64_t count) {
    return RowSet{count, options.dim, [&](int64_t i, float* row) {
                    std::copy_n(values.data() + i * options.dim, options.dim, row);
                  }};
  };
  const RowSet probes = set(p, options.probes), gallery = set(g, options.gallery);
  const auto pairs = static_cast<double>(options.probes) * static_cast<double>(options.gallery);
  const double flops = 2 * pairs * static_cast<double>(options.dim);

  std::unique_ptr<TailSink> tail;
  std::unique_ptr<TopKSink> top;
  std::unique_ptr<RankSink> rank;
  std::unique_ptr<HistogramSink> histogram;
  const auto tail_of = [&](double share, int64_t most = std::numeric_limits<int64_t>::max()) {
    return [&, share, most](auto& sinks, auto&) {
      tail = std::make_unique<TailSink>(std::clamp(static_cast<int64_t>(share * pairs), int64_t{1}, most));
      sinks.push_back(tail.get());
    };
  };
  const auto top_of = [&](int64_t k) {
    return [&, k](auto& sinks, auto&) {
      top = std::make_unique<TopKSink>(options.probes, k);
      sinks.push_back(top.get());
    };
  };
  // Mates from the score on that a share of random rows reaches, which are normal with deviation 1 /
  // sqrt(dim).
  const auto ranks_of = [&](double deviations, int mates = 2) {
    return [&, deviations, mates](auto& sinks, auto&) {
      const auto least = static_cast<float>(deviations / std::sqrt(static_cast<double>(options.dim)));
      std::vector<float> scores;
      for (int i = 0; i < mates; ++i)
        scores.push_back(least * (1 + 0.5f * static_cast<float>(i) / static_cast<float>(mates - 1)));
      rank = std::make_unique<RankSink>(
          std::vector<std::vector<float>>(static_cast<size_t>(options.probes), scores));
      sinks.push_back(rank.get());
    };
  };
  const auto both = [](const Sinks& first, const Sinks& second) {
    return [=](auto& sinks, auto& tiles) {
      first(sinks, tiles);
      second(sinks, tiles);
    };
  };
  const auto curve = tail_of(1e-5, kCurveScores);  // as benchmarks keep it
  const auto bins = [&](auto&, auto& tiles) {
    histogram = std::make_unique<HistogramSink>();
    tiles = {histogram.get()};
  };
  const std::pair<const char*, Sinks> kinds[] = {
      {"top-1", top_of(1)},
      {"top-100", top_of(100)},
      {"ranks, 1e-6 of pairs", ranks_of(4.7534)},
      {"ranks, 1e-4 of pairs", ranks_of(3.7190)},
      {"tail 1e-6", tail_of(1e-6)},
      {"tail 1e-4", tail_of(1e-4)},
      {"tail 1e-2", tail_of(1e-2)},
      {"top-1 and tail 1e-5", both(top_of(1), curve)},  // as Trillion-Pairs asks for them
      {"megaface", both(ranks_of(3.7190, 43), curve)},  // with as many mates as a probe of FaceScrub has
  };
  const bool gpu = backend->device() == Device::kCuda;
  const bool screens = !gpu || backend->activations() == DType::kBf16;
  std::vector<Measured> all;
  for (const auto& [name, sinks] : kinds) {
    all.push_back({fmt::format("{}, f32", name), Arith::kF32, sinks});
    if (screens)
      all.push_back({fmt::format("{}, {} screen", name, gpu ? "bf16" : "int8"), Arith::kInt8Screen, sinks});
  }
  all.push_back({"histogram, f32", Arith::kF32, bins});
  fmt::print("{} probes x {} rows x {}, {}, {} threads\n", options.probes, options.gallery, options.dim,
             gpu ? "GPU" : "CPU", thread_count());
  fmt::print("{:<34} {:>9} {:>9} {:>9} {:>9} {:>9}{}\n", "engine", "s", "Mpairs/s", "of gemm", "of f32",
             "screened", gpu ? "     GPU s   of gemm" : "");
  Json rows = Json::object();
  double f32_share = 0;  // of gemm: the same sink without a screen, if it was measured
  for (const Measured& one : all) {
    if (!one.name.starts_with(options.only)) continue;
    StreamFigures figures;
    double gpu_seconds = std::numeric_limits<double>::infinity();  // the least of the rounds
    const BesideGemm beside = measure_beside_gemm(*backend, flops, options.seconds, [&] {
      std::vector<ScoreSink*> sinks;
      std::vector<TileSink*> tiles;
      one.sinks(sinks, tiles);
      figures = stream_scores(probes, gallery, sinks, tiles,
                              {.arith = one.arith, .device = backend->device(), .backend = backend.get()});
      gpu_seconds = std::min(gpu_seconds, figures.gpu_seconds);
    });
    const double screened = static_cast<double>(figures.screened) / static_cast<double>(figures.pairs);
    if (one.arith == Arith::kF32) f32_share = beside.share;
    const bool screen = one.arith != Arith::kF32;
    const double gpu_share = flops / gpu_seconds / beside.gemm_flops;
    fmt::print("{:<34} {:>9.3f} {:>9.1f} {:>8.1f}% {:>9} {:>9}{}\n", one.name, beside.seconds,
               pairs / beside.seconds / 1e6, 100 * beside.share,
               screen && f32_share > 0 ? fmt::format("{:.2f} x", beside.share / f32_share) : "",
               screen ? fmt::format("{:.2f}%", 100 * screened) : "",
               gpu ? fmt::format(" {:>9.3f} {:>8.1f}%", gpu_seconds, 100 * gpu_share) : "");
    rows[one.name] = {{"seconds", beside.seconds},
                      {"least_seconds", beside.least_seconds},
                      {"of_gemm", beside.share},
                      {"gemm_flops", beside.gemm_flops},
                      {"screened", screened}};
    if (gpu) rows[one.name].update({{"gpu_seconds", gpu_seconds}, {"gpu_of_gemm", gpu_share}});
  }
  write_report(options, {{"measurement", "score"},
                         {"backend", backend->name()},
                         {"probes", options.probes},
                         {"gallery", options.gallery},
                         {"dim", options.dim},
                         {"engines", rows},
                         {"peak_bytes", peak_memory()}});
  return 0;
}

}  // namespace

void add_score(Options& program) {
  static ScoreBenchOptions options;
  Options& command =
      program.subcommand("score", "the scoring engine with each sink, in f32 and screened",
                         "fr-bench score --probes 2000 --gallery 200000", [] { return run_score(options); });
  command.add("--probes", options.probes, "probe rows")
      .add("--gallery", options.gallery, "gallery rows")
      .add("--dim", options.dim, "values a row")
      .add("--only", options.only, "engines whose name begins so");
  add_bench_options(command, options);
}

}  // namespace fr
