// Result files.
#include "eval/result.h"
#include "core/files.h"
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  Result result;
  result.protocol = "lfw";
  result.metrics["accuracy"] = {.value = 0.5, .rule = "r", .std = 0.1, .folds = {0.5, 0.5}};
  result.counts["pairs"] = 6000;
  result.curves.push_back({"roc", {0, 1}, {0, 1}, "far", "tar"});
  result.dataset["path"] = "x";
  result.timing["plan"] = 1;
  const std::filesystem::path path = file("seed.json", "");
  write_result(path.string(), result);
  return {read_text(path)};
}

void run(std::string_view input) { read_result(file("x.json", input).string()); }

}  // namespace fr::fuzz
