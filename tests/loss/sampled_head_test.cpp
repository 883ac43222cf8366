// The head on sampled classes: an unsampled head on the sampled weights is the oracle (spec 1.6).
#include <algorithm>

#include "core/error.h"
#include "core/random.h"
#include "loss/shard_support.h"

using namespace fr;
using namespace fr::test;

namespace {

constexpr uint64_t kSeed = 11;

// The classes of [first, first + count) that a step samples, ascending.
std::vector<int32_t> sampled_of(const LossInputs& in, double rate, int64_t step, int64_t first,
                                int64_t count) {
  const RandomStream stream(kSeed, "head.sample", static_cast<uint64_t>(step));
  const auto wanted = static_cast<size_t>(rate * static_cast<double>(count));
  std::vector<int32_t> order, index;
  for (int64_t c = first; c < first + count; ++c) order.push_back(static_cast<int32_t>(c));
  const auto positive = [&](int32_t c) { return std::ranges::count(in.labels, c) > 0; };
  std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
    if (positive(a) != positive(b)) return positive(a);
    return stream.bits(static_cast<uint64_t>(a)) > stream.bits(static_cast<uint64_t>(b));
  });
  for (const int32_t c : order)
    if (positive(c) || index.size() < wanted) index.push_back(c);
  std::ranges::sort(index);
  return index;
}

// The inputs of a head that has those classes alone.
LossInputs gathered(const LossInputs& in, std::span<const int32_t> index) {
  LossInputs result{.n = in.n, .d = in.d, .classes = std::ssize(index), .x = in.x};
  for (const int32_t c : index) {
    result.w.insert(result.w.end(), in.w.begin() + c * in.d, in.w.begin() + (c + 1) * in.d);
    result.b.push_back(in.b[static_cast<size_t>(c)]);
  }
  for (const int32_t label : in.labels)
    result.labels.push_back(static_cast<int32_t>(std::ranges::find(index, label) - index.begin()));
  return result;
}

void check_rows(std::span<const float> dw, std::span<const float> of_sample, std::span<const int32_t> index,
                int64_t d) {
  std::vector<float> expected(dw.size(), 0.0f);
  for (size_t i = 0; i < index.size(); ++i)
    for (int64_t k = 0; k < d; ++k)
      expected[static_cast<size_t>(index[i] * d + k)] =
          of_sample[i * static_cast<size_t>(d) + static_cast<size_t>(k)];
  CHECK(std::ranges::equal(dw, expected));
}

LossOptions sampling(const std::string& name, double rate) {
  LossOptions options;
  options.name = name;
  options.sample = rate;
  options.seed = kSeed;
  options.tile = 7;
  return options;
}

}  // namespace

TEST_CASE("every loss: a sampled head is the head of the sampled classes, bit for bit") {
  const OneThread one;
  const auto backend = make_backend("ref");
  const LossInputs in = random_inputs(9, 8, 40);
  for (const std::string& name : Registry<LossKind>::instance().names())
    for (const double rate : {0.9, 0.5, 0.2, 0.0}) {  // at 0.2 and 0 the batch may have more classes
      INFO(name, " rate ", rate);
      const std::vector<int32_t> index = sampled_of(in, rate, 0, 0, in.classes);
      LossOptions options = sampling(name, rate);
      const LossRun run = run_loss(options, *backend, in);
      options.sample = 1;
      const LossRun expected = run_loss(options, *backend, gathered(in, index));
      CHECK(run.loss == expected.loss);
      CHECK(run.row_losses == expected.row_losses);
      CHECK(run.dx == expected.dx);
      check_rows(run.dw, expected.dw, index, in.d);
      if (!run.db.empty()) check_rows(run.db, expected.db, index, 1);
    }
}

