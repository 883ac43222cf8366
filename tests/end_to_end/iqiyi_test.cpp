// iQIYI-VID through the programs: centres, a trained classifier, an ensemble with a second feature, and a
// submission written and read back.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/files.h"
#include "core/json.h"
#include "core/random.h"
#include "store/store.h"
#include "support/support.h"

using namespace fr;
namespace fs = std::filesystem;

namespace {

test::Ran run(const std::string& line) {
  return test::run_command(std::string(FR_BINARY_DIR) + "/bin/" + line);
}

// Ten identities, 12 training and 6 test videos each, 3 frames a video; and a second file of one row a video.
void write_data(const fs::path& folder) {
  std::string lists[2];
  std::vector<std::string> videos;
  std::vector<int> identities;
  for (int q = 0; q < 10; ++q) {
    for (int i = 0; i < 18; ++i) {
      if (i == 0 || i == 12) lists[i / 12] += (q > 0 ? "\n" : "") + std::to_string(q + 1);
      videos.push_back(fmt::format("IQIYI_VID_{}_{:07}.mp4", i < 12 ? "TRAIN" : "TEST", videos.size()));
      identities.push_back(q);
      lists[i / 12] += " " + videos.back();
    }
  }
  write_file(folder / "train_gt.txt", lists[0]);
  write_file(folder / "test_gt.txt", lists[1]);
  const auto write = [&](const std::string& file, int64_t frames, int64_t dim, float noise) {
    Embeddings rows = Embeddings::make(std::ssize(videos) * frames, dim);
    RandomStream random(9, file);
    for (size_t i = 0; i < videos.size(); ++i) {
      const RandomStream direction(9, file + " of", static_cast<uint64_t>(identities[i]));
      for (int64_t frame = 0; frame < frames; ++frame) {
        float* const row = rows.owned.f32() + std::ssize(rows.names) * dim;
        for (int64_t k = 0; k < dim; ++k)
          row[k] = direction.normal(static_cast<uint64_t>(k)) + noise * random.next_normal();
        rows.names.push_back(frames > 1 ? fmt::format("{}/{:03}", videos[i], frame) : videos[i]);
      }
    }
    write_embeddings((folder / file).string(), rows);
  };
  write("face.h5", 3, 24, 2.8f);
  write("scene.npy", 1, 8, 1.0f);
}

}  // namespace

TEST_CASE("iQIYI-VID: centres, classifier, ensemble, submission") {
  const test::ScratchFolder scratch;
  const std::string dir = scratch.path().string(), face = dir + "/face.h5", scene = dir + "/scene.npy";
  write_data(scratch.path());
  const auto evaluate = [&](const std::string& options) {
    const std::string out = dir + "/out.json";
    const auto ran = run("fr-eval iqiyi_vid --data " + dir + " " + options + " --out " + out);
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    return read_json(out);
  };
  const auto map = [](const Json& result) { return result["metrics"]["map@100"]["value"].get<double>(); };

  const auto plan = run("fr-eval-iqiyi_vid --plan --data " + dir);
  CHECK(plan.output.find(fmt::format("{:<22} {:>9}  published {:>9}\n", "candidates", 60, 172835)) !=
        std::string::npos);

  const Json centres = evaluate("--embeddings " + face + " --write-submission " + dir + "/sub.txt");
  CHECK(map(centres) > 0.5);
  CHECK(centres["counts"]["failed_items"] == 0);
  CHECK(centres["counts"]["extra_rows"] == 0);
  CHECK(centres["protocol"] == "iqiyi_vid");
  const Json again = evaluate("--submission " + dir + "/sub.txt");
  CHECK(map(again) == map(centres));
  CHECK(again["variant"]["score"] == "lists as submitted");
  const auto rewritten = run("fr-eval iqiyi_vid --data " + dir + " --submission " + dir +
                             "/sub.txt --write-submission " + dir + "/again.txt");
  CHECK(rewritten.status == 2);  // a submission may name videos that are not in the lists
  CHECK(map(evaluate("--embeddings " + face + "," + scene + ":0.5")) > map(centres));
  CHECK(map(evaluate("--embeddings " + face + " " + scene + " --weights 1 0.5")) > map(centres));

  const auto train = [&](const std::string& data, const std::string& name) {
    const auto trained = run("fr-train --data " + data + " --labels " + dir +
                             "/train_gt.txt --network mlp --embedding-size 32 --loss softmax --batch-size 24 "
                             "--epochs 30 --lr 0.05 --out " +
                             dir + "/" + name);
    INFO(trained.output);
    REQUIRE(trained.status == 0);
    CHECK(trained.output.find("fr-eval iqiyi_vid --data DIR --embeddings " + data) != std::string::npos);
    return dir + "/" + name + "/model.safetensors";
  };
  const std::string one = train(face, "one"), two = train(scene, "two"),
                    joint = train(face + "," + scene, "joint");
  const Json classified = evaluate("--embeddings " + face + " --model " + one);
  CHECK(map(classified) > 0.5);
  CHECK(classified["model"]["network"] == "mlp");
  const Json ensemble =
      evaluate("--embeddings " + face + " " + scene + " --model " + one + " " + two + " --weights 1 0.5");
  CHECK(map(ensemble) > map(classified));
  CHECK(ensemble["variant"]["ensemble"].get<std::string>().find("(weight 0.5)") != std::string::npos);
  CHECK(map(evaluate("--embeddings " + face + "," + scene + " --model " + joint)) > map(classified));

  const auto refused = [&](const std::string& options, int status, const std::string& reason) {
    const auto ran = run("fr-eval iqiyi_vid --data " + dir + " " + options);
    INFO(ran.output);
    CHECK(ran.status == status);
    CHECK(ran.output.find(reason) != std::string::npos);
    CHECK(std::count(ran.output.begin(), ran.output.end(), '\n') == 1);
  };
  refused("", 2, "give --embeddings FILE");
  refused("--embeddings " + face + " --submission " + dir + "/sub.txt", 2, "give --embeddings FILE");
  refused("--embeddings " + face + " " + scene + " --weights 1", 2, "1 --weights for 2 members");
  refused("--embeddings " + face + " --weights 0", 2, "--weights 0 is not positive");
  refused("--embeddings " + face + " " + scene + " --model " + one, 2,
          "one for all of them, or one for each");
  refused("--embeddings " + scene + " --model " + one, 1, "8 numbers an item, but classifier 1 reads 24");
  refused("--embeddings " + face + ":heavy", 1, "'heavy' is not a number");
  write_file(scratch / "sub.txt", "1 a\nx b\n");
  refused("--submission " + dir + "/sub.txt", 1, "sub.txt:2: 'x' is not a number");
  std::string longer = "4";
  for (int i = 0; i < 101; ++i) longer += " v" + std::to_string(i);
  write_file(scratch / "sub.txt", longer);
  refused("--submission " + dir + "/sub.txt", 1, "sub.txt:1: 101 videos for identity 4");
  CHECK(map(evaluate("--cut-submission --submission " + dir + "/sub.txt")) == 0);
  const auto images = run("fr-train --network mlp --steps 1 --out " + dir + "/images");
  CHECK(images.status == 1);
  CHECK(images.output.find("network mlp reads items of shape (1, 512, 1, 1)") != std::string::npos);
}
