// Texts of variable length in the bytes of an HDF5 file: found by their references; damaged heaps and
// references out of bounds are refused, and none is walked for ever.
#include "store/heap_texts.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace fr;

namespace {

std::string number(uint64_t value, size_t width) { return {reinterpret_cast<const char*>(&value), width}; }

std::string object(uint64_t index, const std::string& data) {
  return number(index, 2) + number(1, 2) + number(0, 4) + number(data.size(), 8) + data +
         std::string((8 - data.size() % 8) % 8, '\0');
}

std::string heap(const std::string& objects) {
  return "GCOL" + number(1, 4) + number(16 + objects.size() + 16, 8) + objects + number(0, 8) + number(16, 8);
}

std::string reference(uint64_t length, uint64_t address, uint64_t index) {
  return number(length, 4) + number(address, 8) + number(index, 4);
}

std::vector<std::string> texts(const std::string& file, const std::vector<TextReferences>& references,
                               int64_t rows) {
  return read_heap_texts(std::as_bytes(std::span(file)), references, rows);
}

}  // namespace

TEST_CASE("texts of two heaps, in blocks, with a row that refers to none") {
  const std::string references =
      reference(3, 64, 1) + reference(0, 0, 0) + reference(5, 64, 2) + reference(2, 160, 7);
  std::string file = references + heap(object(1, std::string("ab\0", 3)) + object(2, "third"));
  file.resize(160);
  file += heap(object(7, "zz"));
  const std::vector<std::string> expected = {"ab", "", "third", "zz"};
  CHECK(texts(file, {{0, 0, 4}}, 4) == expected);
  CHECK(texts(file, {{32, 2, 2}, {0, 0, 2}}, 4) == expected);
  CHECK(texts(file, {{0, 0, 4}}, 3) ==
        std::vector<std::string>{"ab", "", "third"});  // a chunk beyond the last row
}

TEST_CASE("damaged heaps and references are refused") {
  const std::string good = heap(object(1, "text"));
  const auto refused = [&](const std::string& head, const std::string& rest) {
    CHECK_THROWS_AS(texts(head + rest, {{0, 0, 1}}, 1), Error);
  };
  CHECK(texts(reference(4, 16, 1) + good, {{0, 0, 1}}, 1)[0] == "text");
  refused(reference(5, 16, 1), good);                 // longer than the object
  refused(reference(4, 16, 2), good);                 // no such object
  refused(reference(4, 17, 1), good);                 // no heap there
  refused(reference(4, uint64_t{1} << 60, 1), good);  // beyond the file
  refused(reference(4, 16, 1), good.substr(0, 40));   // a heap cut short
  refused(reference(4, 16, 1), "GCOL" + number(2, 4) + good.substr(8));
  refused(reference(4, 16, 2), heap(object(0, "")));  // free space of no size
  std::string huge = good;
  huge.replace(24, 8, number(~uint64_t{0} - 8, 8));  // an object that wraps around
  refused(reference(4, 16, 1), huge);
  CHECK_THROWS_AS(texts(good, {{~uint64_t{0}, 0, 1}}, 1), Error);
  CHECK_THROWS_AS(texts(good, {{0, 0, int64_t{1} << 50}}, int64_t{1} << 10), Error);
}
