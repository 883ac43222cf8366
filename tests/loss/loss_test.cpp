// Losses: the registered names, finite differences for every one of them, streaming, the margin's worked
// example (spec 11 no. 12), gradients that are added to, and errors in one line.
#include <fmt/format.h>

#include <limits>

#include "core/error.h"
#include "core/parallel.h"
#include "loss/support.h"

using namespace fr;
using namespace fr::test;

// Registration is by objects that nothing refers to: a build that dropped them would know no names.
TEST_CASE("targets beyond pi are counted, for the margins that wrap") {
  const auto backend = make_backend("ref");
  LossOptions options;
  options.embedding_size = 2;
  options.classes = 2;
  const float x[] = {1, 0, -1, 0.1f, 0, 1, -1, -0.1f};  // angles to class 0: 0, 3.04, 1.57, 3.04
  const std::vector<int32_t> labels(4, 0);
  const Tensor dx({4, 2});
  const std::pair<const char*, double> expected[] = {
      {"arcface", 0.5}, {"cosface", 0}, {"nsoftmax", 0}, {"softmax", 0}};
  for (const auto& [name, share] : expected) {
    options.name = name;
    const auto loss = make_loss(options, *backend);
    std::ranges::copy(std::vector<float>{1, 0, 0, 1}, loss->parameters().values().begin());
    loss->forward_backward(view_of(x, {4, 2}), labels, dx);
    CHECK(loss->overflowed() == share);
  }
  options.name = "arcface";
  options.overflow = MarginOverflow::kMmFallback;
  const auto loss = make_loss(options, *backend);
  std::ranges::copy(std::vector<float>{1, 0, 0, 1}, loss->parameters().values().begin());
  loss->forward_backward(view_of(x, {4, 2}), labels, dx);
  CHECK(loss->overflowed() == 0);
}

TEST_CASE("the presets are registered") {
  for (const char* name : {"arcface", "cm1", "cm2", "cosface", "nsoftmax", "softmax", "sphereface"}) {
    INFO(name);
    CHECK(Registry<LossKind>::instance().contains(name));
  }
}

TEST_CASE("every loss: gradients equal finite differences") {
  const OneThread one;
  const auto backend = make_backend("ref");
  for (const std::string& name : Registry<LossKind>::instance().names()) {
    INFO(name);
    LossOptions options;
    options.name = name;
    options.scale = 8;
    options.tile = 3;
    const LossInputs in = random_inputs(5, 6, 7);
    const LossRun run = run_loss(options, *backend, in);
    REQUIRE(std::isfinite(run.loss));
    const auto differences = [&](std::vector<float> LossInputs::*values) {
      const float step = 2e-3f;
      std::vector<double> result;
      for (size_t i = 0; i < (in.*values).size(); ++i) {
        LossInputs up = in, down = in;
        (up.*values)[i] += step;
        (down.*values)[i] -= step;
        const double width = static_cast<double>((up.*values)[i]) - static_cast<double>((down.*values)[i]);
        result.push_back((run_loss(options, *backend, up).loss - run_loss(options, *backend, down).loss) /
                         width);
      }
      return result;
    };
    CHECK(relative_error(run.dx, differences(&LossInputs::x)) <= 2e-3);
    CHECK(relative_error(run.dw, differences(&LossInputs::w)) <= 2e-3);
    if (!run.db.empty()) CHECK(relative_error(run.db, differences(&LossInputs::b)) <= 2e-3);
  }
}

TEST_CASE("every loss: tiles of any size give the result of one tile, on every backend") {
  const OneThread one_thread;
  for_each_backend([](Backend& backend) {
    for (const std::string& name : Registry<LossKind>::instance().names()) {
      INFO(name);
      LossOptions options;
      options.name = name;
      const LossInputs in = random_inputs(33, 24, 131);
      options.tile = 131;
      const LossRun one = run_loss(options, backend, in);
      for (const int64_t tile : {1, 32, 130, 1000}) {
        options.tile = tile;
        const LossRun tiled = run_loss(options, backend, in);
        CHECK(tiled.loss == doctest::Approx(one.loss).epsilon(1e-6));
        CHECK(relative_error(tiled.dx, one.dx) <= 1e-5);
        CHECK(relative_error(tiled.dw, one.dw) <= 1e-5);
        CHECK(relative_error(tiled.row_losses, one.row_losses) <= 1e-6);
      }
    }
  });
}

