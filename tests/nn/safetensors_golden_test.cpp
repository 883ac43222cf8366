// Safetensors files written elsewhere: good ones read value for value, malformed ones refused in one line.
#include <doctest/doctest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "nn/checkpoint.h"
#include "support/support.h"

using namespace fr;

namespace {

template <class T>
T load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

double half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -size : size;
}

double element(const StoredTensor& t, size_t i, size_t size) {
  const std::byte* at = t.bytes.data() + i * size;
  if (t.dtype == "F32") return static_cast<double>(t.floats()[i]);
  if (t.dtype == "F64") return load<double>(at);
  if (t.dtype == "I64") return static_cast<double>(load<int64_t>(at));
  if (t.dtype == "F16") return half(load<uint16_t>(at));
  if (t.dtype == "BF16") return static_cast<double>(std::bit_cast<float>(load<uint16_t>(at) * 65536u));
  REQUIRE((t.dtype == "U8" || t.dtype == "BOOL"));
  return static_cast<double>(load<uint8_t>(at));
}

void check_read(const Safetensors& file, const Json& expected) {
  CHECK(file.tensors().size() == expected["tensors"].size());
  for (const auto& [name, e] : expected["tensors"].items()) {
    const auto& shown = name;  // clang 14 captures no structured binding
    CAPTURE(shown);
    const StoredTensor& t = file.tensor(name);
    const auto values = e["values"].get<std::vector<double>>();
    CHECK(t.dtype == e["dtype"].get<std::string>());
    CHECK(t.shape == e["shape"].get<std::vector<int64_t>>());
    const size_t size = values.empty() ? 1 : t.bytes.size() / values.size();
    REQUIRE(t.bytes.size() == values.size() * size);
    for (size_t i = 0; i < values.size(); ++i) CHECK(element(t, i, size) == values[i]);
  }
  if (expected.contains("metadata")) {
    CHECK(file.metadata() == expected["metadata"].get<std::map<std::string, std::string>>());
  }
}

}  // namespace

TEST_CASE("golden safetensors") {
  const auto root = test::golden_eval();
  if (root.empty()) return;
  const auto folder = root / "formats" / "safetensors";
  const Json expected = read_json(folder / "expected.json");
  CHECK(!expected.empty());
  for (const Json& e : expected) {
    const auto path = folder / e["file"].get<std::string>();
    const auto verdict = e["verdict"].get<std::string>();
    CAPTURE(path.string());
    const auto begin = std::chrono::steady_clock::now();
    try {
      const Safetensors file(path);
      CHECK(verdict != "refuse");
      check_read(file, e);
    } catch (const Error& error) {
      const std::string what = error.what();
      CAPTURE(what);
      CHECK(verdict != "read");
      CHECK(what.find(path.filename().string()) != std::string::npos);
      CHECK(what.find('\n') == std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(500));
  }
}
