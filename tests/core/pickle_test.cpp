#include "core/pickle.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "core/verification_bin.h"
#include "support/support.h"

using namespace fr;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("plain values of several protocols") {
  // pickle.dumps((1, -2, 2.5, None, True, [b'ab', 'c']), 2) with BINBYTES in place of its latin-1 detour
  const std::string whole = std::string("\x80\x02(K\x01J\xfe\xff\xff\xffG\x40\x04", 13) +
                            std::string(6, '\0') + "N\x88](C\x02" + "ab" + std::string("X\x01\0\0\0", 5) +
                            "cet.";
  const Pickle pickle(bytes_of(whole), "x");
  const PickleValue& root = pickle.root();
  REQUIRE(root.kind == PickleKind::kTuple);
  REQUIRE(root.items.size() == 6);
  CHECK(pickle[root.items[0]].number == 1);
  CHECK(pickle[root.items[1]].number == -2);
  CHECK(pickle[root.items[2]].real == 2.5);
  CHECK(pickle[root.items[3]].kind == PickleKind::kNone);
  CHECK(pickle[root.items[4]].kind == PickleKind::kBool);
  const PickleValue& list = pickle[root.items[5]];
  REQUIRE(list.items.size() == 2);
  CHECK(pickle[list.items[0]].text() == "ab");
  CHECK(pickle[list.items[1]].kind == PickleKind::kText);
}

TEST_CASE("protocol 0 strings, escapes and booleans") {
  const std::string text = "(S'a\\x00\\n\\'b'\nVz\\u00e9\nI01\nI-7\nt.";
  const Pickle pickle(bytes_of(text), "x");
  const auto& items = pickle.root().items;
  REQUIRE(items.size() == 4);
  CHECK(pickle[items[0]].text() == std::string_view("a\0\n'b", 5));
  CHECK(pickle[items[1]].text() == "z\u00e9");
  CHECK(pickle[items[2]].kind == PickleKind::kBool);
  CHECK(pickle[items[3]].number == -7);
}

TEST_CASE("errors name the offset and what was found") {
  const std::string call = "cos\nsystem\n(S'true'\ntR.";
  CHECK_THROWS_WITH_AS(Pickle(bytes_of(call), "a.bin"), "a.bin: offset 0: 'os.system' is not allowed", Error);
  const std::string opcode = "NQ.";
  CHECK_THROWS_WITH_AS(Pickle(bytes_of(opcode), "a.bin"), "a.bin: offset 1: opcode 0x51 is not allowed",
                       Error);
  const std::string huge = std::string("\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", 10);
  CHECK_THROWS_WITH_AS(Pickle(bytes_of(huge), "a.bin"),
                       "a.bin: offset 0: 18446744073709551615 bytes needed, 1 left", Error);
}

TEST_CASE("one string cannot be decoded again and again") {
  // One text of 1000 characters, then encode(text, 'latin1') many times over by the memo.
  std::string text = "c_codecs\nencode\np0\nV" + std::string(1000, 'a') + "\np1\nVlatin1\np2\n(";
  for (int i = 0; i < 2000; ++i) text += std::string("h\0h\1h\2\x86R0", 9);
  CHECK_THROWS_AS(Pickle(bytes_of(text + "N."), "x"), Error);
}

TEST_CASE("what write_verification_bin writes comes back, and Python reads it") {
  test::ScratchFolder scratch;
  std::vector<std::vector<std::byte>> images;
  for (int i = 0; i < 6; ++i)
    images.emplace_back(static_cast<size_t>(300 * i), static_cast<std::byte>(250 + i));
  const std::vector<uint8_t> same = {1, 0, 1};
  write_verification_bin(scratch / "a.bin", images, same);
  const VerificationBin bin(scratch / "a.bin");
  CHECK(bin.same() == same);
  REQUIRE(bin.images() == 6);
  for (int64_t i = 0; i < 6; ++i)
    CHECK(std::equal(bin.image(i).begin(), bin.image(i).end(), images[static_cast<size_t>(i)].begin(),
                     images[static_cast<size_t>(i)].end()));
  CHECK_THROWS_AS(write_verification_bin(scratch / "b.bin", images, {1}), Error);
  if (test::run_command("python3 -c 0").status != 0) return;
  const test::Ran python = test::run_command(
      "python3 -c \"import pickle; b, s = pickle.load(open('" + (scratch / "a.bin").string() +
      "', 'rb')); print(s == [True, False, True], [len(x) for x in b], b[5][0], type(b[5]).__name__)\"");
  CHECK(python.output == "True [0, 300, 600, 900, 1200, 1500] 255 bytes\n");
}
