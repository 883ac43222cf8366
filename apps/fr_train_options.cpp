// The spellings of fr-train's options, and their way into TrainOptions.
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "fr_train.h"

namespace fr {

namespace {

MarginGradient margin_gradient(const std::string& name) {
  return name == "exact" ? MarginGradient::kExact : MarginGradient::kStraightThrough;
}

MarginOverflow margin_overflow(const std::string& name) {
  if (name == "wrap") return MarginOverflow::kWrap;
  return name == "easy" ? MarginOverflow::kEasy : MarginOverflow::kMmFallback;
}

std::vector<int64_t> whole_steps(const std::vector<double>& values) {
  std::vector<int64_t> steps;
  for (const double value : values) {
    if (!(value > 0) || value != std::floor(value) || value > 1e15)
      throw UsageError(fmt::format("--lr-steps {}: not a positive whole number", value));
    steps.push_back(static_cast<int64_t>(value));
  }
  return steps;
}

}  // namespace

void add_options(Options& options, TrainCommand& c) {
  TrainOptions& t = c.train;
  options
      .add("--data", c.data,
           "folder of packed crops, of a train.rec, or with one folder of images per identity; without it, "
           "synthetic faces; with --labels, embeddings: FILE[:WEIGHT],… side by side")
      .add("--labels", c.labels,
           "train on vectors: identity lists (train_gt.txt, …), or a .npy of one class a row; networks: mlp")
      .add("--out", c.out, "folder of model, checkpoint and log (runs/NETWORK-LOSS)")
      .flag("--fresh", t.fresh, "start over; without it a run continues from the checkpoint in --out")
      .add("--network", t.network,
           "iresnet_mini iresnet_tiny iresnet18 iresnet34 iresnet50 iresnet100 iresnet200 mobilefacenet mlp")
      .add("--embedding-size", t.network_options.embedding_size, "numbers an embedding has")
      .add("--dropout", c.dropout, "rate before the last linear layer")
      .add("--loss", t.loss.name, "softmax nsoftmax sphereface cosface arcface cm1 cm2")
      .add("--scale", t.loss.scale, "s, instead of the loss's own")
      .add("--m1", t.loss.m1, "multiplicative angular margin, instead of the loss's own")
      .add("--m2", t.loss.m2, "additive angular margin, instead of the loss's own")
      .add("--m3", t.loss.m3, "additive cosine margin, instead of the loss's own")
      .choice("--gradient", c.gradient, {"exact", "straight_through"},
              "of the margin: exact, or as arcface_torch")
      .choice("--overflow", c.overflow, {"wrap", "mm_fallback", "easy"}, "where angle + margin exceeds pi")
      .add("--sample-rate", t.loss.sample,
           "share of the classes that a step compares with, those of its images always among them; 1: all")
      .choice("--sample-momentum", c.sample_momentum, {"dense", "sampled"},
              "what a step moves: by momentum and weight decay all classes, or the sampled ones alone");
  options.add("--batch-size", t.batch_size, "images a step")
      .add("--epochs", t.epochs, "passes over the data")
      .add("--steps", t.steps, "steps, instead of --epochs")
      .add("--lr", t.lr, "learning rate at the start")
      .choice("--schedule", t.schedule, {"polynomial", "step"}, "how it falls: to 0, or by 10 at --lr-steps")
      .add("--lr-steps", c.lr_steps, "steps at which it falls (5/8 and 7/8 of the run)")
      .add("--warmup", t.warmup, "steps of linear rise, polynomial only")
      .add("--power", t.power, "of the polynomial")
      .add("--momentum", t.momentum, "of SGD")
      .add("--weight-decay", t.weight_decay, "of SGD")
      .choice("--sgd", t.sgd, {"torch", "mxnet"}, "form of the update")
      .add("--clip", t.clip, "largest L2 norm of the backbone's gradients; 0: any")
      .add("--seed", t.seed, "of initial values, order, mirroring and dropout");
  options.add("--eval-data", c.eval_data, "folder with verification packs (lfw.bin, lfw/lfw.bin, …)")
      .add("--eval-every", t.evaluate_every, "steps between evaluations on --eval-data; 0: at the end only")
      .add("--checkpoint-every", t.checkpoint_every, "steps between checkpoints")
      .add("--log-every", t.log_every, "steps between lines of log.jsonl")
      .choice("--device", c.device, {"auto", "cpu", "cuda"}, "where; auto: a GPU where there is one")
      .choice("--backend", c.backend, {"auto", "cpu", "ref", "onednn", "cuda", "cuda_f32", "cuda_tf32"},
              "who computes; cuda: in bf16")
      .add("--threads", c.threads, "computing threads; 0: all processors")
      .add("--workers", c.workers, "image decoding threads; 0: one for every two processors")
      .choice(
          "--jpeg", t.jpeg, {"libjpeg", "nvjpeg"},
          "who decodes JPEGs, those of --eval-data too; nvjpeg: a GPU, whose pixels are not libjpeg's, so "
          "that a run keeps to one of them")
      .with_config();
}

TrainOptions train_options(const TrainCommand& c) {
  if (c.threads < 0 || c.threads > 4096)
    throw UsageError(fmt::format("--threads {}: not a number of threads", c.threads));
  if (c.workers < 0 || c.workers > 256)
    throw UsageError(fmt::format("--workers {}: not a number of threads", c.workers));
  TrainOptions t = c.train;
  t.network_options.dropout = static_cast<float>(c.dropout);
  t.loss.gradient = margin_gradient(c.gradient);
  t.loss.overflow = margin_overflow(c.overflow);
  t.loss.sampled_momentum =
      c.sample_momentum == "dense" ? SampledMomentum::kDense : SampledMomentum::kSampled;
  t.lr_steps = whole_steps(c.lr_steps);
  t.folder = c.out.empty() ? "runs/" + t.network + "-" + t.loss.name : c.out;
  t.workers = c.workers > 0 ? static_cast<int>(c.workers) : std::max(1, omp_get_num_procs() / 2);
  return t;
}

}  // namespace fr
