// --demo: what a newcomer runs first, without any data.
#include <filesystem>

#include "../apps/options.h"
#include "core/error.h"
#include "protocol_main.h"
#include "synth/protocols/benchmark.h"

namespace fr {

namespace {

// Makes the benchmark unless it is there, and sets what both kinds of command have; returns the file of
// embeddings.
template <class Arguments>
std::string use_demo(const std::string& name, bool others_given, Arguments& arguments) {
  if (others_given || !arguments.data.empty() || !arguments.embeddings.empty()) {
    throw UsageError(name + ": --demo brings its own data and embeddings");
  }
  const std::filesystem::path folder = "demo-" + name;
  synth::make_demo(name, folder);
  arguments.demo = false;
  arguments.data = folder;
  if (arguments.out.empty()) arguments.out = folder / "result.json";
  fmt::print("demo: a small {} of noise around invented identities, in {}; it says nothing of any network\n",
             name, folder.string());
  return folder / Registry<synth::BenchmarkKind>::instance().find(name)().embeddings();
}

}  // namespace

EvaluationArguments demo_arguments(const std::string& name, EvaluationArguments arguments) {
  const bool others = !arguments.model.empty() || !arguments.scores.empty();
  arguments.embeddings = use_demo(name, others, arguments);
  return arguments;
}

RankingArguments demo_arguments(const std::string& name, RankingArguments arguments) {
  const bool others = !arguments.models.empty() || !arguments.submission.empty();
  arguments.embeddings = {use_demo(name, others, arguments)};
  return arguments;
}

}  // namespace fr
