// partial_fc.json `sampling`: given uniform numbers and labels, the sampled classes and the labels after.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "loss/sampled_classes.h"
#include "loss/support.h"
#include "support/support.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("golden: sampled classes") {
  const auto folder = golden();
  if (folder.empty()) return;
  const Json partial = read_json(folder / "partial_fc.json");
  int checked = 0;
  for (const Json& c : partial.at("sampling")) {
    const int64_t classes = c.at("num_local");
    const auto wanted = static_cast<int64_t>(c.at("rate").get<double>() * static_cast<double>(classes));
    CHECK(wanted == c.at("num_sample"));
    SampledClasses sampled(Device::kCpu, 0, classes, wanted, 1);
    const std::vector<double> u = c.at("u");
    for (size_t i = 0; i < u.size(); ++i) sampled.draws()[i] = static_cast<uint32_t>(std::ldexp(u[i], 32));
    const std::vector<int32_t> labels = c.at("labels"), index = c.at("index");
    std::vector<int32_t> columns(labels.size());
    sampled.resize(std::ssize(labels));
    sampled.select(std::ssize(labels), labels.data(), columns.data());
    CHECK(std::ranges::equal(std::span(sampled.index(), index.size()), index));
    CHECK((sampled.used() == nullptr ? sampled.columns() : *sampled.used()) == std::ssize(index));
    CHECK(columns == c.at("labels_after").get<std::vector<int32_t>>());
    ++checked;
  }
  CHECK(checked >= 5);
}
