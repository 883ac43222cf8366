// Network: a graph bound to a backend and a batch size: parameters, one loop forward, one loop backward.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "core/parameters.h"
#include "core/registry.h"
#include "nn/graph.h"

namespace fr {

struct NetworkOptions {
  int64_t embedding_size = 512;
  float dropout = 0;
};

struct NetworkKind {
  static constexpr const char* name = "network";
  using Factory = Graph (*)(const NetworkOptions&);
};

class Network {
 public:
  Network(std::string name, const NetworkOptions& options, Backend& backend);
  ~Network();

  const std::string& name() const;
  const NetworkOptions& options() const;
  const Graph& graph() const;
  int64_t embedding_size() const { return options().embedding_size; }

  // state_dict order and names of arcface_torch; running statistics are slices with trainable = false.
  Parameters& parameters();
  const Parameters& parameters() const;
  void initialise(
      uint64_t seed);  // spec 02: conv N(0, 0.1), linear U(+-1/sqrt(fan_in)), gamma 1, beta 0, slope 0.25

  // images (n, 3, 112, 112) NCHW -> (n, embedding_size); the view is valid until the next call. Any n; memory
  // is kept per n.
  const View& forward_train(const View& images, uint64_t dropout_step = 0);  // updates running statistics
  void backward(const View& d_embeddings);  // *adds to* parameters().gradients()
  const View& forward_eval(const View& images);

  // The value of a named node after the last forward call, in NCHW (tests); and dL/d images after backward.
  Tensor tap(const std::string& node) const;
  Tensor input_gradient() const;

  int64_t multiply_adds() const;        // of one image
  std::string parameters_hash() const;  // content hash of all values
  int64_t reorders() const;             // in the plan of the last forward

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fr
