// Known answers of golden_eval/megaface: features, CMC and rates in each noise mode, cleaned features, files
// to refuse; and the counts of the real lists.
#include <algorithm>
#include <cstring>

#include "core/random.h"
#include "eval/distractor_metrics.h"
#include "eval/golden.h"
#include "eval/protocol.h"
#include "store/feature_tree.h"
#include "store/matrix.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

namespace {

using Own = std::map<std::string, std::string>;

Plan plan_of(const fs::path& data, const Own& own) {
  return Registry<ProtocolKind>::instance().find("megaface")().plan({.data = data.string(), .own = own});
}

// Rows of the probes, then of the distractors.
Embeddings stack(const Embeddings& probes, const Embeddings& distractors, int64_t count) {
  Embeddings rows = Embeddings::make(probes.rows + count, probes.dim);
  std::copy_n(probes.values, probes.rows * probes.dim, rows.owned.f32());
  std::copy_n(distractors.values, count * probes.dim, rows.owned.f32() + probes.rows * probes.dim);
  return rows;
}

// The formula that stands for the random vector in the known answers.
double golden_noise(int64_t j, int64_t k) {
  return -0.001 + 0.002 * static_cast<double>(((k + 1) * (j + 1)) % 17) / 17;
}

// A threshold of the known answers as a dot product.
double as_dot(const Json& mode, double threshold) {
  const bool distance = mode["score"].get<std::string>().find("L2") != std::string::npos;
  return distance ? (threshold + 2) / 2 : threshold;
}

void check_tar(const Json& mode, const Json& list, const std::string& suffix, const Result& result) {
  REQUIRE(!list.empty());
  for (const Json& e : list) {
    CAPTURE(e.dump());
    const Metric& metric = result.metrics.at("tar@far=" + rate_text(e["far"]) + suffix);
    CHECK(near(metric.value, e["tar"], 1e-12));
    CHECK(same_far(*metric.far, e));
    CHECK(near(*metric.threshold, as_dot(mode, e["threshold"]), 1e-6));
    CHECK(metric.rule.find(fmt::format("{} of {} impostors", e["k"].get<int64_t>(),
                                       e["impostors"].get<int64_t>())) != std::string::npos);
    CHECK(result.counts.at("genuine") == e["genuine"].get<int64_t>());
  }
}

void check_cmc(const Json& expected, const Result& result) {
  const auto curve = std::find_if(result.curves.begin(), result.curves.end(),
                                  [](const Curve& c) { return c.name == "cmc"; });
  REQUIRE(curve != result.curves.end());
  for (size_t i = 0; i < expected["pessimistic"].size(); ++i) {
    CHECK(curve->x[i] == static_cast<double>(i + 1));
    CHECK(near(curve->y[i], expected["pessimistic"][i], 1e-12));
  }
  for (const int64_t rank : {1, 10}) {
    const auto at = static_cast<size_t>(rank) - 1;
    CHECK(near(result.metrics.at(fmt::format("rank-{}", rank)).value, expected["pessimistic"][at], 1e-12));
    CHECK(near(result.metrics.at(fmt::format("rank-{}/optimistic", rank)).value, expected["optimistic"][at],
               1e-12));
  }
}

void check_mode(const Json& mode, const Result& result) {
  CHECK(result.counts.at("probes") == mode["probes"].get<int64_t>());
  CHECK(result.counts.at("distractors") == mode["distractors"].get<int64_t>());
  CHECK(result.counts.at("trials") == mode["trials"].get<int64_t>());
  CHECK(result.counts.at("failed_items") == 0);
  check_cmc(mode, result);
  check_tar(mode, mode["tar"], "", result);
  check_tar(mode, mode["tar_with_cross_identity_probe_pairs"], "/cross", result);
}

// Hits at every rank, from the search itself.
void check_hits(const Json& mode, const Plan& plan, const Embeddings& rows) {
  const DistractorSearch& search = *plan.distractor_search;
  JoinedItems items = join_items(plan, rows, nullptr, false);
  std::vector<float> replaced;
  if (!search.noise.empty()) replaced = replace_noise_probes(plan, items.features, golden_noise);
  const Trials trials = make_trials(search, plan.subjects);
  const DistractorScores scores =
      score_distractors(search, plan.subjects, trials, items.features, {.rank_limit = 30});
  int64_t tied = 0;
  for (const RankSink::Above& trial : scores.above) tied += trial.at_least != trial.more;
  CHECK(tied <= mode["tied"].get<int64_t>());  // those beyond rank 30 are not told apart
  for (size_t i = 0; i < mode["pessimistic_hits"].size(); ++i) {
    CAPTURE(i);
    const auto rank = static_cast<int64_t>(i) + 1;
    CHECK(rank_hits(scores.above, rank, true) == mode["pessimistic_hits"][i].get<int64_t>());
    CHECK(rank_hits(scores.above, rank, false) == mode["optimistic_hits"][i].get<int64_t>());
  }
}

EvaluateOptions options_of(const Json& mode) {
  EvaluateOptions options;
  for (const Json& e : mode["tar"]) options.far.push_back(e["far"]);
  options.noise_vector = golden_noise;
  return options;
}

}  // namespace

