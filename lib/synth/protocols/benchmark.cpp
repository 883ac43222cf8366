#include "synth/protocols/benchmark.h"

#include <nlohmann/json.hpp>

#include "core/atomic_folder.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"

namespace fr::synth {

namespace {

constexpr int kVersion = 1;  // raise it when the same request gives other files
constexpr const char* kMark = "synthetic.json";

Json describe(const std::string& name, const BenchmarkRequest& request) {
  return {{"protocol", name},
          {"size", request.size == Size::kFull ? "full" : "small"},
          {"seed", request.seed},
          {"flip", request.flip},
          {"version", kVersion}};
}

}  // namespace

void make_benchmark(const std::string& name, const BenchmarkRequest& request) {
  const Benchmark& benchmark = Registry<BenchmarkKind>::instance().find(name)();
  FR_CHECK(!request.flip || benchmark.can_flip(), "{}: has no rows of mirrored photographs", name);
  AtomicFolder folder(request.folder);
  BenchmarkRequest inside = request;
  inside.folder = folder.temporary();
  benchmark.write(inside);
  write_json(inside.folder / kMark, describe(name, request));
  folder.commit();
}

void make_demo(const std::string& name, const std::filesystem::path& folder) {
  const BenchmarkRequest request{.folder = folder};
  if (!std::filesystem::exists(folder / kMark)) return make_benchmark(name, request);
  FR_CHECK(read_json(folder / kMark) == describe(name, request),
           "{}: holds other synthetic data than this demo's; remove it, or name another folder",
           folder.string());
}

}  // namespace fr::synth
