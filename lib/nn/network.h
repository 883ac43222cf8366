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
  int64_t input_size = 512;  // numbers an item has, for networks of vectors; those of images have their own
  float dropout = 0;         // rate, before the last linear layer, in training only
  uint64_t seed = 0;         // of the dropout masks
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
  // spec 02 §2.1: conv N(0, 0.1), linear U(+-1/sqrt(fan_in)), gamma 1, beta 0, slope 0.25.
  void initialise(uint64_t seed);

  // images (n, 3, 112, 112) NCHW, or vectors (n, input_size, 1, 1), -> (n, embedding_size), all on the
  // backend's device; the view is valid
  // until the next call. Any n; one arena, as large as the largest n met, serves all. A training pass updates
  // the running statistics, takes n > 1 and keeps a pointer to the images: they stay in place until
  // backward() is done.
  const View& forward_train(const View& images);
  // Dropout's masks differ from step to step: of passes from now on, repetitions of a captured one as well
  // (0).
  void set_dropout_step(uint64_t step);
  // d_embeddings (n, embedding_size). *Adds to* parameters().gradients(); after forward_train, once.
  void backward(const View& d_embeddings);
  const View& forward_eval(const View& images);
  // forward_eval of images on the host; the embeddings are there too.
  const View& embed(const View& images);
  // From now on the parameters do not change (a change would go unseen until the next freeze()): batch norms
  // are folded, weights kept in the backend's order, and there is no training. forward_eval gives the same up
  // to rounding, faster.
  void freeze();

  // For tests: from now on every value is kept until the end of a forward pass, and backward() goes on to the
  // images. Costs memory and time.
  void inspect();
  // The value of a named node after the last forward call, in NCHW. fr::Error for a node that was fused into
  // the next (as more are after freeze()), or whose memory has been used again.
  Tensor tap(const std::string& node) const;
  Tensor input_gradient() const;  // dL/d images (n, 3, 112, 112) after backward(), with inspect()

  int64_t multiply_adds() const;        // of one image
  std::string parameters_hash() const;  // content hash of all values
  int64_t reorders() const;             // in the plan of the last forward
  int64_t plans() const;                // made so far: one per batch size and mode
  int64_t arena_bytes() const;          // activations and gradients

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fr
