// Gradients of a whole network against central differences of sum(output * g), one direction per parameter.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/random.h"
#include "nn/network.h"

namespace fr::test {

inline Tensor random_tensor(Shape shape, const std::string& name) {
  Tensor t(shape);
  RandomStream stream(1, name);
  for (float& x : t.floats()) x = stream.next_uniform(-1, 1);
  return t;
}

inline double loss_of(Network& network, const View& images, const View& g) {
  network.set_dropout_step(7);
  const View y = network.forward_train(images);
  double loss = 0;
  for (int64_t i = 0; i < y.count(); ++i)
    loss += static_cast<double>(y.f32()[i]) * static_cast<double>(g.f32()[i]);
  return loss;
}

// Moves `values` along their gradient and compares the slope of the loss with the gradient's norm. Directions
// that a later batch norm removes have no gradient to speak of and are passed over.
inline void check_slope(Network& network, const View& images, const View& g, std::span<float> values,
                        const std::vector<float>& gradient, const std::string& name, double tolerance) {
  double norm = 0;
  for (float x : gradient) norm += static_cast<double>(x) * static_cast<double>(x);
  norm = std::sqrt(norm);
  if (norm < 1e-4) return;
  const std::vector<float> saved(values.begin(), values.end());
  const auto moved = [&](double step) {
    for (size_t i = 0; i < saved.size(); ++i) {
      values[i] =
          static_cast<float>(static_cast<double>(saved[i]) + step * static_cast<double>(gradient[i]) / norm);
    }
    return loss_of(network, images, g);
  };
  constexpr double kStep = 2e-3;
  const double slope = (moved(kStep) - moved(-kStep)) / (2 * kStep);
  std::copy(saved.begin(), saved.end(), values.begin());
  INFO(name, ": slope ", slope, ", gradient norm ", norm);
  CHECK(std::abs(slope - norm) <= tolerance * (1 + norm));
}

// Gives every trained parameter a value of its own, so that no gradient vanishes by symmetry.
inline void shake(Network& network) {
  for (const Slice& s : network.parameters().slices()) {
    RandomStream stream(3, s.name);
    if (!s.trainable) continue;
    for (float& x : network.parameters().values(s)) x += stream.next_uniform(-0.2f, 0.2f);
  }
}

inline void check_gradients(Network& network, Tensor images, double tolerance) {
  network.inspect();
  network.initialise(5);
  shake(network);
  network.set_dropout_step(7);
  const View out = network.forward_train(images);
  const Tensor g = random_tensor(out.shape, "g");
  network.parameters().zero_gradients();
  network.backward(g);
  const Tensor image_gradient = network.input_gradient();
  const auto all = network.parameters().gradients();
  const std::vector<float> gradients(all.begin(), all.end());
  for (const Slice& s : network.parameters().slices()) {
    const auto begin = gradients.begin() + s.offset;
    if (s.trainable) {
      check_slope(network, images, g, network.parameters().values(s), {begin, begin + s.count}, s.name,
                  tolerance);
    } else {
      CHECK(std::all_of(begin, begin + s.count, [](float x) { return x == 0; }));
    }
  }
  check_slope(network, images, g, images.floats(),
              {image_gradient.floats().begin(), image_gradient.floats().end()}, "images", tolerance);
}

}  // namespace fr::test