TEST_CASE("rate 1 is no sampling, and a rate just below it all classes but one") {
  const auto backend = make_backend("ref");
  const LossInputs in = random_inputs(9, 8, 40);
  LossOptions options = sampling("arcface", 1);
  const LossRun all = run_loss(options, *backend, in), plain = run_loss({}, *backend, in);
  CHECK(relative_error(all.dw, plain.dw) <= 1e-5);
  options.tile = LossOptions{}.tile;
  const LossRun same = run_loss(options, *backend, in);
  CHECK(same.loss == plain.loss);
  CHECK(same.dx == plain.dx);
  CHECK(same.dw == plain.dw);
  CHECK(sampled_of(in, 0.999, 0, 0, in.classes).size() == 39);
}

TEST_CASE("sampling on several ranks: each from its own classes") {
  const auto backend = make_backend("ref");
  const LossInputs in = random_inputs(9, 8, 40);
  const LossOptions options = sampling("arcface", 0.5);
  std::vector<int32_t> index;
  for (int rank = 0; rank < 3; ++rank) {
    const ClassShard shard = class_shard(in.classes, rank, 3);
    const auto part = sampled_of(in, 0.5, 0, shard.begin, shard.count());
    index.insert(index.end(), part.begin(), part.end());
  }
  LossOptions whole = options;
  whole.sample = 1;
  const LossRun expected = run_loss(whole, *backend, gathered(in, index));
  const ShardedRun sharded = run_sharded(options, in, 3);
  CHECK(sharded.ranks[0].loss == doctest::Approx(expected.loss).epsilon(1e-6));
  CHECK(relative_error(sharded.ranks[0].dx, expected.dx) <= 1e-5);
  int64_t touched = 0;
  for (int64_t c = 0; c < in.classes; ++c)
    touched += std::ranges::any_of(
                   std::span(sharded.dw).subspan(static_cast<size_t>(c * in.d), static_cast<size_t>(in.d)),
                   [](float g) { return g != 0; })
                   ? 1
                   : 0;
  CHECK(touched == std::ssize(index));
}

TEST_CASE("classes outside the sample: moved by momentum and decay, or left alone") {
  const auto backend = make_backend("ref");
  const LossInputs in = random_inputs(4, 6, 30);
  const std::vector<float> dx(in.x.size());
  for (const bool dense : {true, false}) {
    LossOptions options = sampling("arcface", 0.3);
    options.embedding_size = in.d;
    options.classes = in.classes;
    options.sgd = SgdOptions{.momentum = 0.5, .weight_decay = 0.25};
    options.sampled_momentum = dense ? SampledMomentum::kDense : SampledMomentum::kSampled;
    const auto loss = make_loss(options, *backend);
    loss->initialise(1);
    loss->set_rate(0.125);
    const auto weights = loss->parameters().values(loss->parameters().slice("weight"));
    std::vector<float> w(weights.begin(), weights.end()), v(w.size(), 0.0f);
    for (int64_t step = 0; step < 3; ++step) {
      loss->set_step(step);
      loss->forward_backward(view_of(in.x.data(), {in.n, in.d}), in.labels, view_of(dx.data(), {in.n, in.d}));
      const auto index = sampled_of(in, 0.3, step, 0, in.classes);
      for (int64_t c = 0; c < in.classes; ++c) {
        const bool in_sample = std::ranges::binary_search(index, static_cast<int32_t>(c));
        bool moved = false;
        for (auto i = static_cast<size_t>(c * in.d); i < static_cast<size_t>((c + 1) * in.d); ++i) {
          if (!in_sample && dense) {
            v[i] = 0.5f * v[i] + 0.25f * w[i];
            w[i] = w[i] - 0.125f * v[i];
          }
          if (!in_sample) CHECK(weights[i] == w[i]);
          if (!in_sample) CHECK(loss->momentum().floats()[i] == v[i]);
          moved = moved || weights[i] != w[i];
          w[i] = weights[i];
          v[i] = loss->momentum().floats()[i];
        }
        CHECK(moved == in_sample);
      }
    }
  }
}

TEST_CASE("a sample rate outside [0, 1] is refused") {
  const auto backend = make_backend("ref");
  CHECK_THROWS_WITH_AS(run_loss(sampling("arcface", 1.5), *backend, random_inputs(2, 3, 4)),
                       "loss arcface: sample rate 1.5: must be in [0, 1]", Error);
}
