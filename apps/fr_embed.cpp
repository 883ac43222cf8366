// fr-embed: embeddings of images, by any network that fr-train saved.
#include <fmt/core.h>

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/verification_bin.h"
#include "embed/embed.h"
#include "nn/checkpoint.h"
#include "options.h"
#include "readers/readers.h"
#include "store/store.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

struct EmbedCommand {
  std::string model, data, out, flipped, backend = "auto";
  int64_t batch_size = 32, threads = 0;
};

// Items of a pack, named by number, or all images below a folder, named by their path in it.
Plan plan_of(const std::string& data) {
  Plan plan;
  if (is_folder(data)) {
    for (const std::string& image : list_images(data))
      plan.items.push_back({.name = image, .file = (fs::path(data) / image).string()});
    FR_CHECK(!plan.items.empty(), "{}: no images (.jpg .jpeg .png .bmp .pgm) in this folder", data);
    return plan;
  }
  const VerificationBin pack(data);
  for (int64_t i = 0; i < pack.images(); ++i)
    plan.items.push_back({.name = std::to_string(i), .file = data, .index_in_file = i});
  return plan;
}

EmbeddedPlan embed_data(const EmbedCommand& c, Network& network) {
  EmbedOptions options;
  options.batch_size = c.batch_size;
  options.flip = !c.flipped.empty();
  if (!is_packed(c.data)) return embed(plan_of(c.data), network, options);
  const std::unique_ptr<Dataset> dataset = open_packed(c.data);
  EmbeddedPlan result;
  result.original = embed(*dataset, network, options);
  if (options.flip) result.flipped = embed(*dataset, network, options, true);
  return result;
}

int run(const EmbedCommand& c) {
  if (c.threads > 0) set_thread_count(static_cast<int>(c.threads));
  const std::unique_ptr<Backend> backend = make_backend(c.backend);
  const std::unique_ptr<Network> network = load_network(c.model, *backend);
  const EmbeddedPlan rows = embed_data(c, *network);
  write_embeddings(c.out, rows.original);
  if (rows.flipped) write_embeddings(c.flipped, *rows.flipped);
  if (rows.failed > 0)
    fmt::print(stderr, "{} failed (NaN rows); the first: {}\n", rows.failed, rows.first_failure);
  fmt::print("{}: {} rows of {} numbers\n", c.out, rows.original.rows, rows.original.dim);
  return 0;
}

}  // namespace

}  // namespace fr

int main(int argc, char** argv) {
  fr::Options options("fr-embed", "Embed images with a trained network",
                      "fr-embed --model runs/arcface/model.safetensors --data photos --out photos.h5");
  fr::EmbedCommand c;
  options.add("--model", c.model, "checkpoint (.safetensors)").required();
  options
      .add("--data", c.data, "folder of aligned faces (at any depth), packed crops, or a verification .bin")
      .required();
  options.add("--out", c.out, "embedding file to write: .h5, or .npy with names in the .txt beside it")
      .required();
  options.add("--flipped", c.flipped, "embedding file of the mirrored faces to write as well")
      .add("--batch-size", c.batch_size, "images at a time")
      .add("--threads", c.threads, "threads (0: all)")
      .choice("--backend", c.backend, {"auto", "cpu", "ref", "onednn", "cuda", "cuda_f32", "cuda_tf32"},
              "who computes");
  return options.run(argc, argv, [&] { return fr::run(c); });
}