TEST_CASE("ref: the same bits for any number of threads") {
  const auto backend = make_backend("ref");
  const int threads = thread_count();
  const LossInputs in = random_inputs(64, 32, 300);
  std::vector<LossRun> runs;
  for (const int use : {1, 2, 3}) {
    set_thread_count(use);
    runs.push_back(run_loss({}, *backend, in));
  }
  set_thread_count(threads);
  for (const LossRun& run : runs) {
    CHECK(run.loss == runs[0].loss);
    CHECK(run.dx == runs[0].dx);
    CHECK(run.dw == runs[0].dw);
  }
}

TEST_CASE("parameter gradients are added to, the input's is overwritten") {
  const auto backend = make_backend("ref");
  const LossInputs in = random_inputs(4, 5, 6);
  LossOptions options;
  options.name = "softmax";
  options.embedding_size = in.d;
  options.classes = in.classes;
  const auto loss = make_loss(options, *backend);
  loss->initialise(1);
  std::vector<float> dx(in.x.size());
  const auto step = [&] {
    loss->forward_backward(view_of(in.x.data(), {in.n, in.d}), in.labels, view_of(dx.data(), {in.n, in.d}));
    const auto gradients = loss->parameters().gradients();
    return std::vector<float>(gradients.begin(), gradients.end());
  };
  const std::vector<float> once = step();
  const std::vector<float> dx_once = dx;
  const std::vector<float> twice = step();
  CHECK(dx == dx_once);
  for (size_t i = 0; i < once.size(); ++i) CHECK(twice[i] == doctest::Approx(2.0f * once[i]).epsilon(1e-5));
}

