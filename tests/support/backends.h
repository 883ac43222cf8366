// The backends that tests run on: all of this build that this machine can use. Others are skipped
// aloud; where FR_REQUIRE_BACKENDS ("ref,onednn,cuda") names one, that is a failure.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace fr::test {

inline std::vector<std::string> required_backends() {
  const char* required = std::getenv("FR_REQUIRE_BACKENDS");
  std::stringstream text(required != nullptr ? required : "ref");
  std::vector<std::string> names;
  for (std::string name; std::getline(text, name, ',');) names.push_back(name);
  return names;
}

// Whether a test of this one backend can run; otherwise says why it is skipped.
inline bool can_use(const std::string& name) {
  std::string why = why_no_backend(name);
  if (why.empty() && std::ranges::count(backend_names(), name) == 0) why = "not in this build";
  if (why.empty()) return true;
  MESSAGE("skipped: backend ", name, ": ", why);
  const std::vector<std::string> required = required_backends();
  CHECK(std::find(required.begin(), required.end(), name) == required.end());
  return false;
}

inline std::vector<std::string> usable_backends() {
  std::vector<std::string> names;
  for (const std::string& name : backend_names())
    if (can_use(name)) names.push_back(name);
  return names;
}

// Those of them that work in host memory, for tests whose operands lie there.
inline std::vector<std::string> usable_host_backends() {
  std::vector<std::string> names;
  for (const std::string& name : usable_backends()) {
    if (make_backend(name)->device() == Device::kCpu)
      names.push_back(name);
    else
      MESSAGE("skipped: backend ", name, ": this test's operands lie in host memory");
  }
  return names;
}

}  // namespace fr::test
