#include "core/lfw_pairs.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "support/support.h"

using namespace fr;

TEST_CASE("pairs of both kinds, with either header") {
  const auto pairs = parse_lfw_pairs("2\t1\r\nAnn_B\t1\t12\r\nAnn_B\t2\tBob\t3\r\nC\t1\t2\nC\t1\tD\t1", "p");
  REQUIRE(pairs.size() == 4);
  CHECK(pairs[0].a == "Ann_B/Ann_B_0001");
  CHECK(pairs[0].b == "Ann_B/Ann_B_0012");
  CHECK(pairs[0].same);
  CHECK(pairs[1].b == "Bob/Bob_0003");
  CHECK_FALSE(pairs[1].same);
  CHECK(pairs[3].line == 5);
  CHECK(parse_lfw_pairs("1\nA 1 2\nA 1 B 1\n", "p").size() == 2);
}

TEST_CASE("errors name the line") {
  CHECK_THROWS_WITH_AS(parse_lfw_pairs("1\nA 1 2\nA x B 1\n", "p"), "p:3: 'x' is not a number", Error);
  CHECK_THROWS_WITH_AS(parse_lfw_pairs("1\nA 1\n", "p"),
                       "p:2: expected 'name i j' or 'name i name j', found 'A 1'", Error);
  CHECK_THROWS_WITH_AS(parse_lfw_pairs("1 1\nA 1 2\n", "p"),
                       "p:2: the list ends after 1 pairs, its first line promises 2", Error);
  CHECK_THROWS_AS(parse_lfw_pairs("", "p"), Error);
  CHECK_THROWS_AS(parse_lfw_pairs("99999999999 99999999999\n", "p"), Error);
}

TEST_CASE("the official list: 10 folds of 300 + 300 pairs, 7701 images") {
  const std::filesystem::path data = test::shared_data();
  if (data.empty()) return;
  const auto pairs = parse_lfw_pairs(read_text(data / "lfw/pairs.txt"), "pairs.txt");
  CHECK(pairs.size() == 6000);
  std::vector<std::string> images;
  for (const LfwPair& pair : pairs) images.insert(images.end(), {pair.a, pair.b});
  std::sort(images.begin(), images.end());
  CHECK(std::unique(images.begin(), images.end()) - images.begin() == 7701);
  for (size_t i = 0; i < pairs.size(); ++i) CHECK(pairs[i].same == (i % 600 < 300));
}