// x at 3 rad from its class, weights (1, 0) and (0, 1), so that every number follows by hand.
TEST_CASE("ArcFace past pi: wrap, fallback, easy, and both gradients") {
  const auto backend = make_backend("ref");
  const double phi = 3.0, m = 0.5, s = 4.0;
  const LossInputs in{.n = 1,
                      .d = 2,
                      .classes = 2,
                      .x = {static_cast<float>(std::cos(phi)), static_cast<float>(std::sin(phi))},
                      .w = {1, 0, 0, 1},
                      .labels = {0}};
  LossOptions options;
  options.scale = s;
  const auto logit = [&](MarginOverflow overflow) {
    options.overflow = overflow;
    return static_cast<double>(run_loss(options, *backend, in).target_logits[0]) / s;
  };
  CHECK(logit(MarginOverflow::kWrap) == doctest::Approx(-0.9364566873).epsilon(1e-6));
  CHECK(logit(MarginOverflow::kMmFallback) == doctest::Approx(-1.2297052659).epsilon(1e-6));
  CHECK(logit(MarginOverflow::kEasy) == doctest::Approx(std::cos(3.0)).epsilon(1e-6));

  options.overflow = MarginOverflow::kWrap;
  for (const auto gradient : {MarginGradient::kExact, MarginGradient::kStraightThrough}) {
    options.gradient = gradient;
    const LossRun run = run_loss(options, *backend, in);
    const double other = s * std::sin(phi), target = s * std::cos(phi + m);
    const double p_other = 1 / (1 + std::exp(target - other));
    CHECK(run.loss == doctest::Approx(-std::log(1 - p_other)).epsilon(1e-6));
    const double ratio = gradient == MarginGradient::kExact ? std::sin(phi + m) / std::sin(phi) : 1.0;
    // d loss/d phi through both cosines: cos(phi) to the target, sin(phi) to the other class.
    const double expected = s * p_other * (ratio * std::sin(phi) + std::cos(phi));
    const double along =
        static_cast<double>(run.dx[0]) * -std::sin(phi) + static_cast<double>(run.dx[1]) * std::cos(phi);
    CHECK(along == doctest::Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("x on its own class centre, opposite to it, and x = 0 stay finite") {
  const OneThread one;
  const auto backend = make_backend("ref");
  for (const std::string& name : Registry<LossKind>::instance().names())
    for (const float along : {1.0f, -1.0f, 0.0f, 1e-20f, 1e15f}) {
      INFO(name, " ", along);
      LossOptions options;
      options.name = name;
      const LossInputs in{.n = 1,
                          .d = 2,
                          .classes = 2,
                          .x = {0.6f * along, 0.8f * along},
                          .w = {0.6f, 0.8f, 0, 0},
                          .labels = {0}};
      const LossRun run = run_loss(options, *backend, in);
      CHECK(std::isfinite(run.loss));
      for (const float g : run.dx) CHECK(std::isfinite(g));
      for (const float g : run.dw) CHECK(std::isfinite(g));
    }
}

TEST_CASE("inter-class filtering sets large other cosines to logit 0 without gradient") {
  const auto backend = make_backend("ref");
  // Cosines: target 0.6, others 0.8 (filtered at 0.7) and 0.
  const LossInputs in{
      .n = 1, .d = 3, .classes = 3, .x = {0.6f, 0.8f, 0}, .w = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .labels = {0}};
  LossOptions options;
  options.name = "nsoftmax";
  options.scale = 2;
  options.filter = 0.7;
  const LossRun run = run_loss(options, *backend, in);
  CHECK(run.loss == doctest::Approx(std::log(std::exp(1.2) + 2) - 1.2).epsilon(1e-6));
  for (const size_t k : {3UL, 4UL, 5UL}) CHECK(run.dw[k] == 0.0f);
  CHECK(run.dw[7] != 0.0f);
}

TEST_CASE("a NaN embedding gives a NaN loss") {
  const auto backend = make_backend("ref");
  for (const std::string& name : Registry<LossKind>::instance().names()) {
    INFO(name);
    LossOptions options;
    options.name = name;
    LossInputs in = random_inputs(4, 5, 6);
    in.x[7] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(run_loss(options, *backend, in).loss));
  }
}

TEST_CASE("errors name what is wrong") {
  const auto backend = make_backend("ref");
  LossInputs in = random_inputs(4, 5, 6);
  in.labels[2] = 6;
  CHECK_THROWS_WITH_AS(run_loss({}, *backend, in), "label 6 of row 2 is out of range [0, 6)", Error);
  in.labels[2] = -1;
  CHECK_THROWS_WITH_AS(run_loss({}, *backend, in), "label -1 of row 2 is out of range [0, 6)", Error);
  LossOptions options;
  options.classes = 3;
  options.name = "hinge";
  CHECK_THROWS_AS(make_loss(options, *backend), Error);
  options.name = "arcface";
  options.scale = -1;
  CHECK_THROWS_WITH_AS(make_loss(options, *backend), "loss arcface: scale -1", Error);
}

TEST_CASE("a loss describes itself") {
  const auto backend = make_backend("ref");
  LossOptions options;
  options.classes = 3;
  const auto text = [&](const char* name) {
    options.name = name;
    return make_loss(options, *backend)->describe();
  };
  CHECK(text("arcface") == "arcface (s 64, m2 0.5), gradient exact, overflow wrap");
  CHECK(text("cm2") == "cm2 (s 64, m1 0.9, m2 0.4, m3 0.15), gradient exact, overflow wrap");
  CHECK(text("nsoftmax") == "nsoftmax (s 64), gradient exact, overflow wrap");
  CHECK(text("softmax") == "softmax (bias)");
  options.m2 = 0.25;
  options.scale = 30;
  options.gradient = MarginGradient::kStraightThrough;
  CHECK(text("arcface") == "arcface (s 30, m2 0.25), gradient straight_through, overflow wrap");
}

TEST_CASE("initial weights have deviation 0.01 and repeat for a seed") {
  const auto backend = make_backend("ref");
  LossOptions options;
  options.classes = 100;
  const auto a = make_loss(options, *backend), b = make_loss(options, *backend);
  a->initialise(5);
  b->initialise(5);
  const auto values = a->parameters().values();
  double squares = 0;
  for (const float v : values) squares += static_cast<double>(v) * static_cast<double>(v);
  CHECK(std::sqrt(squares / static_cast<double>(values.size())) == doctest::Approx(0.01).epsilon(0.02));
  CHECK(std::ranges::equal(values, b->parameters().values()));
  b->initialise(6);
  CHECK(!std::ranges::equal(values, b->parameters().values()));
}
