#include "report/floors.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "report/print.h"
#include "support/support.h"

using namespace fr;

TEST_CASE("measured times stand beside their floors; what is no such report is refused by name") {
  const test::ScratchFolder scratch;
  write_json(
      scratch / "train.json",
      {{"measurement", "train"},
       {"network", "iresnet50"},
       {"backend", "cuda"},
       {"batch", 512},
       {"classes", 100000},
       {"gemm_flops", 7.5e14},
       {"copy_bytes_per_second", 4e12},
       {"seconds", 0.05},
       {"of_gemm", 0.4},
       {"operations",
        {{"batch_norm", {{"seconds", 0.01}, {"floor_seconds", 0.008}, {"flops", 0}, {"bytes", 3.2e10}}}}}});
  write_json(
      scratch / "ops.json",
      {{"measurement", "ops"},
       {"backend", "cuda"},
       {"gemm_flops", 7.5e14},
       {"operations",
        {{{"name", "add"}, {"seconds", 2e-4}, {"floor_seconds", 1e-4}, {"flops", 0}, {"bytes", 4e8}}}}});
  write_json(scratch / "score.json",
             {{"measurement", "score"},
              {"backend", "cuda"},
              {"probes", 1000},
              {"gallery", 2000},
              {"dim", 500},
              {"engines",
               {{"top-1, bf16 screen", {{"seconds", 8e-3}, {"gpu_seconds", 4e-3}, {"gemm_flops", 1e12}}}}}});
  write_json(
      scratch / "peer.json",
      {{"measurement", "train"},
       {"network", "iresnet50"},
       {"device", "cuda"},
       {"classes", 1000},
       {"batch", 512},
       {"sides",
        {{"PyTorch", {{"median", 0.12}, {"ratio", 0.5}}}, {"fr-bench", {{"median", 0.06}, {"ratio", 1}}}}}});
  const Table table = make_floor_table(std::vector{scratch / "train.json", scratch / "ops.json",
                                                   scratch / "score.json", scratch / "peer.json"});
  REQUIRE(table.sections.size() == 4);
  CHECK(table.sections[0].title ==
        "train iresnet50 cuda, batch 512, classes 100000: gemm 750000 GFLOP/s, copy 4000 GB/s");
  const auto numbers = [&](size_t section, size_t row) {
    std::vector<std::string> texts{table.sections[section].rows.at(row).label};
    for (const Cell& cell : table.sections[section].rows.at(row).cells) texts.push_back(cell.number);
    return texts;
  };
  CHECK(numbers(0, 0) == std::vector<std::string>{"whole step", "15000.0", "", "50.000", "20.000", "40.0"});
  CHECK(numbers(0, 1) == std::vector<std::string>{"batch_norm", "", "32000.0", "10.000", "8.000", "80.0"});
  CHECK(numbers(1, 0) == std::vector<std::string>{"add", "", "400.0", "0.200", "0.100", "50.0"});
  CHECK(table.sections[2].title == "score cuda, probes 1000, gallery 2000, dim 500");
  CHECK(numbers(2, 0) ==
        std::vector<std::string>{"top-1, bf16 screen", "2.000", "", "8.000", "2.000", "25.0"});
  CHECK(numbers(2, 1) ==
        std::vector<std::string>{"top-1, bf16 screen, the GPU alone", "2.000", "", "4.000", "2.000", "50.0"});
  CHECK(table.sections[3].title == "train iresnet50 cuda, batch 512, classes 1000, beside others");
  CHECK(numbers(3, 0) ==
        std::vector<std::string>{"PyTorch (fr-bench is 2.00 x as fast)", "", "", "120.000", "", ""});
  CHECK(numbers(3, 1) == std::vector<std::string>{"fr-bench", "", "", "60.000", "", ""});
  CHECK(print_markdown(table).find("| whole step") != std::string::npos);

  write_json(scratch / "other.json", {{"measurement", "read"}});
  CHECK_THROWS_WITH_AS(make_floor_table(std::vector{scratch / "other.json"}),
                       doctest::Contains("other.json: "), Error);
}
