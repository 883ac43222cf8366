// Inputs for streams of scores, all that sinks make of them, and the same by every pair scored by the plain
// loop and sorted.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/random.h"
#include "eval/pair_score.h"
#include "eval/score_sinks.h"
#include "eval/score_stream.h"

namespace fr {

struct Rows {
  int64_t count = 0, dim = 0;
  std::vector<float> values;  // (count, dim)
  const float* row(int64_t i) const { return values.data() + i * dim; }
  float* row(int64_t i) { return values.data() + i * dim; }
  RowSet set() const {
    return {count, dim, [this](int64_t i, float* to) { std::copy_n(row(i), dim, to); }};
  }
};

inline void make_unit(float* row, int64_t dim) {
  double sum = 0;
  for (int64_t k = 0; k < dim; ++k) sum += static_cast<double>(row[k]) * row[k];
  if (sum == 0) return;
  for (int64_t k = 0; k < dim; ++k) row[k] = static_cast<float>(row[k] / std::sqrt(sum));
}

// Unit rows of independent normal values; component 0 … leading-1 times `stretch`.
inline Rows random_rows(const char* name, int64_t count, int64_t dim, float stretch = 1,
                        int64_t leading = 0) {
  Rows rows{count, dim, std::vector<float>(static_cast<size_t>(count * dim))};
  RandomStream stream(7, name);
  for (float& value : rows.values) value = stream.next_normal();
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < leading; ++k) rows.row(i)[k] *= stretch;
    make_unit(rows.row(i), dim);
  }
  return rows;
}

struct ScoreCase {
  std::string name;
  Rows probes, gallery;
};

// A gallery in which every row is one of a few, and zero rows on both sides: ties everywhere.
inline ScoreCase tied() {
  ScoreCase c{"tied", random_rows("p", 50, 24), random_rows("g", 700, 24)};
  for (int64_t i = 0; i < 700; ++i) std::copy_n(c.gallery.row(i % 5), 24, c.gallery.row(i));
  for (int64_t i = 0; i < 50; i += 2) std::copy_n(c.probes.row(0), 24, c.probes.row(i));
  std::fill_n(c.probes.row(7), 24, 0.0f);
  std::fill_n(c.gallery.row(11), 24, 0.0f);
  return c;
}

// Scores within a few units of the last place of each other: rows near one direction.
inline ScoreCase crowded() {
  ScoreCase c{"crowded", random_rows("p", 64, 40), random_rows("g", 900, 40)};
  for (Rows* rows : {&c.probes, &c.gallery}) {
    for (int64_t i = 0; i < rows->count; ++i) {
      for (int64_t k = 0; k < 40; ++k) rows->row(i)[k] = (k == 3 ? 1.0f : 0.0f) + 1e-4f * rows->row(i)[k];
      make_unit(rows->row(i), 40);
    }
  }
  return c;
}

inline std::vector<ScoreCase> cases() {
  std::vector<ScoreCase> all;
  all.push_back({"random", random_rows("p", 101, 64), random_rows("g", 1501, 64)});
  all.push_back({"one of each", random_rows("p", 1, 1), random_rows("g", 1, 1)});
  all.push_back({"prime", random_rows("p", 13, 37), random_rows("g", 263, 37)});
  all.push_back(
      {"one large component", random_rows("p", 40, 128, 200, 1), random_rows("g", 600, 128, 200, 1)});
  all.push_back({"anisotropic", random_rows("p", 60, 96, 8, 6), random_rows("g", 800, 96, 8, 6)});
  all.push_back(tied());
  all.push_back(crowded());
  ScoreCase duplicated{"duplicated", random_rows("p", 70, 512), random_rows("g", 800, 512)};
  for (int64_t i = 0; i < 70; ++i) std::copy_n(duplicated.gallery.row(i * 3), 512, duplicated.probes.row(i));
  all.push_back(std::move(duplicated));
  return all;
}

// Everything the sinks give, as plain lists.
struct Outcome {
  std::vector<float> tail, tail_of_others;
  std::vector<std::vector<TopKSink::Hit>> top, nearest_other;
  std::vector<std::vector<std::array<int64_t, 2>>> ranks;
  std::vector<int64_t> histogram;
  bool operator==(const Outcome&) const = default;
};