TEST_CASE("MegaFace: features of the devkit's tree") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "megaface";
  const Json expected = read_json(folder / "expected.json");
  const auto size = expected["modes"]["raw"]["distractors"].get<int64_t>();
  const Plan plan = plan_of(folder, {{"--size", std::to_string(size)}});
  CHECK(std::ssize(plan.items) == expected["probes"].get<int64_t>() + size);
  const auto name = [&](int64_t i) -> const std::string& { return plan.items[static_cast<size_t>(i)].name; };
  const Embeddings tree = read_feature_tree(folder / "features", "", std::ssize(plan.items), name);
  const Embeddings rows =
      stack(golden_embeddings(folder / "probes.npy"), golden_embeddings(folder / "distractors.npy"), size);
  REQUIRE(tree.rows == rows.rows);
  REQUIRE(tree.dim == rows.dim);
  CHECK(std::memcmp(tree.values, rows.values, sizeof(float) * static_cast<size_t>(rows.rows * rows.dim)) ==
        0);

  std::vector<float> row;
  CHECK(read_vector(folder / "type6_double.bin", row));
  CHECK(std::equal(row.begin(), row.end(), rows.values, rows.values + rows.dim));
  int64_t refused = 0;
  for (const Json& entry : expected["refuse"]) {
    const auto file = entry.get<std::string>();
    if (!file.ends_with(".bin")) continue;
    CAPTURE(file);
    CHECK_THROWS_AS(read_matrix(folder / file), Error);
    CHECK_THROWS_AS(read_vector(folder / file, row), Error);
    ++refused;
  }
  CHECK(refused > 0);
}

TEST_CASE("MegaFace: identification and verification in each noise mode") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "megaface";
  const Json expected = read_json(folder / "expected.json");
  const Embeddings probes = golden_embeddings(folder / "probes.npy");
  const Embeddings distractors = golden_embeddings(folder / "distractors.npy");
  for (const auto& [name, mode] : expected["modes"].items()) {
    const auto& shown = name;  // clang 14 captures no structured binding
    CAPTURE(shown);
    const std::string noise = name == "raw" ? "keep" : name;
    const auto all = expected["modes"]["raw"]["distractors"].get<int64_t>();
    const Plan plan = plan_of(folder, {{"--size", std::to_string(all)}, {"--noise", noise}});
    Embeddings rows = stack(probes, distractors, all);
    check_mode(mode, evaluate(plan, rows, nullptr, options_of(mode)));
    check_hits(mode, plan, rows);

    // The same by name, in another order.
    std::vector<int64_t> order(plan.items.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
    shuffle(order, RandomStream(1, "order"));
    Embeddings mixed = Embeddings::make(rows.rows, rows.dim);
    for (size_t i = 0; i < order.size(); ++i) {
      std::copy_n(rows.row(order[i]).data(), rows.dim,
                  mixed.owned.f32() + static_cast<int64_t>(i) * rows.dim);
      mixed.names.push_back(plan.items[static_cast<size_t>(order[i])].name);
    }
    check_mode(mode, evaluate(plan, mixed, nullptr, options_of(mode)));

    for (const auto& [size, e] : mode["other_sizes"].items()) {
      const auto& shown_size = size;
      CAPTURE(shown_size);
      const Plan few = plan_of(folder, {{"--size", size}, {"--noise", noise}});
      const Result result = evaluate(few, mixed, nullptr, options_of(mode));
      CHECK(result.counts.at("distractors") == e["distractors"].get<int64_t>());
      CHECK(result.counts.at("extra_rows") == all - std::stoll(size));
      check_cmc(e, result);
    }
  }
}

