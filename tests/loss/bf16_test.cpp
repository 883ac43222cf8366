// The head's bf16 path against its f32 path, on a CPU. Factors are rounded by at most 2^-9 of themselves, so
// cosines by about 2^-8 and less where the errors of d products average out.
#include "loss/bf16_backend.h"
#include "loss/support.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("every loss in bf16 is near its f32 self, whatever the tiles and the sample") {
  const OneThread one;
  const auto exact = make_backend("ref");
  for (const std::string& name : Registry<LossKind>::instance().names())
    for (const double sample : {1.0, 0.6})
      for (const int64_t tile : {7, 1000}) {
        INFO(name, " sample ", sample, " tile ", tile);
        LossOptions options;
        options.name = name;
        options.tile = tile;
        options.sample = sample;
        if (name != "softmax") options.scale = 8;
        const LossInputs in = random_inputs(17, 64, 41);
        Bf16Backend rounded;
        const LossRun expected = run_loss(options, *exact, in), run = run_loss(options, rounded, in);
        CHECK(rounded.products > 0);
        CHECK(run.loss != expected.loss);
        CHECK(run.loss == doctest::Approx(expected.loss).epsilon(2e-3));
        CHECK(relative_error(run.row_losses, expected.row_losses) <= 4e-3);
        CHECK(relative_error(run.dx, expected.dx) <= 1e-2);
        CHECK(relative_error(run.dw, expected.dw) <= 1e-2);
        if (!run.db.empty()) CHECK(relative_error(run.db, expected.db) <= 1e-2);
        CHECK(run.target_logits == expected.target_logits);  // the target's are computed in double
      }
}

TEST_CASE("in bf16 the same run gives the same bits") {
  const LossInputs in = random_inputs(9, 16, 20);
  Bf16Backend backend;
  const LossRun first = run_loss({}, backend, in), second = run_loss({}, backend, in);
  CHECK(first.loss == second.loss);
  CHECK(first.dx == second.dx);
  CHECK(first.dw == second.dw);
}
