// Classifiers over embeddings: probabilities, ensembles, and an identity of two faces, which a centre cannot
// hold and a perceptron can.
#include "embed/classifier.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/npy.h"
#include "core/random.h"
#include "embed/classifier_ranking.h"
#include "embed/vector_dataset.h"
#include "eval/centre_ranking.h"
#include "nn/checkpoint.h"
#include "support/support.h"
#include "train/trainer.h"

using namespace fr;
using test::error_of;

namespace {

constexpr int64_t kIdentities = 12, kDim = 16, kTrain = 24, kTest = 8;

std::vector<WeightedEmbeddings> list(Embeddings rows) {
  std::vector<WeightedEmbeddings> parts;
  parts.push_back({std::move(rows), 1});
  return parts;
}

// Videos of each identity lie about two opposite directions, so that its centre is near zero. Items: training
// videos, then test videos, identity by identity; identity q is numbered q + 1, and background videos are
// identity 0's, of training only.
struct Toy {
  Plan plan;
  std::vector<std::string> lists;  // the lines of train_gt.txt
  Embeddings rows = Embeddings::make((kIdentities + 1) * kTrain + kIdentities * kTest, kDim);

  Toy() {
    plan.protocol = "toy";
    Ranking ranking;
    for (int64_t q = -1; q < kIdentities; ++q) {
      std::string line = std::to_string(q + 1);
      std::vector<int64_t> examples;
      for (int64_t i = 0; i < kTrain; ++i) {
        examples.push_back(add(q));
        line += " " + plan.items.back().name;
      }
      lists.push_back(line);
      if (q >= 0) ranking.examples.push_back(examples);
    }
    for (int64_t q = 0; q < kIdentities; ++q) {
      ranking.identities.push_back(q + 1);
      std::vector<int64_t>& truth = ranking.truth.emplace_back();
      for (int64_t i = 0; i < kTest; ++i) {
        truth.push_back(add(q));
        ranking.candidates.push_back(truth.back());
      }
    }
    ranking.depth = 10;
    plan.rankings.push_back(std::move(ranking));
  }

  const Ranking& ranking() const { return plan.rankings[0]; }

  std::vector<WeightedEmbeddings> parts() const {
    Embeddings copy = Embeddings::make(rows.rows, rows.dim);
    std::ranges::copy(rows.owned.floats(), copy.owned.f32());
    copy.names = rows.names;
    return list(std::move(copy));
  }

 private:
  int64_t add(int64_t identity) {
    const auto item = static_cast<int64_t>(plan.items.size());
    plan.items.push_back({.name = "v" + std::to_string(item) + ".mp4", .file = {}});
    rows.names.push_back(plan.items.back().name);
    const RandomStream direction(5, "direction", static_cast<uint64_t>(identity + 1));
    const RandomStream noise(5, "noise", static_cast<uint64_t>(item));
    for (int64_t k = 0; k < kDim; ++k) {
      const auto counter = static_cast<uint64_t>(k);
      const float face = identity < 0 ? noise.normal(counter + kDim) : direction.normal(counter);
      rows.owned.f32()[item * kDim + k] = (item % 2 == 0 ? face : -face) + 0.35f * noise.normal(counter);
    }
    return item;
  }
};

std::unique_ptr<Dataset> training_data(const Toy& toy, const test::ScratchFolder& scratch) {
  std::string text;
  for (const std::string& line : toy.lists) text += line + "\n";
  write_file(scratch / "train_gt.txt", text);
  return make_vector_dataset({scratch / "train_gt.txt"}, toy.parts());
}

// Trains a perceptron on the toy and returns its model's file.
std::filesystem::path train(const Dataset& dataset, const test::ScratchFolder& scratch,
                            const std::string& loss, uint64_t seed, Backend& backend) {
  TrainOptions options;
  options.network = "mlp";
  options.network_options.embedding_size = 32;
  options.loss.name = loss;
  options.loss.scale = 16;
  options.batch_size = 32;
  options.epochs = 30;
  options.lr = 0.05;
  options.seed = seed;
  options.folder = scratch / (loss + std::to_string(seed));
  options.progress = false;
  Trainer trainer(dataset, options, backend);
  trainer.run();
  return trainer.folder().model();
}

double map_of(const Ranking& ranking, const RankedLists& lists) {
  return map_at(ranking.depth, lists, ranking.truth).mean;
}

}  // namespace