TEST_CASE("MegaFace: replaced rows, and features that were cleaned before") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "megaface";
  const Json expected = read_json(folder / "expected.json");
  const auto all = expected["modes"]["raw"]["distractors"].get<int64_t>();
  const Embeddings clean_probes = golden_embeddings(folder / "probes_clean.npy");
  const Embeddings clean_distractors = golden_embeddings(folder / "distractors_clean.npy");
  const Own own = {{"--size", std::to_string(all)}};

  const Plan plan = plan_of(folder, {{"--size", std::to_string(all)}, {"--noise", "replace"}});
  const Embeddings rows =
      stack(golden_embeddings(folder / "probes.npy"), golden_embeddings(folder / "distractors.npy"), all);
  JoinedItems items = join_items(plan, rows, nullptr, false);
  const std::vector<float> storage = replace_noise_probes(plan, items.features, golden_noise);
  std::vector<std::string> marked[2];
  for (size_t i = 0; i < plan.items.size(); ++i) {
    const auto probes = static_cast<size_t>(clean_probes.rows);
    const auto clean = i < probes ? clean_probes.row(static_cast<int64_t>(i))
                                  : clean_distractors.row(static_cast<int64_t>(i - probes));
    const bool noise = plan.distractor_search->noise[i] != 0;
    if (noise) marked[i < probes ? 0 : 1].push_back(plan.items[i].name);
    if (i >= probes) {
      CHECK((clean.back() == 100) == noise);
      continue;
    }
    for (size_t k = 0; k + 1 < clean.size(); ++k) {
      const double difference =
          static_cast<double>(items.features.original[i][k]) - static_cast<double>(clean[k]);
      CHECK(std::abs(difference) <= (noise ? 1e-6 : 0));
    }
  }
  for (const auto& [key, names] :
       {std::pair("noise_probes", &marked[0]), {"noise_distractors", &marked[1]}}) {
    std::vector<std::string> known = expected[key];
    std::sort(known.begin(), known.end());
    std::sort(names->begin(), names->end());
    CHECK(*names == known);
  }

  const Json& mode = expected["modes"]["replace"];
  const Result cleaned =
      evaluate(plan_of(folder, own), stack(clean_probes, clean_distractors, all), nullptr, options_of(mode));
  check_mode(mode, cleaned);
  CHECK(cleaned.variant.at("refined") == "R");
  CHECK(cleaned.counts.at("noise_distractors") == std::ssize(marked[1]));
}

TEST_CASE("MegaFace: a person without a clean image cannot be cleaned") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  ScratchFolder scratch;
  for (const char* file : {"facescrub_features_list.json", "megaface_lst", "megaface_noises.txt"}) {
    fs::copy_file(root / "megaface" / file, scratch / file);
  }
  fs::copy_file(root / "megaface/facescrub_noises_all_of_one.txt", scratch / "facescrub_noises.txt");
  CHECK_THROWS_WITH_AS(plan_of(scratch.path(), {{"--noise", "replace"}}),
                       doctest::Contains("facescrub_noises.txt: "), Error);
  CHECK_NOTHROW(plan_of(scratch.path(), {{"--noise", "drop"}}));
}

TEST_CASE("MegaFace: the devkit's files of the known answers") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "megaface";
  const Json mode = read_json(folder / "expected.json")["modes"]["raw"];
  const auto all = mode["distractors"].get<int64_t>();
  const Embeddings rows =
      stack(golden_embeddings(folder / "probes.npy"), golden_embeddings(folder / "distractors.npy"), all);
  ScratchFolder scratch;
  EvaluateOptions options;
  options.devkit_out = scratch / "x_y_z_1_1";
  evaluate(plan_of(folder, {{"--size", std::to_string(all)}}), rows, nullptr, options);
  const Json cmc = read_json(scratch / "cmc_x_y_z_1_1.json")["cmc"];
  CHECK(cmc[0][0] == 0);
  CHECK(near(cmc[1][0], mode["pessimistic"][0], 1e-12));
  CHECK(cmc[1].back() == 1.0);
  int64_t trials = 0, first = 0;
  for (const Json& entry : read_json(scratch / "matches_x_y_z_1_1.json")) {
    for (const Json& rank : entry["probes"]["rank"]) first += rank == 0;
    trials += std::ssize(entry["probes"]["idx"]);
  }
  CHECK(trials == mode["trials"].get<int64_t>());
  CHECK(first == mode["pessimistic_hits"][0].get<int64_t>());
}

TEST_CASE("MegaFace: the real lists") {
  const fs::path data = shared_data();
  if (data.empty()) return;
  const Plan plan = plan_of(data / "megaface", {{"--size", "1000"}, {"--noise", "replace"}});
  CHECK(make_trials(*plan.distractor_search, plan.subjects).people == 80);
  CHECK(plan.distractor_search->probes.size() == 3530);
  CHECK(plan.distractor_search->distractors.size() == 1000);
  const std::map<std::string, int64_t> counts(plan.counts.begin(), plan.counts.end());
  CHECK(counts.at("noise_probe_lines") == 605);
  CHECK(counts.at("noise_distractor_lines") == 719);
  CHECK(counts.at("noise_distractor_names") == 707);
  CHECK(counts.at("noise_probes") > 0);
}
