#include "embed/vector_dataset.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/npy.h"
#include "eval/identity_lists.h"
#include "eval/item_vectors.h"

namespace fr {

namespace {

struct Labelled {
  Plan plan;                        // items only
  std::vector<int32_t> labels;      // (items)
  std::vector<int64_t> identities;  // (classes)
};

Labelled read_lists(const std::vector<std::string>& files) {
  Labelled result;
  std::vector<int64_t> identity_of;                     // (items)
  std::map<int64_t, int32_t> classes;                   // ascending
  std::unordered_map<std::string, std::string> listed;  // video -> where
  for (const std::string& file : files) {
    for (const IdentityList& list : parse_identity_lists(MappedFile(file).text(), file)) {
      const std::string where = fmt::format("{}:{}", file, list.line);
      classes[list.identity] = 0;
      for (const std::string& video : list.videos) {
        const auto [at, is_new] = listed.emplace(video, where);
        FR_CHECK(is_new, "{}: video '{}' is listed at {} already", where, video, at->second);
        result.plan.items.push_back({.name = video, .file = {}});
        identity_of.push_back(list.identity);
      }
    }
  }
  for (auto& [identity, label] : classes) {
    label = static_cast<int32_t>(result.identities.size());
    result.identities.push_back(identity);
  }
  for (const int64_t identity : identity_of) result.labels.push_back(classes.at(identity));
  return result;
}

Labelled read_npy_labels(const std::string& file, const Embeddings& rows) {
  const Npy npy(file);
  FR_CHECK(npy.shape().size() == 1 && npy.shape()[0] == rows.rows,
           "{}: not one label for each of the {} rows of {}", file, rows.rows, rows.source);
  Labelled result;
  const std::vector<int64_t> values = npy.integers();
  for (size_t row = 0; row < values.size(); ++row) {
    // A label is a row of class weights: a stray large one would make millions of classes nobody has.
    FR_CHECK(values[row] >= 0 && values[row] < std::max<int64_t>(2 * rows.rows, 1000),
             "{}: row {}: label {} is out of range for {} rows", file, row, values[row], rows.rows);
    result.labels.push_back(static_cast<int32_t>(values[row]));
    result.plan.items.push_back(
        {.name = rows.names.empty() ? std::to_string(row) : rows.names[row], .file = {}});
  }
  const int32_t most = values.empty() ? -1 : *std::ranges::max_element(result.labels);
  for (int32_t label = 0; label <= most; ++label) result.identities.push_back(label);
  return result;
}

class VectorDataset final : public Dataset {
 public:
  VectorDataset(Labelled labelled, std::vector<WeightedEmbeddings> parts)
      : labelled_(std::move(labelled)), vectors_(labelled_.plan, std::move(parts)) {
    for (int64_t item = 0; item < vectors_.count(); ++item) {
      if (vectors_.has(item)) items_.push_back(item);
    }
    FR_CHECK(!items_.empty(), "{}: no row of any of the {} labelled items", vectors_.text(),
             vectors_.count());
  }

  int64_t size() const override { return std::ssize(items_); }
  int64_t classes() const override { return std::ssize(labelled_.identities); }
  int32_t label(int64_t index) const override { return labelled_.labels[static_cast<size_t>(item(index))]; }
  int64_t vector_size() const override { return vectors_.dim(); }
  void image(int64_t, std::span<uint8_t>) const override {
    fail("{}: holds vectors, not images", describe());
  }
  void vector(int64_t index, std::span<float> values) const override {
    vectors_.read(item(index), values.data());
  }
  std::string item_name(int64_t index) const override {
    return labelled_.plan.items[static_cast<size_t>(item(index))].name;
  }
  std::string class_name(int32_t label) const override {
    return std::to_string(labelled_.identities[static_cast<size_t>(label)]);
  }
  std::string describe() const override {
    const int64_t absent = vectors_.count() - size();
    return fmt::format("{}: {} vectors of {} identities{}", vectors_.text(), size(), classes(),
                       absent > 0 ? fmt::format(", {} without one left out", absent) : "");
  }

  // All labels and up to 4096 evenly spaced vectors.
  std::string content_hash() const override {
    Hasher hasher;
    for (const int64_t item : items_) {
      const int32_t label = labelled_.labels[static_cast<size_t>(item)];
      hasher.add(std::as_bytes(std::span(&label, 1)));
    }
    std::vector<float> values(static_cast<size_t>(vector_size()));
    const int64_t sampled = std::min<int64_t>(size(), 4096);
    for (int64_t i = 0; i < sampled; ++i) {
      vector(i * size() / sampled, values);
      hasher.add(std::as_bytes(std::span(values)));
    }
    return hasher.text();
  }

 private:
  int64_t item(int64_t index) const { return items_[static_cast<size_t>(index)]; }

  Labelled labelled_;
  ItemVectors vectors_;
  std::vector<int64_t> items_;  // those that have a vector
};

}  // namespace

std::unique_ptr<Dataset> make_vector_dataset(const std::vector<std::string>& labels,
                                             std::vector<WeightedEmbeddings> parts) {
  FR_CHECK(!labels.empty() && !parts.empty(), "vectors to train on need labels");
  const bool npy = std::filesystem::path(labels[0]).extension() == ".npy";
  FR_CHECK(!npy || labels.size() == 1, "{}: labels of all rows, and {} besides", labels[0], labels[1]);
  Labelled labelled = npy ? read_npy_labels(labels[0], parts[0].embeddings) : read_lists(labels);
  labelled.plan.protocol = "labels";
  return std::make_unique<VectorDataset>(std::move(labelled), std::move(parts));
}

}  // namespace fr