TEST_CASE("a perceptron finds the identities that centres miss, and ensembles are weighted means") {
  const Toy toy;
  const test::ScratchFolder scratch;
  const auto backend = make_backend("cpu");
  const auto dataset = training_data(toy, scratch);
  CHECK(dataset->size() == (kIdentities + 1) * kTrain);
  CHECK(dataset->classes() == kIdentities + 1);
  CHECK(dataset->class_name(0) == "0");
  CHECK(dataset->vector_size() == kDim);
  std::vector<ItemVectors> sources;
  sources.emplace_back(toy.plan, toy.parts());
  const std::vector<double> one = {1};
  const double centres = map_of(toy.ranking(), rank_by_centres(toy.ranking(), sources, one));

  std::vector<std::filesystem::path> files = {train(*dataset, scratch, "softmax", 1, *backend),
                                              train(*dataset, scratch, "arcface", 2, *backend)};
  std::vector<RankedLists> alone;
  for (const auto& file : files) {
    std::vector<std::unique_ptr<Classifier>> classifier;
    classifier.push_back(std::make_unique<Classifier>(file, *backend));
    alone.push_back(rank_by_classifiers(toy.ranking(), classifier, sources, one));
    const double map = map_of(toy.ranking(), alone.back());
    CAPTURE(file.string());
    CAPTURE(centres);
    CHECK(map > 0.8);
    CHECK(map > centres + 0.2);
    for (const auto& ranked : alone.back()) CHECK(std::ssize(ranked) == toy.ranking().depth);
  }
  CHECK(alone[0] != alone[1]);

  std::vector<std::unique_ptr<Classifier>> both;
  for (const auto& file : files) both.push_back(std::make_unique<Classifier>(file, *backend));
  const std::vector<double> weights = {3, 1}, nearly = {1, 1e-12};
  CHECK(rank_by_classifiers(toy.ranking(), both, sources, nearly) == alone[0]);
  const RankedLists lists = rank_by_classifiers(toy.ranking(), both, sources, weights);
  // The same by hand from the probabilities of each.
  const auto count = std::ssize(toy.ranking().candidates);
  const Tensor vectors({count, kDim, 1, 1});
  for (int64_t i = 0; i < count; ++i)
    sources[0].read(toy.ranking().candidates[static_cast<size_t>(i)], vectors.f32() + i * kDim);
  std::vector<std::vector<double>> shares(
      2, std::vector<double>(static_cast<size_t>(count * (kIdentities + 1))));
  for (size_t m = 0; m < 2; ++m) both[m]->classify(vectors, shares[m]);
  for (size_t q = 0; q < lists.size(); ++q) {
    const auto mean = [&](int64_t item) {
      const int64_t first = toy.ranking().candidates[0];
      const auto at = static_cast<size_t>((item - first) * (kIdentities + 1) + static_cast<int64_t>(q) + 1);
      return (3 * shares[0][at] + shares[1][at]) / 4;
    };
    std::vector<int64_t> expected = toy.ranking().candidates;
    std::ranges::stable_sort(expected, std::ranges::greater{}, mean);
    for (size_t k = 0; k < lists[q].size(); ++k)
      CHECK(mean(lists[q][k]) == doctest::Approx(mean(expected[k])));
  }
}

TEST_CASE("probabilities are the softmax of x w + b, or of s times the cosine") {
  const Toy toy;
  const test::ScratchFolder scratch;
  const auto backend = make_backend("ref");
  const auto dataset = training_data(toy, scratch);
  for (const std::string loss : {"softmax", "cosface"}) {
    const auto file = train(*dataset, scratch, loss, 3, *backend);
    Classifier classifier(file, *backend);
    const Safetensors model(file);
    const auto weight = model.tensor("head.weight").floats();
    const int64_t n = 5, classes = kIdentities + 1;
    Tensor vectors({n, kDim, 1, 1});
    for (int64_t i = 0; i < n; ++i)
      dataset->vector(i * 31, vectors.floats().subspan(static_cast<size_t>(i * kDim), kDim));
    std::vector<double> shares(static_cast<size_t>(n * classes));
    classifier.classify(vectors, shares);
    const auto network = load_network(file, *backend);
    const View x = network->forward_eval(vectors);
    for (int64_t i = 0; i < n; ++i) {
      std::vector<double> logits;
      for (int64_t c = 0; c < classes; ++c) {
        double dot = 0, xx = 0, ww = 0;
        for (int64_t k = 0; k < 32; ++k) {
          const auto a = static_cast<double>(x.f32()[i * 32 + k]);
          const auto b = static_cast<double>(weight[static_cast<size_t>(c * 32 + k)]);
          dot += a * b;
          xx += a * a;
          ww += b * b;
        }
        logits.push_back(
            loss == "softmax"
                ? dot + static_cast<double>(model.tensor("head.bias").floats()[static_cast<size_t>(c)])
                : 16 * dot / std::sqrt(xx * ww));
      }
      double sum = 0;
      for (const double logit : logits) sum += std::exp(logit);
      for (int64_t c = 0; c < classes; ++c)
        CHECK(shares[static_cast<size_t>(i * classes + c)] ==
              doctest::Approx(std::exp(logits[static_cast<size_t>(c)]) / sum).epsilon(1e-4));
    }
  }
}

