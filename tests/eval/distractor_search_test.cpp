// Distractor search against a brute force in double precision: ties, duplicates, zero rows and failed items.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "eval/distractor_metrics.h"
#include "eval/unit_rows.h"

using namespace fr;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Items 0 … probes-1 are probes of `people` people, the rest distractors.
struct Data {
  Plan plan;
  Embeddings rows;
};

// Rows from `copies_from` on repeat each other now and then.
Data make_data(int64_t probes, int64_t people, int64_t distractors, int64_t dim, int64_t copies_from,
               uint64_t seed, const std::function<void(RandomStream&, float*)>& fill) {
  Data data;
  RandomStream random(seed, "distractor search test");
  DistractorSearch& search = data.plan.distractor_search.emplace();
  data.plan.protocol = "test";
  data.rows = Embeddings::make(probes + distractors, dim);
  for (int64_t i = 0; i < probes + distractors; ++i) {
    data.plan.items.push_back({.name = std::to_string(i), .file = {}});
    data.plan.subjects.push_back(
        i < probes ? static_cast<int64_t>(random.next_below(static_cast<uint64_t>(people))) : -1);
    (i < probes ? search.probes : search.distractors).push_back(i);
    float* row = data.rows.owned.f32() + i * dim;
    const uint64_t kind = random.next_below(20);
    if (i > copies_from && kind < 3) {  // a copy of an earlier row
      const auto choice = static_cast<uint64_t>(i - copies_from);
      const int64_t source = copies_from + static_cast<int64_t>(random.next_below(choice));
      std::copy_n(data.rows.owned.f32() + source * dim, dim, row);
    } else if (kind == 3) {
      std::fill_n(row, dim, 0.0f);
    } else if (kind == 4) {  // failed
      std::fill_n(row, dim, std::numeric_limits<float>::quiet_NaN());
    } else {
      fill(random, row);
    }
  }
  search.ranks = {1, 2, 7};
  search.far = {0.3, 1e-2, 1e-3};
  search.fpir = {0.5, 0.1, 0};
  search.cross_probes = true;
  return data;
}

// Four values of ±1/2: unit vectors whose scores are multiples of 1/4, exact in any precision. Nearly all
// tie.
Data tied_data(uint64_t seed) {
  return make_data(37, 6, 211, 12, 0, seed, [](RandomStream& random, float* row) {
    std::fill_n(row, 12, 0.0f);
    for (int set = 0; set < 4;) {
      float& value = row[random.next_below(12)];
      if (value != 0) continue;
      value = random.next_below(3) == 0 ? -0.5f : 0.5f;
      ++set;
    }
  });
}

// Copies of a row score 1 only but for rounding, so none is between a probe and a distractor.
Data gaussian_data(uint64_t seed) {
  return make_data(41, 7, 300, 24, 41, seed, [](RandomStream& random, float* row) {
    for (int k = 0; k < 24; ++k) row[k] = 3 * random.next_normal();
  });
}

double brute_score(const Data& data, int64_t a, int64_t b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t k = 0; k < static_cast<size_t>(data.rows.dim); ++k) {
    const auto x = static_cast<double>(data.rows.row(a)[k]), y = static_cast<double>(data.rows.row(b)[k]);
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (std::isnan(dot)) return -kInfinity;  // one of them failed
  return aa == 0 || bb == 0 ? 0 : dot / std::sqrt(aa) / std::sqrt(bb);
}

struct Brute {
  std::vector<double> genuine, impostor, cross;    // all scores, -infinity for failed ones
  std::vector<std::vector<double>> distractors;    // (probes), descending
  std::vector<std::pair<int64_t, double>> trials;  // probe, score with the mate
};

Brute brute_force(const Data& data) {
  Brute brute;
  const DistractorSearch& search = *data.plan.distractor_search;
  const auto subject = [&](int64_t item) { return data.plan.subjects[static_cast<size_t>(item)]; };
  for (const int64_t p : search.probes) {
    std::vector<double>& row = brute.distractors.emplace_back();
    for (const int64_t d : search.distractors) row.push_back(brute_score(data, p, d));
    std::sort(row.rbegin(), row.rend());
    brute.impostor.insert(brute.impostor.end(), row.begin(), row.end());
    for (const int64_t q : search.probes) {
      if (p == q) continue;
      const double score = brute_score(data, p, q);
      if (subject(p) == subject(q)) {
        brute.genuine.push_back(score);
        brute.trials.emplace_back(p, score);
      } else {
        brute.cross.push_back(score);
      }
    }
  }
  return brute;
}

