// Verification accuracy while training: every NAME.bin below --eval-data whose protocol is known.
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "embed/embed.h"
#include "eval/evaluate.h"
#include "eval/protocol.h"
#include "fr_train.h"

namespace fr {

namespace {

std::vector<Plan> plans_below(const std::filesystem::path& folder) {
  std::vector<Plan> plans;
  const auto& protocols = Registry<ProtocolKind>::instance();
  for (const std::string& name : protocols.names()) {
    for (const auto& pack : {folder / (name + ".bin"), folder / name / (name + ".bin")}) {
      if (!std::filesystem::is_regular_file(pack)) continue;
      plans.push_back(protocols.find(name)().plan({.data = pack.string()}));
      break;
    }
  }
  FR_CHECK(!plans.empty(), "{}: no verification pack (lfw.bin, lfw/lfw.bin, …) in this folder",
           folder.string());
  return plans;
}

}  // namespace

Evaluation make_evaluation(const std::string& folder, int64_t batch_size) {
  EmbedOptions options;
  options.batch_size = batch_size;
  options.progress = false;
  return [plans = plans_below(folder), options](Network& network) {
    std::map<std::string, double> accuracy;
    for (const Plan& plan : plans) {
      const EmbeddedPlan rows = embed(plan, network, options);
      const Embeddings* flipped = rows.flipped ? &*rows.flipped : nullptr;
      accuracy[plan.protocol] = evaluate(plan, rows.original, flipped, {}).metrics.at("accuracy").value;
    }
    return accuracy;
  };
}

}  // namespace fr
