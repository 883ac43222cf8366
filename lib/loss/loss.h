// Loss: embeddings and labels -> loss and gradients. A loss owns its parameters (class weights, bias,
// centres).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "backend/backend.h"
#include "comm/comm.h"
#include "core/parameters.h"
#include "core/registry.h"
#include "core/sgd_options.h"
#include "core/tensor.h"

namespace fr {

enum class MarginGradient { kExact, kStraightThrough };   // spec 1.2, 1.5
enum class MarginOverflow { kWrap, kMmFallback, kEasy };  // what happens where theta + m > pi

// What becomes of classes that a step does not sample (spec 1.6).
enum class SampledMomentum {
  kDense,    // momentum and weight decay still move them (PartialFC V2)
  kSampled,  // they stay as they are (V1)
};

struct LossOptions {
  std::string name = "arcface";  // a preset: softmax nsoftmax sphereface cosface arcface cm1 cm2
  int64_t embedding_size = 512, classes = 0;
  // NaN: the preset's own value (spec 1.4).
  double scale, m1, m2, m3;
  MarginGradient gradient = MarginGradient::kExact;
  MarginOverflow overflow = MarginOverflow::kWrap;
  double filter = 0;  // inter-class filtering threshold tau (spec 1.2); 0: off
  int64_t tile = 0;   // classes whose logits exist at one time; 0: default_tile()
  double sample = 1;  // share of the classes that takes part in a step (spec 1.6); 1: all
  SampledMomentum sampled_momentum = SampledMomentum::kDense;
  uint64_t seed = 0;              // of the sampled classes
  std::optional<SgdOptions> sgd;  // given: the loss steps its own parameters, and their gradients never exist
  // null: alone. Otherwise the classes are spread over its ranks (spec 1.6), and enqueue() on a GPU waits for
  // what they exchange: it cannot be captured.
  Comm* comm = nullptr;
  LossOptions();
};

int64_t default_tile(Device device);

class Loss {
 public:
  virtual ~Loss() = default;
  virtual Parameters& parameters() = 0;  // "weight" (classes, embedding_size), "bias" (classes) for softmax
  virtual void initialise(uint64_t seed) = 0;

  // x (n, d), labels (n) in [0, classes), unchecked: all on the backend's device. Overwrites dx (n, d) with
  // d(mean loss)/dx and *loss there with the mean loss; the gradients of parameters() are *added to*, or
  // their step of SGD is done. Waits for nothing, so that it can be captured, once it has run for this n.
  // Never holds N x C values.
  virtual void enqueue(const View& x, const int32_t* labels, const View& dx, double* loss) = 0;
  // The same for labels of the host, waited for. Throws fr::Error for a label out of range.
  virtual double forward_backward(const View& x, std::span<const int32_t> labels, const View& dx) = 0;

  // With LossOptions::sgd, the rate of the steps from now on.
  virtual void set_rate(double lr) = 0;
  // With LossOptions::sgd, laid out as parameters(): what a checkpoint saves beside them. Else empty.
  virtual const View& momentum() const = 0;
  // With LossOptions::sgd: *square, on the device, is overwritten with the sum of squares of the last
  // gradients of parameters().
  virtual void gradient_squares(double* square) = 0;
  // The number that the classes sampled from now on are drawn by, with the seed.
  virtual void set_step(int64_t step) = 0;

  // How logits are made of an embedding x and a class weight w, margins aside: this times their cosine; 0:
  // the product x w^T plus the bias.
  virtual double logit_scale() const = 0;
  virtual std::string describe() const = 0;  // "arcface (s 64, m2 0.5), gradient exact, overflow wrap"

  // What follows tells of the last batch, and waits for it.
  // Share whose targets lie where the margin's penalty falls as the angle grows (theta + m beyond pi, spec
  // 1.2): from a half on, training is rewarded for turning embeddings away from their class.
  virtual double overflowed() const { return 0; }
  // (n) on the host: the loss of each row, and s times its target logit after the margin.
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