inline void check_same(const Outcome& got, const Outcome& expected) {
  CHECK(got.tail == expected.tail);
  CHECK(got.tail_of_others == expected.tail_of_others);
  CHECK(got.top == expected.top);
  CHECK(got.nearest_other == expected.nearest_other);
  CHECK(got.ranks == expected.ranks);
  CHECK(got.histogram == expected.histogram);
}

inline constexpr int64_t kTail = 37, kTop = 5;

inline Subjects subjects(const ScoreCase& c) {
  Subjects s;
  for (int64_t i = 0; i < c.probes.count; ++i) s.probes.push_back(i % 9);
  for (int64_t j = 0; j < c.gallery.count; ++j) s.gallery.push_back(j % 31);
  return s;
}

// Scores whose ranks are asked for: those of gallery rows 0, 3, 6 and one that nobody reaches.
inline std::vector<std::vector<float>> marks(const ScoreCase& c) {
  std::vector<std::vector<float>> all;
  for (int64_t i = 0; i < c.probes.count; ++i) {
    auto& of = all.emplace_back();
    if (i % 4 == 3) continue;
    for (int64_t j = 0; j < std::min<int64_t>(c.gallery.count, 9); j += 3) {
      of.push_back(pair_score(c.probes.row(i), c.gallery.row(j), c.probes.dim));
    }
    of.push_back(1.5f);
  }
  return all;
}

inline Outcome brute_force(const ScoreCase& c) {
  Outcome out;
  const Subjects people = subjects(c);
  const auto asked = marks(c);
  const auto better = [](const TopKSink::Hit& a, const TopKSink::Hit& b) {
    return a.score != b.score ? a.score > b.score : a.gallery < b.gallery;
  };
  out.histogram.resize(static_cast<size_t>(ScoreBins::kCount));
  for (int64_t i = 0; i < c.probes.count; ++i) {
    std::vector<TopKSink::Hit> row, others;
    for (int64_t j = 0; j < c.gallery.count; ++j) {
      const float score = pair_score(c.probes.row(i), c.gallery.row(j), c.probes.dim);
      row.push_back({score, j});
      if (!people.same(i, j)) others.push_back({score, j});
      out.tail.push_back(score);
      if (!people.same(i, j)) out.tail_of_others.push_back(score);
      ++out.histogram[static_cast<size_t>(ScoreBins::of(score))];
    }
    auto& ranks = out.ranks.emplace_back();
    for (const float mark : asked[static_cast<size_t>(i)]) {
      std::array<int64_t, 2> above{};
      for (const auto& hit : row) {
        above[0] += hit.score >= mark;
        above[1] += hit.score > mark;
      }
      ranks.push_back(above);
    }
    std::sort(row.begin(), row.end(), better);
    std::sort(others.begin(), others.end(), better);
    if (std::ssize(row) > kTop) row.resize(kTop);
    if (std::ssize(others) > 1) others.resize(1);
    out.top.push_back(row);
    out.nearest_other.push_back(others);
  }
  for (auto* tail : {&out.tail, &out.tail_of_others}) {
    std::sort(tail->begin(), tail->end(), std::greater<>());
    if (std::ssize(*tail) > kTail) tail->resize(kTail);
  }
  return out;
}

// stream: stream_scores, or what stands for it.
template <class Stream>
Outcome streamed(const ScoreCase& c, const StreamOptions& options, bool with_histogram,
                 const Stream& stream) {
  const auto asked = marks(c);
  TailSink tail(kTail), others(kTail, subjects(c));
  TopKSink top(c.probes.count, kTop), nearest(c.probes.count, 1, subjects(c));
  RankSink ranks(asked);
  HistogramSink histogram;
  std::vector<ScoreSink*> sinks = {&tail, &others, &top, &nearest, &ranks};
  std::vector<TileSink*> tiles;
  if (with_histogram) tiles.push_back(&histogram);
  const StreamFigures figures = stream(c.probes.set(), c.gallery.set(), sinks, tiles, options);
  CHECK(figures.pairs == c.probes.count * c.gallery.count);
  Outcome out{tail.largest(), others.largest(), {}, {}, {}, histogram.counts()};
  for (int64_t i = 0; i < c.probes.count; ++i) {
    out.top.push_back(top.best(i));
    out.nearest_other.push_back(nearest.best(i));
    auto& of = out.ranks.emplace_back();
    for (const float mark : asked[static_cast<size_t>(i)]) {
      const RankSink::Above above = ranks.above(i, mark);
      of.push_back({above.at_least, above.more});
    }
  }
  return out;
}

}  // namespace fr
