// partial_fc.json `world_3`, the cases without sampling: the distributed softmax against our head on as many
// ranks (threads). The gradient mode is the reference's, straight through.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/npy.h"
#include "loss/shard_support.h"
#include "support/support.h"

using namespace fr;
using namespace fr::test;

namespace {

std::vector<double> doubles(const std::filesystem::path& folder, const Json& array) {
  return Npy(folder / array.at("file").get<std::string>()).doubles();
}

void check_case(const std::filesystem::path& folder, const Json& c, LossInputs in) {
  const Json& p = c.at("parameters");
  LossOptions options;
  options.name = "nsoftmax";
  options.scale = p.at("s");
  options.m2 = p.value("m2", 0.0);
  options.m3 = p.value("m3", 0.0);
  if (options.m3 > 0) options.m2 = 0;  // the reference's CosFace branch ignores m2 (spec 1.2)
  options.filter = p.value("tau", 0.0);
  options.gradient = MarginGradient::kStraightThrough;
  options.tile = 3;
  in.labels = c.at("labels").get<std::vector<int32_t>>();
  const int ranks = static_cast<int>(c.at("ranks").size());
  const ShardedRun sharded = run_sharded(options, in, ranks);

  std::vector<double> dx = doubles(folder, c.at("dx_rank_times_W"));
  for (double& value : dx) value /= ranks;
  CHECK(relative_error(sharded.ranks[0].dx, dx) <= 1e-5);
  CHECK(relative_error(sharded.dw, doubles(folder, c.at("dw"))) <= 1e-5);
  const std::vector<double> target_p = c.at("target_p");
  for (size_t i = 0; i < target_p.size(); ++i) {
    const double loss = -std::log(target_p[i]);
    CHECK(std::abs(static_cast<double>(sharded.ranks[0].row_losses[i]) - loss) <= 1e-5 * std::max(1.0, loss));
  }
}

}  // namespace

TEST_CASE("golden: the distributed softmax") {
  const auto folder = golden();
  if (folder.empty()) return;
  const Json losses = read_json(folder / "losses.json"), partial = read_json(folder / "partial_fc.json");
  LossInputs in{.n = losses.at("N"), .d = losses.at("D"), .classes = losses.at("C")};
  in.x = Npy(folder / losses.at("inputs").at("x").at("file").get<std::string>()).floats();
  in.w = Npy(folder / losses.at("inputs").at("w").at("file").get<std::string>()).floats();
  in.b.assign(static_cast<size_t>(in.classes), 0.0f);
  int checked = 0;
  for (const auto& [name, c] : partial.at("world_3").items()) {
    if (!c.is_object() || !c.contains("ranks") || c.at("parameters").value("rate", 1.0) < 1) continue;
    const auto& shown = name;  // clang 14 captures no structured binding
    INFO(shown);
    check_case(folder, c, in);
    ++checked;
  }
  CHECK(checked >= 1);
}
