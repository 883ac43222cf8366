// The command line every fr-eval program shares: plan, embed or read embeddings, evaluate, print, write.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fr {

class Backend;
class Options;
class Protocol;
struct Metric;
struct Plan;
struct Result;

struct EvaluationArguments {
  std::string data, embeddings, flipped, model, scores, scores_are = "similarity", decisions, out, pooling,
                                                        backend = "auto", arith = "auto", device = "auto";
  std::vector<double> far;
  int64_t folds = 10, batch_size = 32, threads = 0;  // 0: as many as the machine has
  int64_t resamples = -1;                            // -1: EvaluateOptions::resamples' own default
  std::map<std::string, std::string> own;            // spelling -> value of the protocol's own options
  std::map<std::string, bool> own_switches;          // and those that take none
  bool plan_only = false, concatenated_flip = false, no_flip = false, demo = false;
};

// Binds the options that all protocols share, and those of this one.
void add_evaluation(Options& options, const std::string& protocol, EvaluationArguments& arguments);

// Runs one evaluation: exit status 0. Throws UsageError without data or without anything to evaluate, and
// fr::Error for faults of the data.
int run_evaluation(const std::string& protocol, const EvaluationArguments& arguments);

// Of protocols that are rankings (Protocol::ranked).
struct RankingArguments {
  std::string data, submission, write_submission, out, backend = "auto", device = "auto";
  std::vector<std::string> embeddings, models;  // members of an ensemble
  std::vector<double> weights;                  // (members)
  int64_t threads = 0;
  bool plan_only = false, validation_examples = false, cut_submission = false, demo = false;
};
std::string ranking_example(const std::string& program);
void add_ranking(Options& options, RankingArguments& arguments);
int run_ranking(const std::string& protocol, const RankingArguments& arguments);  // as run_evaluation

// fr-eval all. Exit status 1 when one fails or none is there; the others are run all the same.
struct AllArguments {
  std::string root, model, out = "results", backend = "auto";
  std::vector<double> far;
  int64_t threads = 0;
};
void add_all(Options& options, AllArguments& arguments);
int run_all(const AllArguments& arguments);

// Shared by the two.
void add_score_device(Options& options, std::string& device);  // --device
// The GPU's backend where `device` means one; null: the CPU, which needs none to score.
std::unique_ptr<Backend> score_backend(const std::string& device);
std::string find_data(const std::string& protocol, const std::string& given);  // --data, or $FR_DATA/NAME
std::string model_name(const std::string& file);  // "mobilefacenet" of mobilefacenet.h5
void print_plan(const Protocol& protocol, const Plan& plan);
void print_metric(const std::string& name, const Metric& metric);
// Adds the model's name, and the data set's path and whether it is synthetic.
void place_result(Result& result, const std::string& data, const std::string& model);

// The arguments of --demo: the small synthetic benchmark in ./demo-NAME, which the first call makes. Throws
// UsageError where others are given with it.
EvaluationArguments demo_arguments(const std::string& name, EvaluationArguments arguments);
RankingArguments demo_arguments(const std::string& name, RankingArguments arguments);

// main of fr-eval-NAME.
int protocol_main(const std::string& protocol, int argc, char** argv);

}  // namespace fr
