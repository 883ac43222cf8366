// One loop for plans and data sets: a second thread decodes batch k + 1 while the network works on batch k.
// The last batch is filled up with empty crops, so that every row is computed by the same plan of the
// network.
#include "embed/embed.h"

#include <algorithm>
#include <functional>
#include <future>
#include <limits>
#include <memory>

#include "core/error.h"
#include "core/progress.h"
#include "embed/item_images.h"

namespace fr {

namespace {

// Writes crop i into rgb (112,112,3); throws fr::Error for an image that cannot be had.
using CropSource = std::function<void(int64_t i, std::span<uint8_t> rgb)>;

struct Prepared {
  Tensor original, mirrored;         // (batch, 3, 112, 112)
  std::vector<std::string> failure;  // (batch): why the crop could not be had, empty where it could
};

struct Job {
  int64_t count = 0;
  CropSource source;
  bool original = true, mirrored = false;  // which rows are wanted
};

struct Rows {
  Embeddings original, mirrored;  // (count, d), those that are wanted
  int64_t failed = 0;
  std::string first_failure;
};

void prepare(const Job& job, int64_t begin, int64_t batch, const PixelNormalisation& normalisation,
             Prepared& to) {
  std::vector<uint8_t> rgb(static_cast<size_t>(kCropBytes));
  to.failure.assign(static_cast<size_t>(batch), {});
  for (int64_t i = 0; i < batch; ++i) {
    std::fill(rgb.begin(), rgb.end(), uint8_t{0});
    try {
      if (begin + i < job.count) job.source(begin + i, rgb);
    } catch (const Error& error) {
      to.failure[static_cast<size_t>(i)] = error.what();
    }
    if (job.original) to_network_input(rgb, false, normalisation, to.original.f32() + i * kCropBytes);
    if (job.mirrored) to_network_input(rgb, true, normalisation, to.mirrored.f32() + i * kCropBytes);
  }
}

void store_rows(const View& output, const Prepared& prepared, int64_t begin, Embeddings& rows) {
  const int64_t count = std::min<int64_t>(output.shape.n, rows.rows - begin);
  for (int64_t i = 0; i < count; ++i) {
    float* row = rows.owned.f32() + (begin + i) * rows.dim;
    if (prepared.failure[static_cast<size_t>(i)].empty()) {
      std::copy_n(output.f32() + i * rows.dim, rows.dim, row);
    } else {
      std::fill_n(row, rows.dim, std::numeric_limits<float>::quiet_NaN());
    }
  }
}

Rows embed_crops(const Job& job, Network& network, const EmbedOptions& options) {
  FR_CHECK(job.count > 0, "no images to embed");
  FR_CHECK(options.batch_size > 0, "a batch of {} images", options.batch_size);
  const int64_t batch = std::min(options.batch_size, job.count);
  Rows rows;
  const std::string model = network.parameters_hash();
  for (auto* wanted : {job.original ? &rows.original : nullptr, job.mirrored ? &rows.mirrored : nullptr}) {
    if (wanted == nullptr) continue;
    *wanted = Embeddings::make(job.count, network.embedding_size());
    wanted->model = model;
  }
  Prepared buffers[2];
  const Shape shape{.n = batch, .c = 3, .h = kCropSize, .w = kCropSize};
  for (Prepared& buffer : buffers) {
    if (job.original) buffer.original = Tensor(shape);
    if (job.mirrored) buffer.mirrored = Tensor(shape);
  }
  const auto start = [&](int64_t begin, Prepared& to) {
    return std::async(std::launch::async,
                      [&, begin] { prepare(job, begin, batch, options.normalisation, to); });
  };
  std::unique_ptr<Progress> progress;
  if (options.progress) progress = std::make_unique<Progress>("embedding", job.count, "images");

  std::future<void> next = start(0, buffers[0]);
  for (int64_t begin = 0, k = 0; begin < job.count; begin += batch, ++k) {
    next.get();
    const Prepared& ready = buffers[k % 2];
    if (begin + batch < job.count) next = start(begin + batch, buffers[(k + 1) % 2]);
    if (job.original) store_rows(network.embed(ready.original), ready, begin, rows.original);
    if (job.mirrored) store_rows(network.embed(ready.mirrored), ready, begin, rows.mirrored);
    for (const std::string& failure : ready.failure) {
      if (failure.empty()) continue;
      if (rows.failed++ == 0) rows.first_failure = failure;
    }
    if (progress) progress->update(std::min(begin + batch, job.count));
  }
  if (progress) progress->finish();
  FR_CHECK(rows.failed < job.count, "none of the {} images can be used; the first: {}", job.count,
           rows.first_failure);
  return rows;
}

}  // namespace

EmbeddedPlan embed(const Plan& plan, Network& network, const EmbedOptions& options) {
  const ItemImages images(plan.items);
  const Job job{
      .count = static_cast<int64_t>(plan.items.size()),
      .source = [&](int64_t i,
                    std::span<uint8_t> rgb) { images.crop(plan.items[static_cast<size_t>(i)], rgb); },
      .original = true,
      .mirrored = options.flip};
  Rows rows = embed_crops(job, network, options);
  EmbeddedPlan result;
  for (const Item& item : plan.items) rows.original.names.push_back(item.name);
  if (options.flip) {
    rows.mirrored.names = rows.original.names;
    result.flipped = std::move(rows.mirrored);
  }
  result.original = std::move(rows.original);
  result.failed = rows.failed;
  result.first_failure = rows.first_failure;
  const auto aligned = std::count_if(plan.items.begin(), plan.items.end(),
                                     [](const Item& item) { return item.has_landmarks; });
  result.preprocessing =
      aligned > 0 ? "aligned to 112x112 by five landmarks; " : "crops of 112x112 as they are; ";
  result.preprocessing += options.normalisation.text();
  return result;
}

Embeddings embed(const Dataset& dataset, Network& network, const EmbedOptions& options, bool mirror) {
  const Job job{.count = dataset.size(),
                .source = [&](int64_t i, std::span<uint8_t> rgb) { dataset.image(i, rgb); },
                .original = !mirror,
                .mirrored = mirror};
  Rows rows = embed_crops(job, network, options);
  Embeddings result = std::move(mirror ? rows.mirrored : rows.original);
  for (int64_t i = 0; i < dataset.size(); ++i) result.names.push_back(dataset.item_name(i));
  return result;
}

}  // namespace fr