TEST_CASE("files that are no classifier, and sizes that do not fit, are refused") {
  const Toy toy;
  const test::ScratchFolder scratch;
  const auto backend = make_backend("ref");
  Network network("mlp", {.embedding_size = 4, .input_size = 5}, *backend);
  network.initialise(1);
  Tensor weight = Tensor::zeros({2, 4}), bias = Tensor::zeros({.n = 3});
  const auto save = [&](std::map<std::string, std::string> metadata, bool head = true) {
    metadata.insert({{"network", "mlp"}, {"embedding_size", "4"}, {"input_size", "5"}});
    std::vector<StoredTensor> tensors = stored(network.parameters(), "backbone.");
    if (head) tensors.push_back({"head.weight", "F32", {2, 4}, std::as_bytes(weight.floats())});
    if (head) tensors.push_back({"head.bias", "F32", {3}, std::as_bytes(bias.floats())});
    write_safetensors(scratch / "m", tensors, metadata);
    return error_of([&] { Classifier(scratch / "m", *backend); });
  };
  using Text = std::string;
  const auto has = [](const Text& text, const char* part) { return text.find(part) != Text::npos; };
  CHECK(save({{"class_names", "3 7"}, {"logit_scale", "16"}}).empty());
  CHECK(has(save({{"class_names", "3 7"}, {"logit_scale", "16"}}, false), "not a model that fr-train made"));
  CHECK(has(save({{"logit_scale", "16"}}), "not a model that fr-train made"));
  CHECK(has(save({{"class_names", "3 7"}}), "not a model that fr-train made"));
  CHECK(has(save({{"class_names", "3 7 9"}, {"logit_scale", "16"}}), "'head.weight' is not (3, 4)"));
  CHECK(has(save({{"class_names", "3 3"}, {"logit_scale", "16"}}), "two classes are named 3"));
  CHECK(has(save({{"class_names", "3 x"}, {"logit_scale", "16"}}), "'x' is not a number"));
  CHECK(has(save({{"class_names", "3 7"}, {"logit_scale", "-1"}}), "logit_scale -1"));
  CHECK(has(save({{"class_names", "3 7"}, {"logit_scale", "nan"}}), "logit_scale"));
  CHECK(has(save({{"class_names", "3 7"}, {"logit_scale", "0"}}), "3 biases for 2 classes"));

  CHECK(save({{"class_names", "3 7"}, {"logit_scale", "16"}}).empty());
  std::vector<std::unique_ptr<Classifier>> classifiers;
  classifiers.push_back(std::make_unique<Classifier>(scratch / "m", *backend));
  std::vector<ItemVectors> sources;
  sources.emplace_back(toy.plan, toy.parts());
  const std::vector<double> one = {1};
  CHECK(has(error_of([&] { rank_by_classifiers(toy.ranking(), classifiers, sources, one); }),
            "16 numbers an item, but classifier 1 reads 5"));
}

TEST_CASE("labels: lists across files, .npy, and what is refused") {
  const test::ScratchFolder scratch;
  const auto rows = [](std::vector<std::string> names) {
    Embeddings result = Embeddings::make(std::ssize(names), 2);
    for (float& value : result.owned.floats()) value = 1;
    result.names = std::move(names);
    result.source = "v.h5";
    return list(std::move(result));
  };
  write_file(scratch / "a.txt", "9 a b\n2 c\n");
  write_file(scratch / "b.txt", "2 d\n5 e\n");
  const std::string a = scratch / "a.txt", b = scratch / "b.txt";
  const auto dataset = make_vector_dataset({a, b}, rows({"e", "d", "a", "x", "c_1", "c_2"}));
  REQUIRE(dataset->size() == 4);  // b has no row
  CHECK(dataset->classes() == 3);
  std::vector<std::string> seen;
  for (int64_t i = 0; i < 4; ++i)
    seen.push_back(dataset->item_name(i) + " " + dataset->class_name(dataset->label(i)));
  CHECK(seen == std::vector<std::string>{"a 9", "c 2", "d 2", "e 5"});
  CHECK(dataset->describe() == "v.h5: 4 vectors of 3 identities, 1 without one left out");
  write_file(scratch / "b.txt", "2 d\n5 a\n");
  CHECK(error_of([&] {
          make_vector_dataset({a, b}, rows({"a"}));
        }) == b + ":2: video 'a' is listed at " + a + ":1 already");
  CHECK(error_of([&] { make_vector_dataset({a}, rows({"x"})); }).starts_with("v.h5: no row of any of the 3"));

  const std::string npy = scratch / "labels.npy";
  const std::vector<int32_t> labels = {2, 0, 2};
  write_npy(npy, std::span<const int32_t>(labels), {3});
  const auto numbered = make_vector_dataset({npy}, rows({"a", "a_1", "b"}));
  CHECK(numbered->classes() == 3);
  CHECK(numbered->label(2) == 2);
  CHECK(numbered->class_name(2) == "2");
  CHECK(error_of([&] {
          make_vector_dataset({npy}, rows({"a", "b"}));
        }) == npy + ": not one label for each of the 2 rows of v.h5");
  CHECK(error_of([&] { make_vector_dataset({npy, a}, rows({"a", "b"})); }).starts_with(npy));
  const std::vector<int32_t> bad = {2, -1, 2};
  write_npy(npy, std::span<const int32_t>(bad), {3});
  CHECK(error_of([&] {
          make_vector_dataset({npy}, rows({"a", "b", "c"}));
        }) == npy + ": row 1: label -1 is out of range for 3 rows");
}
