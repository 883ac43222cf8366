// Plans from small official lists and packs: names, order, labels, and what is said of bad lists.
#include <doctest/doctest.h>

#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "core/verification_bin.h"
#include "eval/protocol.h"
#include "support/mat.h"
#include "support/support.h"

using namespace fr;

namespace {

Plan plan_of(const std::string& protocol, const test::ScratchFolder& data, int64_t folds = 10,
             bool images = false) {
  return Registry<ProtocolKind>::instance().find(protocol)().plan(
      {.data = data.path().string(), .folds = folds, .images = images});
}

std::string error_of(const std::string& protocol, const test::ScratchFolder& data, bool images = false) {
  try {
    plan_of(protocol, data, 10, images);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<bool> labels(const Plan& plan) {
  std::vector<bool> result;
  for (const Pair& pair : plan.pair_lists.at(0).pairs) result.push_back(pair.same);
  return result;
}

std::string pair_text(const Plan& plan, size_t i) {
  const Pair& pair = plan.pair_lists.at(0).pairs.at(i);
  return plan.items[static_cast<size_t>(pair.a)].name + " " + plan.items[static_cast<size_t>(pair.b)].name;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the expected protocols are registered and say what they need") {
  const auto& registry = Registry<ProtocolKind>::instance();
  const std::map<std::string, std::string> expected = {
      {"lfw", "accuracy"},      {"cfp_fp", "accuracy"},
      {"cfp_ff", "accuracy"},   {"agedb_30", "accuracy"},
      {"calfw", "accuracy"},    {"cplfw", "accuracy"},
      {"ijbb", "tar@far=1e-4"}, {"ijbc", "tar@far=1e-4"},
      {"megaface", "rank-1"},   {"trillion_pairs", "tpir@fpir=1e-3"}};
  for (const auto& [name, first_metric] : expected) {
    const auto& shown = name;  // clang 14 captures no structured binding
    CAPTURE(shown);
    REQUIRE(registry.contains(name));
    const Protocol& protocol = registry.find(name)();
    CHECK_FALSE(protocol.title().empty());
    CHECK_FALSE(protocol.needs().empty());
    CHECK(protocol.first_metric() == first_metric);
  }
}

TEST_CASE("LFW from pairs.txt") {
  test::ScratchFolder data;
  write_file(data / "pairs.txt", "2\t1\nAda_B\t1\t4\nAda_B\t1\tCy\t12\nDee\t2\t3\nCy\t12\tDee\t3\n");
  const Plan plan = plan_of("lfw", data);
  CHECK(plan.items.size() == 5);
  CHECK(plan.items[0].name == "Ada_B/Ada_B_0001.jpg");
  CHECK(plan.items[0].file.empty());  // no images there, and none needed
  CHECK(pair_text(plan, 1) == "Ada_B/Ada_B_0001.jpg Cy/Cy_0012.jpg");
  CHECK(labels(plan) == std::vector<bool>{true, false, true, false});
  CHECK(plan.subjects == std::vector<int64_t>{0, 0, 1, 2, 2});
  CHECK(plan.list == "pairs.txt");
  CHECK(plan.content_hash.starts_with("xxh3-128:"));

  SUBCASE("images are found beside the list or in a known folder, and missing ones named by line") {
    CHECK(contains(error_of("lfw", data, true), "pairs.txt:2: no image 'Ada_B/Ada_B_0001.jpg'"));
    write_file(data / "crops_112/Ada_B/Ada_B_0001.jpg", "x");
    CHECK(plan_of("lfw", data).items[1].file == (data / "crops_112/Ada_B/Ada_B_0004.jpg"));
    write_file(data / "crops_112/Ada_B/Ada_B_0004.jpg", "x");
    CHECK(contains(error_of("lfw", data, true), "pairs.txt:3: no image"));
    CHECK(contains(error_of("lfw", data, true), "Cy_0012.jpg"));
  }
  SUBCASE("a name that no file can have is of no image") {
    const std::string name(300, 'n');
    write_file(data / "pairs.txt", fmt::format("1\t1\n{0}\t1\t2\n{0}\t1\tCy\t1\n", name));
    CHECK(plan_of("lfw", data).items.size() == 3);
    CHECK(contains(error_of("lfw", data, true), "pairs.txt:2: no image '" + name));
  }
  SUBCASE("PNG images keep their official names") {
    write_file(data / "Ada_B/Ada_B_0001.png", "x");
    const Plan png = plan_of("lfw", data);
    CHECK(png.items[0].name == "Ada_B/Ada_B_0001.jpg");
    CHECK(png.items[0].file == data / "Ada_B/Ada_B_0001.png");
  }
}

TEST_CASE("LFW: bad lists") {
  test::ScratchFolder data;
  CHECK(contains(error_of("lfw", data), "holds neither lfw.bin nor pairs.txt"));
  write_file(data / "pairs.txt", "1\t1\nA\t1\t2\nA\t1\n");
  CHECK(contains(error_of("lfw", data), "pairs.txt:3: expected"));
  write_file(data / "pairs.txt", "1\t1\nA\t1\tx\n");
  CHECK(contains(error_of("lfw", data), "pairs.txt:2: 'x' is not a number"));
  write_file(data / "pairs.txt", "1\t2\nA\t1\t2\nA\t1\tB\t1\n");
  CHECK(
      contains(error_of("lfw", data), "pairs.txt:3: the list ends after 2 pairs, its first line promises 4"));
  write_file(data / "pairs.txt", "");
  CHECK_FALSE(error_of("lfw", data) == "no error");
  ProtocolOptions nowhere{.data = (data / "nowhere").string()};
  CHECK_THROWS_AS(Registry<ProtocolKind>::instance().find("lfw")().plan(nowhere), Error);
}

TEST_CASE("a verification pack: items by index, labels in order") {
  test::ScratchFolder data;
  std::vector<std::vector<std::byte>> images;
  for (int i = 0; i < 6; ++i) images.push_back({std::byte{0xff}, static_cast<std::byte>(i)});
  write_verification_bin(data / "cplfw.bin", images, {1, 0, 1});
  for (const std::string& path : {data.path().string(), (data / "cplfw.bin").string()}) {
    const Plan plan = Registry<ProtocolKind>::instance().find("cplfw")().plan({.data = path, .folds = 3});
    CHECK(plan.items.size() == 6);
    CHECK(plan.items[5].name == "5");
    CHECK(plan.items[5].index_in_file == 5);
    CHECK(plan.items[5].file == data / "cplfw.bin");
    CHECK(labels(plan) == std::vector<bool>{true, false, true});
    CHECK(pair_text(plan, 2) == "4 5");
    CHECK(plan.pair_lists[0].folds == 3);
  }
}

TEST_CASE("CFP: folds in order, same before different, profiles from their own list") {
  test::ScratchFolder data;
  std::string frontal, profile;
  for (int i = 1; i <= 3; ++i) {
    frontal += fmt::format("{} ../Data/Images/001/frontal/{:02d}.jpg\n", i, i);
    profile += fmt::format("{} ../Data/Images/001/profile/{:02d}.jpg\r\n", i, i);
  }
  write_file(data / "Protocol/Pair_list_F.txt", frontal);
  write_file(data / "Protocol/Pair_list_P.txt", profile);
  for (int fold = 1; fold <= 10; ++fold) {
    for (const char* type : {"FP", "FF"}) {
      const std::string folder = fmt::format("Protocol/Split/{}/{:02d}/", type, fold);
      write_file(data / (folder + "same.txt"), fold == 2 ? "3,2\n" : "1,2\n");
      write_file(data / (folder + "diff.txt"), "2,3\n");
    }
  }
  const Plan fp = plan_of("cfp_fp", data), ff = plan_of("cfp_ff", data);
  CHECK(fp.pair_lists[0].pairs.size() == 20);
  CHECK(pair_text(fp, 0) == "Data/Images/001/frontal/01.jpg Data/Images/001/profile/02.jpg");
  CHECK(pair_text(fp, 2) == "Data/Images/001/frontal/03.jpg Data/Images/001/profile/02.jpg");
  CHECK(pair_text(ff, 1) == "Data/Images/001/frontal/02.jpg Data/Images/001/frontal/03.jpg");
  CHECK(labels(fp)[0]);
  CHECK_FALSE(labels(fp)[1]);
  write_file(data / "Protocol/Split/FP/07/diff.txt", "2,3\n1,4\n");
  CHECK(contains(error_of("cfp_fp", data), "07/diff.txt:2: image 4 is not in 1 … 3"));
  std::filesystem::remove(data / "Protocol/Split/FP/03/same.txt");
  CHECK(contains(error_of("cfp_fp", data), "03/same.txt"));
}

TEST_CASE("CALFW and CPLFW: every fold gets its tenth of both classes") {
  test::ScratchFolder data;
  std::string list;
  for (int i = 0; i < 40; ++i) list += fmt::format("p{0}a.jpg {1:d}\np{0}b.jpg {1:d}\n", i, i < 20);
  write_file(data / "pairs_CALFW.txt", list);
  const Plan plan = plan_of("calfw", data);
  REQUIRE(plan.pair_lists[0].pairs.size() == 40);
  CHECK(pair_text(plan, 0) == "p0a.jpg p0b.jpg");
  CHECK(pair_text(plan, 2) == "p20a.jpg p20b.jpg");
  CHECK(pair_text(plan, 4) == "p2a.jpg p2b.jpg");
  for (size_t k = 0; k < 10; ++k) {
    for (size_t i = 0; i < 4; ++i) CHECK(labels(plan)[4 * k + i] == (i < 2));
  }
  write_file(data / "pairs_CPLFW.txt", "a.jpg 1\nb.jpg 0\n");
  CHECK(contains(error_of("cplfw", data), "pairs_CPLFW.txt:2: the two lines of a pair disagree"));
  write_file(data / "pairs_CPLFW.txt", "a.jpg 1\nb.jpg\n");
  CHECK(contains(error_of("cplfw", data), "pairs_CPLFW.txt:2: expected"));
}

TEST_CASE("AgeDB-30: the official list, people by the first field of the names") {
  test::ScratchFolder data;
  const auto item = [](const std::string& image) {
    return test::mat_cell(1, 2, {test::mat_text(image), test::mat_number(30)});
  };
  const auto fold = [&](const std::vector<std::string>& images) {
    std::vector<std::string> items;
    for (const std::string& image : images) items.push_back(item(image));
    return test::mat_cell(2, static_cast<int32_t>(images.size() / 2), items);
  };
  const auto write = [&](const std::string& first, const std::string& second) {
    const std::string splits = test::mat_cell(2, 1, {first, test::mat_cell(1, 1, {second})}, "splits");
    write_file(data / "04_FINAL_protocol_30_years.mat", test::mat_file(test::mat_text("other") + splits));
  };
  write(fold({"A_1_1_30_m", "A_2_2_60_m", "A_1_1_30_m", "B_1_7_60_m"}), fold({"Ab_1_1_1_m", "A_1_1_30_m"}));
  const Plan plan = plan_of("agedb_30", data);
  CHECK(labels(plan) == std::vector<bool>{true, false, false});
  CHECK(pair_text(plan, 0) == "A_1_1_30_m A_2_2_60_m");
  CHECK(pair_text(plan, 2) == "Ab_1_1_1_m A_1_1_30_m");
  CHECK(plan.items.size() == 4);
  CHECK(contains(error_of("agedb_30", data, true), "fold 1, pair 1: no image 'A_1_1_30_m'"));
  write(fold({"A_1_1_30_m", "A_2_2_60_m"}), fold({"A_1_1_30_m", "B_1"}));
  CHECK(contains(error_of("agedb_30", data), ".mat: fold 2, pair 1: 'B_1' is not 'person_…' of five fields"));
  write(fold({"A_1_1_30_m", "A_2_2_60_m"}), test::mat_cell(1, 3, {item("x"), item("x"), item("x")}));
  CHECK(contains(error_of("agedb_30", data), ".mat: fold 2: not a cell of two rows"));
  write(fold({"A_1_1_30_m", "A_2_2_60_m"}), test::mat_cell(2, 1, {item("A_1_1_30_m"), test::mat_number(1)}));
  CHECK(contains(error_of("agedb_30", data), ".mat: fold 2, pair 1: no image is named"));
  write_file(data / "04_FINAL_protocol_30_years.mat", test::mat_file(test::mat_text("other")));
  CHECK(contains(error_of("agedb_30", data), ".mat: no variable 'splits'"));
}

TEST_CASE("AgeDB-30: a text list") {
  test::ScratchFolder data;
  CHECK(contains(error_of("agedb_30", data),
                 "holds neither agedb_30.bin nor 04_FINAL_protocol_30_years.mat nor"));
  write_file(data / "pairs_label.txt", "a/1.jpg a/2.jpg 1\na/1.jpg b/1.jpg 0\n");
  CHECK(labels(plan_of("agedb_30", data)) == std::vector<bool>{true, false});
  write_file(data / "pairs_label.txt", "a/1.jpg a/2.jpg 1\na/1.jpg b/1.jpg 2\n");
  CHECK(contains(error_of("agedb_30", data), "pairs_label.txt:2:"));
}
