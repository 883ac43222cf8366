// fr-data verify: whether a folder holds a data set of the paper, by its manifest (datasets/NAME.json), its
// official lists and its counts.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/shipped.h"
#include "data/manifest.h"
#include "eval/plan_counts.h"
#include "eval/protocol.h"
#include "fr_data.h"
#include "readers/readers.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

struct VerifyCommand {
  std::string name, folder;
  bool no_images = false;
};

// What reading the data set told: its counts, or why it cannot be read.
struct Reading {
  std::map<std::string, int64_t> counts;
  std::string fault, missing_image;  // empty where there is none
};

Reading read_plan(const Protocol& protocol, const VerifyCommand& c) {
  Reading reading;
  ProtocolOptions options{.data = c.folder};
  try {
    for (const auto& [name, count] : plan_counts(protocol.plan(options))) reading.counts[name] = count;
  } catch (const Error& error) {
    reading.fault = error.what();
    return reading;
  }
  if (c.no_images) return reading;
  try {
    options.images = true;
    protocol.plan(options);
  } catch (const Error& error) {
    reading.missing_image = error.what();
  }
  return reading;
}

Reading read_training(const VerifyCommand& c) {
  Reading reading;
  try {
    const std::unique_ptr<Dataset> data = open_dataset(c.folder);
    reading.counts = {{"classes", data->classes()}, {"images", data->size()}};
  } catch (const Error& error) {
    reading.fault = error.what();
  }
  return reading;
}

std::optional<Reading> read_data(const Manifest& manifest, const VerifyCommand& c) {
  if (manifest.kind == "train") {
    if (manifest.counts.empty()) return std::nullopt;
    return read_training(c);
  }
  const auto& protocols = Registry<ProtocolKind>::instance();
  if (!protocols.contains(manifest.protocol)) return std::nullopt;
  return read_plan(protocols.find(manifest.protocol)(), c);
}

FileState images_state(const std::optional<Reading>& reading, const VerifyCommand& c) {
  if (c.no_images) return {true, "not looked for"};
  if (!reading || !reading->fault.empty()) return {false, "unknown: the lists cannot be read"};
  if (!reading->missing_image.empty()) return {false, "missing: " + reading->missing_image};
  return {true, "all that the lists name"};
}

bool print_files(const Manifest& manifest, const std::optional<Reading>& reading, const VerifyCommand& c) {
  std::vector<bool> good;
  for (const ManifestFile& file : manifest.files) {
    const FileState state = file.images ? images_state(reading, c) : check_file(file, c.folder);
    good.push_back(state.good);
    std::string needed = file.form.empty() ? "" : "  [" + file.form + "]";
    if (!file.only_for.empty()) needed = "  [only for " + file.only_for + "]";
    fmt::print("{:<4} {:<48} {}{}\n", state.good ? "ok" : "-", file.path, state.state, needed);
    if (!state.good) fmt::print("     {:<48} = {}\n", "", file.what);
  }
  if (std::ranges::any_of(manifest.files, [](const ManifestFile& file) { return !file.form.empty(); }))
    fmt::print("     files of one kind, as [lists], belong together; one kind is enough\n");
  return is_complete(manifest, good);
}

// Counts that the data set must have, beside those that it has.
bool print_counts(const Manifest& manifest, const Reading& reading) {
  bool agree = true;
  for (const auto& [name, expected] : manifest.counts) {
    const auto found = reading.counts.find(name);
    if (found == reading.counts.end()) {
      fmt::print("     {:<18} not counted, published {}\n", name, expected);
      continue;
    }
    const bool same = found->second == expected;
    fmt::print("{:<4} {:<18} {:>9} published {:>9}\n", same ? "ok" : "-", name, found->second, expected);
    agree = agree && same;
  }
  return agree;
}

int run_verify(const VerifyCommand& c) {
  const fs::path path = shipped_folder("datasets") / (c.name + ".json");
  FR_CHECK(fs::exists(path), "unknown data set '{}': {} is not there", c.name, path.string());
  FR_CHECK(is_folder(c.folder), "{}: not a folder", c.folder);
  const Manifest manifest = read_manifest(path);
  fmt::print("{}: {} in {}\n", manifest.name, manifest.title, c.folder);
  const std::optional<Reading> reading = read_data(manifest, c);
  bool good = print_files(manifest, reading, c);
  if (!good) fmt::print("files are missing; ask: {}\n", manifest.ask);
  if (!reading) {
    fmt::print("the contents of {} are not read by this program: files alone were looked for\n",
               manifest.name);
  } else if (!reading->fault.empty()) {
    fmt::print("-    {}\n", reading->fault);
    good = false;
  } else {
    good = print_counts(manifest, *reading) && good;
  }
  fmt::print("{}: {}\n", manifest.name, good ? "complete" : "not complete");
  return good ? 0 : 1;
}

}  // namespace

void add_verify(Options& options) {
  static VerifyCommand c;
  options
      .subcommand(
          "verify",
          "Compare a folder with what a data set of the paper should hold: files, images named by its lists, "
          "counts; exit status 1 where something is missing",
          "fr-data verify lfw data/lfw", [] { return run_verify(c); })
      .add("name", c.name, "lfw cfp_fp agedb_30 calfw cplfw ytf ijbb ijbc megaface … (datasets/NAME.json)")
      .required()
      .add("folder", c.folder, "what --data of the other programs would name")
      .required()
      .flag("--no-images", c.no_images, "lists are enough (to evaluate embeddings)");
}

}  // namespace fr
