#include "train/train_step.h"

#include <cmath>
#include <utility>

#include "core/device_memory.h"
#include "core/launch.cuh"

namespace fr {

namespace {

struct Observe {
  StepRecord* record;
  FR_HD void operator()(int64_t) const {
    StepRecord& r = *record;
    for (int k = 0; k < kWatchedInSteps && r.bad < 0; ++k) {
      const double x = r.now[k];
      if (x - x == 0) continue;
      r.bad = k;
      r.bad_step = r.steps;
    }
    r.losses += r.now[static_cast<int>(Watched::kLoss)];
    ++r.steps;
  }
};

struct Clear {
  StepRecord* record;
  FR_HD void operator()(int64_t) const {
    record->losses = 0;
    record->steps = 0;
    record->bad = -1;
  }
};

}  // namespace

TrainStep::TrainStep(Backend& backend, Network& network, Loss& loss, Sgd& backbone_sgd, int64_t batch_size,
                     double clip)
    : network_(network),
      loss_(loss),
      backbone_sgd_(backbone_sgd),
      clip_(clip),
      device_(network.parameters().device()),
      d_embeddings_({batch_size, network.embedding_size()}, {}, DType::kF32, device_),
      record_(1, device_),
      embeddings_squares_(d_embeddings_.shape().count(), device_),
      head_squares_(loss.parameters().count(), device_),
      backbone_squares_(network.parameters().count(), device_),
      working_copy_(backend, backbone_sgd, network.parameters()),
      repeated_(device_, [this] { enqueue(); }) {
  launch(device_, 1, Clear{record_.data()});
  if (device_ == Device::kCpu) return;
  Shape input = network.graph().node(0).shape;
  input.n = batch_size;
  images_ = Tensor(input, {}, DType::kF32, device_);
  labels_ = Array<int32_t>(batch_size, device_);
  batch_images_ = images_;
  batch_labels_ = labels_.data();
  const int64_t bytes[] = {images_.view().bytes(), labels_.bytes()};
  upload_.emplace(device_, bytes);
}

// The next batch: in place on a CPU, on its way to a GPU.
void TrainStep::fetch(Loader& loader) {
  fetched_ = true;
  try {
    if (upload_) upload_->wait();  // for the loader's memory of the batch before
    const Batch& batch = loader.next();
    epoch_ = batch.epoch;
    if (upload_) {
      const void* parts[] = {batch.images.data, batch.labels.data()};
      upload_->start(parts);
    } else {
      batch_images_ = batch.images;
      batch_labels_ = batch.labels.data();
    }
  } catch (...) {
    failed_ = std::current_exception();
  }
}

int64_t TrainStep::run(Loader& loader, int64_t step, double lr, bool more) {
  if (!std::exchange(fetched_, false)) {
    fetch(loader);
    fetched_ = false;
  }
  if (failed_ != nullptr) std::rethrow_exception(std::exchange(failed_, nullptr));
  const int64_t epoch = epoch_;
  if (upload_) {
    void* const parts[] = {images_.view().data, labels_.data()};
    upload_->take(parts);
  }
  working_copy_.hold();
  network_.set_dropout_step(static_cast<uint64_t>(step));
  backbone_sgd_.set_rate(lr);
  loss_.set_rate(lr);
  loss_.set_step(step);
  repeated_.run();
  if (upload_ && more) fetch(loader);
  return epoch;
}

void TrainStep::enqueue() {
  const Parameters& backbone = network_.parameters();
  StepRecord* const record = record_.data();
  const auto now = [&](Watched what) { return &record->now[static_cast<int>(what)]; };
  backbone.zero_gradients();
  const View& embeddings = network_.forward_train(batch_images_);
  embeddings_squares_.run(embeddings.f32(), now(Watched::kEmbeddings));
  loss_.enqueue(embeddings, batch_labels_, d_embeddings_, now(Watched::kLoss));
  network_.backward(d_embeddings_);
  loss_.gradient_squares(now(Watched::kHeadGradient));
  backbone_squares_.run(backbone.gradients().data(), now(Watched::kBackboneGradient));
  if (clip_ > 0)
    clip(device_, backbone.count(), backbone.gradients().data(), now(Watched::kBackboneGradient), clip_);
  backbone_sgd_.step(false);
  launch(device_, 1, Observe{record});
}

StepReport TrainStep::read() {
  // A step with bad parameters shows in the next one; a pass over millions of classes in each would cost too
  // much.
  double* const now = record_.data()->now;
  head_squares_.run(loss_.parameters().values().data(), now + static_cast<int>(Watched::kHead));
  backbone_squares_.run(network_.parameters().values().data(), now + static_cast<int>(Watched::kBackbone));
  const StepRecord record = record_.on_host()[0];
  launch(device_, 1, Clear{record_.data()});
  StepReport report;
  report.steps = record.steps;
  report.losses = record.losses;
  std::copy_n(record.now, kWatched, report.last);
  if (record.bad >= 0) {
    report.not_finite = static_cast<Watched>(record.bad);
    report.not_finite_step = record.bad_step;
  }
  for (int k = kWatchedInSteps; k < kWatched && !report.not_finite; ++k) {
    if (std::isfinite(record.now[k])) continue;
    report.not_finite = static_cast<Watched>(k);
    report.not_finite_step = record.steps - 1;
  }
  return report;
}

}  // namespace fr