// The largest TAR of all thresholds "score > t" whose FPR is at most `far`.
double brute_tar(std::vector<double> genuine, std::vector<double> impostor, double far) {
  double best = 0;
  std::sort(genuine.begin(), genuine.end());
  std::sort(impostor.begin(), impostor.end());
  std::vector<double> thresholds = impostor;
  thresholds.push_back(-kInfinity);
  for (const double t : thresholds) {
    const auto above = [t](const std::vector<double>& scores) {
      const auto first = std::upper_bound(scores.begin(), scores.end(), t + 1e-9);
      return static_cast<double>(scores.end() - first) / static_cast<double>(scores.size());
    };
    if (above(impostor) <= far) best = std::max(best, above(genuine));
  }
  return best;
}

void check(const Data& data) {
  const Brute brute = brute_force(data);
  const Result result = evaluate(data.plan, data.rows, nullptr, {});
  CHECK(result.counts.at("trials") == std::ssize(brute.trials));
  CHECK(result.counts.at("impostor") == std::ssize(brute.impostor));
  CHECK(result.counts.at("failed_genuine") ==
        std::count(brute.genuine.begin(), brute.genuine.end(), -kInfinity));
  CHECK(result.counts.at("failed_impostor") ==
        std::count(brute.impostor.begin(), brute.impostor.end(), -kInfinity));

  for (const int64_t rank : data.plan.distractor_search->ranks) {
    int64_t pessimistic = 0, optimistic = 0;
    for (const auto& [probe, score] : brute.trials) {
      if (score == -kInfinity) continue;
      const std::vector<double>& others = brute.distractors[static_cast<size_t>(probe)];
      const double low = score - 1e-9, high = score + 1e-9;  // equal but for rounding
      pessimistic += std::count_if(others.begin(), others.end(), [=](double s) { return s >= low; }) < rank;
      optimistic += std::count_if(others.begin(), others.end(), [=](double s) { return s > high; }) < rank;
    }
    const auto trials = static_cast<double>(brute.trials.size());
    CHECK(result.metrics.at(fmt::format("rank-{}", rank)).value == static_cast<double>(pessimistic) / trials);
    CHECK(result.metrics.at(fmt::format("rank-{}/optimistic", rank)).value ==
          static_cast<double>(optimistic) / trials);
  }
  std::vector<double> crossed = brute.impostor;
  crossed.insert(crossed.end(), brute.cross.begin(), brute.cross.end());
  for (const double far : data.plan.distractor_search->far) {
    CAPTURE(far);
    const std::string name = "tar@far=" + rate_text(far);
    CHECK(result.metrics.at(name).value == brute_tar(brute.genuine, brute.impostor, far));
    CHECK(result.metrics.at(name + "/cross").value == brute_tar(brute.genuine, crossed, far));
  }
  for (const double fpir : data.plan.distractor_search->fpir) {
    CAPTURE(fpir);
    std::vector<double> best;
    for (const std::vector<double>& row : brute.distractors) best.push_back(row[0]);
    std::sort(best.rbegin(), best.rend());
    const double threshold = best[static_cast<size_t>(fpir * static_cast<double>(best.size()))];
    const auto hits = std::count_if(brute.trials.begin(), brute.trials.end(), [&](const auto& trial) {
      const double rival = brute.distractors[static_cast<size_t>(trial.first)][0];
      return trial.second > threshold + 1e-9 && trial.second > rival + 1e-9;
    });
    CHECK(result.metrics.at("tpir@fpir=" + rate_text(fpir)).value ==
          static_cast<double>(hits) / static_cast<double>(brute.trials.size()));
  }
}

}  // namespace

TEST_CASE("tied and duplicated scores equal a brute force") {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    check(tied_data(seed));
  }
}

TEST_CASE("random scores equal a brute force") {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    check(gaussian_data(seed));
  }
}

