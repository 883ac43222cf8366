// Steps of a loss on one batch, by its own SGD or by Sgd on all its gradients, on any backend's device.
#pragma once
#include <vector>

#include "core/array.h"
#include "loss/support.h"
#include "train/sgd.h"

namespace fr::test {

struct Trained {
  std::vector<float> values, momentum, dx;
  std::vector<double> losses, squares;  // of each step; sum of squares of its gradients
};

// By its own SGD where options.sgd is given.
inline Trained train(LossOptions options, const SgdOptions& sgd_options, Backend& backend,
                     const LossInputs& in) {
  options.embedding_size = in.d;
  options.classes = in.classes;
  options.seed = 3;
  const Device device = backend.device();
  const auto loss = make_loss(options, backend);
  const Tensor start = Tensor::zeros({.n = loss->parameters().count()});
  RandomStream stream(5, "steps");
  for (const Slice& slice : loss->parameters().slices())
    for (int64_t i = 0; i < slice.count; ++i) start.f32()[slice.offset + i] = 0.1f * stream.next_normal();
  copy(start, loss->parameters().view());
  Sgd sgd(sgd_options, loss->parameters());
  const Tensor x = on_device(in.x, {in.n, in.d}, device), dx(x.shape(), {}, DType::kF32, device);
  const Array<double> square(1, device);
  Trained result;
  for (int64_t step = 0; step < 4; ++step) {
    const double rate = step < 2 ? 0.5 : 0.05;
    loss->set_step(step);
    loss->set_rate(rate);
    result.losses.push_back(loss->forward_backward(x, in.labels, dx));
    if (options.sgd) {
      loss->gradient_squares(square.data());
      result.squares.push_back(square.on_host()[0]);
    } else {
      double sum = 0;
      for (const float g : values_of(loss->parameters().gradients(), device))
        sum += static_cast<double>(g) * static_cast<double>(g);
      result.squares.push_back(sum);
      sgd.set_rate(rate);
      sgd.step();
    }
  }
  result.dx = values_of(dx.floats(), device);
  result.values = values_of(loss->parameters().values(), device);
  result.momentum = values_of((options.sgd ? loss->momentum() : sgd.momentum()).floats(), device);
  return result;
}

}  // namespace fr::test
