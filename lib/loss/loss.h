// Loss: embeddings and labels -> loss and gradients. A loss owns its parameters (class weights, bias,
// centres).
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "backend/backend.h"
#include "comm/comm.h"
#include "core/parameters.h"
#include "core/registry.h"
#include "core/tensor.h"

namespace fr {

enum class MarginGradient { kExact, kStraightThrough };   // spec 1.2, 1.5
enum class MarginOverflow { kWrap, kMmFallback, kEasy };  // what happens where theta + m > pi

struct LossOptions {
  std::string name = "arcface";  // a preset: softmax nsoftmax sphereface cosface arcface cm1 cm2
  int64_t embedding_size = 512, classes = 0;
  // NaN: the preset's own value (spec 1.4).
  double scale, m1, m2, m3;
  MarginGradient gradient = MarginGradient::kExact;
  MarginOverflow overflow = MarginOverflow::kWrap;
  double filter = 0;     // inter-class filtering threshold tau (spec 1.2); 0: off
  int64_t tile = 768;    // classes whose logits exist at one time; 1024 was measured slower
  Comm* comm = nullptr;  // null: alone. Otherwise the classes are spread over its ranks (spec 1.6)
  LossOptions();
};

class Loss {
 public:
  virtual ~Loss() = default;
  virtual Parameters& parameters() = 0;  // "weight" (classes, embedding_size), "bias" (classes) for softmax
  virtual void initialise(uint64_t seed) = 0;
  // x (n, d), labels (n) in [0, classes). Returns the mean loss. dx (n, d) is overwritten with d(mean
  // loss)/dx; the gradients of parameters() are *added to*. Throws fr::Error for a label out of range. Never
  // holds N x C values.
  virtual double forward_backward(const View& x, std::span<const int32_t> labels, const View& dx) = 0;
  // How logits are made of an embedding x and a class weight w, margins aside: this times their cosine; 0:
  // the product x w^T plus the bias.
  virtual double logit_scale() const = 0;
  virtual std::string describe() const = 0;  // "arcface (s 64, m2 0.5), gradient exact, overflow wrap"
  // Share of the last batch whose targets lie where the margin's penalty falls as the angle grows (theta + m
  // beyond pi, spec 1.2): from a half on, training is rewarded for turning embeddings away from their class.
  virtual double overflowed() const { return 0; }
  // (n) per row, filled by the last forward_backward: the loss, and s times the target logit after the
  // margin.
  virtual std::span<const float> row_losses() const = 0;
  virtual std::span<const float> target_logits() const = 0;
};

struct LossKind {
  static constexpr const char* name = "loss";
  using Factory = std::unique_ptr<Loss> (*)(const LossOptions&, Backend&);
};

// Throws fr::Error for an unknown name or an option out of range.
std::unique_ptr<Loss> make_loss(const LossOptions& options, Backend& backend);

}  // namespace fr