TEST_CASE("the ROC curve is exact as far as the tail goes, and goes on by the histogram") {
  const Data data = gaussian_data(8);
  const Brute brute = brute_force(data);
  EvaluateOptions options;
  for (const bool full : {false, true}) {
    options.full_roc = full;
    for (const double far : {0.3, 1.0}) {
      options.far = {far};
      const Result result = evaluate(data.plan, data.rows, nullptr, options);
      const Curve& roc = result.curves.back();
      REQUIRE(roc.name == "roc");
      const bool whole = full || far == 1;
      CHECK((roc.x.back() == 1) == whole);
      if (whole) CHECK(roc.y.back() == 1);
      CHECK(roc.x.back() > 0.29);
      CHECK(std::is_sorted(roc.x.begin(), roc.x.end()));
      CHECK(std::is_sorted(roc.y.begin(), roc.y.end()));
      // Nothing above the true curve, and little below it: 32768 bins split 12,300 scores. The last point
      // accepts the failed pairs as well.
      for (size_t i = 0; i < roc.x.size() && roc.x[i] < 1; i += 7) {
        CHECK(roc.y[i] <= brute_tar(brute.genuine, brute.impostor, roc.x[i]) + 1e-12);
        if (roc.x[i] < 0.3) CHECK(roc.y[i] >= brute_tar(brute.genuine, brute.impostor, roc.x[i] - 1e-3));
      }
    }
  }
}

TEST_CASE("the numbers do not depend on the threads") {
  const Data data = tied_data(9);
  const int before = thread_count();
  std::vector<std::string> texts;
  for (const int threads : {1, 2, 4}) {
    set_thread_count(threads);
    Result result = evaluate(data.plan, data.rows, nullptr, {});
    result.timing.clear();
    result.environment.clear();
    texts.push_back(to_text(to_json(result)));
  }
  set_thread_count(before);
  CHECK(texts[0] == texts[1]);
  CHECK(texts[0] == texts[2]);
}

TEST_CASE("unit rows are the pooled templates, rounded once") {
  const Data data = gaussian_data(3);
  Data mirror = gaussian_data(4);
  std::vector<int64_t> usable;
  JoinedItems items = join_items(data.plan, data.rows, &mirror.rows, false);
  for (const bool flip : {true, false}) {
    if (!flip) items = join_items(data.plan, data.rows, nullptr, false);
    const TemplateFeatures templates = pool_single(items.features);
    usable.clear();
    for (int64_t i = 0; i < templates.count; ++i) {
      if (templates.failed[static_cast<size_t>(i)] == 0) usable.push_back(i);
    }
    const UnitRows rows(items.features, usable);
    std::vector<float> row(24);
    int64_t different = 0;
    for (int64_t i = 0; i < rows.count(); ++i) {
      rows.read(i, row.data());
      for (size_t k = 0; k < row.size(); ++k) {
        different += row[k] != static_cast<float>(templates.row(usable[static_cast<size_t>(i)])[k]);
      }
    }
    CHECK(different == 0);
    CHECK(rows.set().count == std::ssize(usable));
  }
}

TEST_CASE("RankSink: a score beyond all marks of a probe counts to none of another") {
  RankSink sink({{}, {0.5f}});
  sink.take_one(0, 0, std::numeric_limits<float>::infinity(), 0);
  CHECK(sink.above(1, 0.5f).at_least == 0);
}

TEST_CASE("RankSink counts exactly below its limit, whatever the order") {
  const std::vector<std::vector<float>> mates = {{0.5f, 0.25f, 0.5f, -1}, {}};
  std::vector<float> scores = {0.5f, 0.5f, 0.75f, 0.25f, 0.3f, 0.1f, -1, -2, 0.5f, 0.8f};
  RandomStream random(1, "order");
  for (int round = 0; round < 20; ++round) {
    RankSink sink(mates, {}, 6);
    CHECK(sink.cut(1) == std::numeric_limits<float>::infinity());
    for (size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] >= sink.cut(0)) sink.take_one(0, static_cast<int64_t>(i), scores[i], 0);
    }
    CHECK(sink.above(0, 0.5f).at_least == 5);
    CHECK(sink.above(0, 0.5f).more == 2);
    for (const float beyond : {0.25f, -1.0f}) {  // 6 and 8 score more
      CHECK(sink.above(0, beyond).at_least == 6);
      CHECK(sink.above(0, beyond).more == 6);
    }
    CHECK(sink.cut(0) == 0.5f);
    shuffle(scores, random);
    random.next_bits();
  }
}

TEST_CASE("a rate that needs too many scores is refused in words") {
  Data data = tied_data(1);
  DistractorSearch& search = *data.plan.distractor_search;
  search.distractors.assign(10'000'000, 40);
  search.far = {0.5};
  CHECK_THROWS_WITH_AS(evaluate(data.plan, data.rows, nullptr, {}),
                       doctest::Contains("FAR 5e-1 of 370000000 impostor pairs"), Error);
}
