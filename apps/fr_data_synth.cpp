// fr-data synth: synthetic training faces, verification packs and a small IJB-C, in the official layouts.
#include <fmt/core.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/verification_bin.h"
#include "data/packed.h"
#include "fr_data.h"
#include "image/image.h"
#include "synth/synth.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

struct SynthCommand {
  std::string out;
  int64_t identities = 300, images = 30, pairs = 6000, subjects = 90, templates = 3;
  uint64_t seed = 1;
  bool no_folder = false, force = false;
};

using Encoded = std::vector<std::byte>;

// Calls make(i) for i in [0, count) on all threads, under a line of progress.
template <class Make>
void render_all(const std::string& title, int64_t count, const Make& make) {
  Progress progress(title, count, "images");
  std::atomic<int64_t> done = 0;
  std::mutex mutex;
  parallel_for_throwing(count, [&](int64_t i) {
    make(i);
    const int64_t now = ++done;
    if (now % 64 != 0) return;
    const std::lock_guard lock(mutex);
    progress.update(now);
  });
  progress.finish();
}

Image render_crop(uint64_t seed, const synth::Shot& shot, const synth::Framing& framing,
                  Landmarks* landmarks) {
  Image image{framing.size, framing.size, {}};
  image.rgb.resize(static_cast<size_t>(3 * image.height * image.width));
  const Landmarks placed =
      synth::render(synth::make_identity(seed, shot.identity), shot.nuisance, framing, image.rgb);
  if (landmarks) *landmarks = placed;
  return image;
}

