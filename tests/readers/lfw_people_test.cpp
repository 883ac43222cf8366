#include "readers/lfw_people.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/files.h"
#include "support/support.h"

using namespace fr;

TEST_CASE("people.txt: sets of people, each announced") {
  test::ScratchFolder scratch;
  write_file(scratch / "people.txt", "2\n2\nAnn_A\t1\nBob_B\t3\n1\nCid_C\t2\n");
  const auto sets = read_lfw_people(scratch / "people.txt");
  REQUIRE(sets.size() == 2);
  CHECK(sets[0] == std::vector<std::string>{"Ann_A", "Bob_B"});
  CHECK(sets[1] == std::vector<std::string>{"Cid_C"});
}

TEST_CASE("people.txt: a list that ends early or a line out of place is refused by its number") {
  test::ScratchFolder scratch;
  const auto path = scratch / "people.txt";
  write_file(path, "2\n2\nAnn_A\t1\n");
  CHECK_THROWS_AS(read_lfw_people(path), Error);
  write_file(path, "1\nAnn_A\t1\n");
  CHECK_THROWS_WITH_AS(
      read_lfw_people(path),
      (path.string() + ":2: expected the number of people of a set, found 'Ann_A\t1'").c_str(), Error);
}
