// fr-eval NAME: every registered benchmark as a subcommand; without one, the list of them.
#include <map>

#include "../protocols/protocol_main.h"
#include "core/error.h"
#include "eval/protocol.h"
#include "options.h"

namespace {

int list_protocols() {
  const auto& registry = fr::Registry<fr::ProtocolKind>::instance();
  fmt::print("fr-eval NAME --data DIR (--embeddings FILE | --model FILE); NAME is one of\n");
  for (const std::string& name : registry.names()) {
    fmt::print("  {:<10} {}\n", name, registry.find(name)().title());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  fr::Options program("fr-eval", "Evaluate embeddings or a network on a face benchmark.",
                      "fr-eval lfw --data DIR --model model.safetensors");
  std::map<std::string, fr::EvaluationArguments> arguments;
  std::map<std::string, fr::RankingArguments> rankings;
  for (const std::string& name : fr::Registry<fr::ProtocolKind>::instance().names()) {
    fr::EvaluationArguments& mine = arguments[name];
    const fr::Protocol& protocol = fr::Registry<fr::ProtocolKind>::instance().find(name)();
    const std::string title = protocol.title();
    if (protocol.ranked()) {
      fr::RankingArguments& ranking = rankings[name];
      fr::add_ranking(program.subcommand(name, title, fr::ranking_example("fr-eval " + name),
                                         [&ranking, name] { return fr::run_ranking(name, ranking); }),
                      ranking);
      continue;
    }
    fr::add_evaluation(
        program.subcommand(name, title, "fr-eval " + name + " --data DIR --embeddings FILE.npy",
                           [&mine, name] { return fr::run_evaluation(name, mine); }),
        name, mine);
  }
  fr::AllArguments all;
  fr::add_all(program.subcommand("all", "every benchmark whose folder lies below one root",
                                 "fr-eval all --root DIR --model model.safetensors",
                                 [&all] { return fr::run_all(all); }),
              all);
  return program.run(argc, argv, list_protocols);
}