void write_bytes(const fs::path& path, const Encoded& bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_training(const SynthCommand& c, const Dataset& dataset) {
  constexpr int64_t kBlock = 512;  // rendered on all threads, written in order
  PackedWriter packed(fs::path(c.out) / "train_packed", dataset.size());
  Progress progress("training faces", dataset.size(), "images");
  std::vector<uint8_t> block(static_cast<size_t>(kBlock * kCropBytes));
  for (int64_t first = 0; first < dataset.size(); first += kBlock) {
    const int64_t count = std::min(kBlock, dataset.size() - first);
    const auto crop = [&](int64_t i) {
      return std::span(block).subspan(static_cast<size_t>(i * kCropBytes), kCropBytes);
    };
    parallel_for(count, [&](int64_t i) { dataset.image(first + i, crop(i)); });
    for (int64_t i = 0; i < count; ++i) {
      packed.add(crop(i), dataset.label(first + i));
      if (c.no_folder) continue;
      const auto bytes = crop(i);
      const int64_t who = dataset.label(first + i), which = (first + i) % c.images;
      write_bytes(fs::path(c.out) / "train" / fmt::format("id_{:06}", who) / fmt::format("{:04}.jpg", which),
                  encode_jpeg({kCropSize, kCropSize, {bytes.begin(), bytes.end()}}));
    }
    progress.update(first + count);
  }
  progress.finish();
  packed.finish();
}

void write_verification(const SynthCommand& c, const std::string& name) {
  const auto set = synth::make_verification_set(name, c.pairs, c.seed);
  std::vector<Encoded> images(set.shots.size());
  render_all(name, std::ssize(images), [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    images[at] = encode_jpeg(render_crop(c.seed, set.shots[at], {}, nullptr));
  });
  write_verification_bin(fs::path(c.out) / name / (name + ".bin"), images, set.same);
}

int64_t write_ijbc(const SynthCommand& c) {
  const auto set = synth::make_ijbc_set({c.subjects, c.templates, c.seed});
  const fs::path dir = fs::path(c.out) / "ijbc";
  std::vector<std::string> points(set.images.size());
  render_all("ijbc", std::ssize(points), [&](int64_t i) {
    const auto& item = set.images[static_cast<size_t>(i)];
    Landmarks landmarks;
    write_bytes(dir / "loose_crop" / item.file,
                encode_jpeg(render_crop(c.seed, item.shot, item.framing, &landmarks)));
    // A detector errs by a fraction of a pixel.
    const RandomStream error(c.seed, "synth ijbc detector", static_cast<uint64_t>(i));
    std::string line = item.file;
    for (size_t k = 0; k < 10; ++k) line += fmt::format(" {:.3f}", landmarks[k] + 0.6f * error.normal(k));
    points[static_cast<size_t>(i)] = line + fmt::format(" {:.6f}\n", item.score);
  });
  std::string media, pairs, scores;
  for (const auto& item : set.images)
    media += fmt::format("{} {} {}\n", item.file, item.template_id, item.medium_id);
  for (const auto& line : points) scores += line;
  for (const auto& pair : set.pairs) pairs += fmt::format("{} {} {}\n", pair.a, pair.b, pair.same ? 1 : 0);
  write_file(dir / "meta/ijbc_face_tid_mid.txt", media);
  write_file(dir / "meta/ijbc_name_5pts_score.txt", scores);
  write_file(dir / "meta/ijbc_template_pair_label.txt", pairs);
  return std::ssize(set.pairs);
}

void write_contact_sheet(const SynthCommand& c, const Dataset& dataset) {
  const int64_t rows = std::min<int64_t>(12, c.identities), columns = std::min<int64_t>(12, c.images);
  const Image sheet{rows * kCropSize, columns * kCropSize, synth::contact_sheet(dataset, rows, columns)};
  write_bytes(fs::path(c.out) / "contact_sheet.png", encode_png(sheet));
}

int run_synth(const SynthCommand& c) {
  const fs::path out = c.out;
  if (!c.force && fs::exists(out) && (!is_folder(out) || !fs::is_empty(out)))
    throw UsageError(fmt::format("{} is not empty; give another --out, or --force to write over it", c.out));
  FR_CHECK(c.pairs > 0 && c.pairs % 20 == 0,
           "--pairs {}: ten folds, half of each genuine, need a multiple of 20", c.pairs);
  write_file(out / "synthetic.json",  // by which fr-eval knows that these are not the benchmarks
             fmt::format("{{\"identities\": {}, \"images\": {}, \"pairs\": {}, \"seed\": {}}}\n",
                         c.identities, c.images, c.pairs, c.seed));
  const auto dataset = make_synthetic_dataset({c.identities, c.images, c.seed});
  write_contact_sheet(c, *dataset);
  write_training(c, *dataset);
  std::string names;
  for (const std::string& name : synth::verification_sets()) {
    write_verification(c, name);
    names += name + " ";
  }
  const int64_t pairs = write_ijbc(c);
  fmt::print(
      "{}: {} identities x {} images for training; {} pairs each in {}; IJB-C style: {} template pairs\n",
      c.out, c.identities, c.images, c.pairs, names.substr(0, names.size() - 1), pairs);
  fmt::print("look at {}/contact_sheet.png, then: fr-train --data {}/train_packed --out run\n", c.out, c.out);
  return 0;
}

}  // namespace

void add_synth(Options& options) {
  static SynthCommand c;
  options
      .subcommand(
          "synth",
          "Render synthetic faces: training folder and packed crops, verification packs, a small IJB-C",
          "fr-data synth --identities 300 --images 30 --pairs 1200 --out data", [] { return run_synth(c); })
      .add("--out", c.out, "folder to make")
      .required()
      .add("--identities", c.identities, "people to train on")
      .add("--images", c.images, "photographs of each")
      .add("--pairs", c.pairs, "pairs in each verification set, a multiple of 20")
      .add("--subjects", c.subjects, "people in the IJB-C style set")
      .add("--templates", c.templates, "templates of each of them")
      .add("--seed", c.seed, "every face follows from it")
      .flag("--no-folder", c.no_folder, "leave out the folder of JPEG training images; packed crops suffice")
      .flag("--force", c.force, "write into a folder that is not empty");
}

}  // namespace fr
