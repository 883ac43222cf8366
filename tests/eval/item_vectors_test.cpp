// ItemVectors: frames, several files with weights, failures, and names that cannot be.
#include "eval/item_vectors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "support/support.h"

using namespace fr;
using test::error_of;

namespace {

using Row = std::pair<std::string, std::vector<float>>;

WeightedEmbeddings part_of(const std::vector<Row>& rows, double weight = 1) {
  WeightedEmbeddings part{Embeddings::make(std::ssize(rows), std::ssize(rows.at(0).second)), weight};
  part.embeddings.source = "v.h5";
  for (size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(rows[i].second,
                      part.embeddings.owned.f32() + static_cast<int64_t>(i) * part.embeddings.dim);
    if (!rows[i].first.empty()) part.embeddings.names.push_back(rows[i].first);
  }
  return part;
}

std::vector<WeightedEmbeddings> list(WeightedEmbeddings a) {
  std::vector<WeightedEmbeddings> parts;
  parts.push_back(std::move(a));
  return parts;
}
std::vector<WeightedEmbeddings> list(WeightedEmbeddings a, WeightedEmbeddings b) {
  std::vector<WeightedEmbeddings> parts = list(std::move(a));
  parts.push_back(std::move(b));
  return parts;
}

Plan plan_of(const std::vector<std::string>& names) {
  Plan plan;
  plan.protocol = "toy";
  for (const std::string& name : names) plan.items.push_back({.name = name, .file = {}});
  return plan;
}

std::vector<float> vector_of(const ItemVectors& vectors, int64_t item) {
  std::vector<float> values(static_cast<size_t>(vectors.dim()), -9.0f);
  vectors.read(item, values.data());
  return values;
}

void check_vector(const std::vector<float>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (size_t k = 0; k < values.size(); ++k) {
    CAPTURE(k);
    CHECK(static_cast<double>(values[k]) == doctest::Approx(expected[k]).epsilon(1e-6));
  }
}

}  // namespace

TEST_CASE("frames of a video, named by / or _, make the unit mean of their unit rows") {
  const Plan plan = plan_of({"IQ_1.mp4", "IQ_2.mp4", "IQ_3.mp4", "IQ_4.mp4"});
  const float nan = std::nanf("");
  const ItemVectors vectors(plan, list(part_of({{"IQ_1.mp4/a/01.jpg", {9, 9}},  // its owner is "IQ_1.mp4/a"
                                                {"IQ_2.mp4_07", {0, 5}},
                                                {"IQ_1.mp4/02.jpg", {2, 0}},
                                                {"IQ_3.mp4", {3, 4}},
                                                {"IQ_1.mp4_3", {0, 7}},
                                                {"IQ_1.mp4/3", {nan, 7}},
                                                {"IQ_9.mp4", {1, 1}},
                                                {"IQ_2.mp4/8", {0, 1}}})));
  check_vector(vector_of(vectors, 0), {std::sqrt(0.5), std::sqrt(0.5)});
  check_vector(vector_of(vectors, 1), {0, 1});
  check_vector(vector_of(vectors, 2), {0.6, 0.8});
  CHECK(vectors.has(0));
  CHECK_FALSE(vectors.has(3));
  CHECK(vectors.missing() == 1);
  CHECK(vectors.unusable() == 0);
  CHECK(vectors.extra() == 2);
}

TEST_CASE("a dot product of two items is the weighted mean of the files' cosines") {
  const Plan plan = plan_of({"a", "b", "c"});
  const float inf = std::numeric_limits<float>::infinity();
  const ItemVectors vectors(plan, list(part_of({{"b", {0, 2}}, {"a", {3, 4}}}, 3),
                                       part_of({{"a", {1, 0, 0}}, {"b", {1, 0, 1}}, {"c", {inf, 0, 0}}}, 1)));
  CHECK(vectors.dim() == 5);
  const std::vector<float> a = vector_of(vectors, 0), b = vector_of(vectors, 1);
  double dot = 0, norm = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    dot += static_cast<double>(a[k]) * static_cast<double>(b[k]);
    norm += static_cast<double>(a[k]) * static_cast<double>(a[k]);
  }
  CHECK(dot == doctest::Approx(0.75 * 0.8 + 0.25 * std::sqrt(0.5)));
  CHECK(norm == doctest::Approx(1));
  CHECK_FALSE(vectors.has(2));
  CHECK(vectors.missing() == 1);
  CHECK(vectors.unusable() == 1);
}

TEST_CASE("an item one file lacks has zeros there, a zero row stays zero") {
  const Plan plan = plan_of({"a", "b"});
  const ItemVectors vectors(plan, list(part_of({{"a", {3, 4}}, {"b", {0, 0}}}), part_of({{"b", {2}}}, 1)));
  CHECK(vectors.has(0));
  check_vector(vector_of(vectors, 0), {0.6 * std::sqrt(0.5), 0.8 * std::sqrt(0.5), 0});
  check_vector(vector_of(vectors, 1), {0, 0, std::sqrt(0.5)});
}

TEST_CASE("rows without names belong to the items in order") {
  const Plan plan = plan_of({"a", "b"});
  const ItemVectors vectors(plan, list(part_of({{"", {1, 0}}, {"", {0, 3}}})));
  check_vector(vector_of(vectors, 1), {0, 1});
  CHECK(error_of([&] {
          ItemVectors(plan, list(part_of({{"", {1, 0}}})));
        }) == "v.h5: 1 rows without names, but the plan of 'toy' has 2 items");
}

TEST_CASE("names and weights that cannot be are refused") {
  const Plan plan = plan_of({"a", "b"});
  CHECK(error_of([&] {
          ItemVectors(plan, list(part_of({{"a", {1}}, {"b", {1}}, {"a", {1}}})));
        }).starts_with("v.h5: row 2"));
  CHECK(error_of([&] {
          ItemVectors(plan, list(part_of({{"a/1", {1}}, {"a/1", {1}}})));
        }).starts_with("v.h5: row 1"));
  for (const auto& rows : {std::vector<Row>{{"a", {1}}, {"a/1", {1}}}, {{"a_1", {1}}, {"a", {1}}}}) {
    const std::string text = error_of([&] { ItemVectors(plan, list(part_of(rows))); });
    CAPTURE(text);
    CHECK(text.starts_with("v.h5: rows 0 and 1"));
  }
  for (const double weight : {0.0, -1.0, std::nan("")})
    CHECK(error_of([&] {
            ItemVectors(plan, list(part_of({{"a", {1}}}, weight)));
          }).starts_with("v.h5: weight"));
  CHECK_THROWS_AS(ItemVectors(plan, {}), Error);
}
