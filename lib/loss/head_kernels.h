// The steps of the margin head that are our own mathematics and concern the rows of a batch, on either
// device. All arrays are dense row-major f32 unless said otherwise; n rows of the batch, d values an
// embedding.
#pragma once
#include <cstdint>

#include "core/bf16.h"
#include "core/device.h"
#include "loss/margin.h"

namespace fr::head {

// w (count) = deviation times numbers first, first + 1, … of the normal stream with that key.
void fill_normal(Device device, int64_t count, uint64_t key, int64_t first, float deviation, float* w);

// x (count) = value.
void fill(Device device, int64_t count, float value, float* x);

// local (n): labels (n) within [begin, end) counted from begin, -1 for the others.
void localise(Device device, int64_t n, int64_t begin, int64_t end, const int32_t* labels, int32_t* local);

// inverse (rows) = 1/max(|v|, 1e-12) of v (rows, d) (spec 1.1).
void inverse_norms(Device device, int64_t rows, int64_t d, const float* v, float* inverse);

// y (rows, d) = v (rows, d) times scale (rows).
void scale_rows(Device device, int64_t rows, int64_t d, const float* v, const float* scale, float* y);

// y (count) = x (count), rounded.
void round_to_bf16(Device device, int64_t count, const float* x, Bf16* y);

// The target's cosine of each row in double, or x w + bias unless `normalise`; 0 where the label is
// elsewhere.
struct Targets {
  const float* x;         // (n, d)
  const float* w;         // (shard, d)
  const float* bias;      // (shard), or null
  const int32_t* labels;  // (n) within the shard, or -1
  int64_t n, d;
  bool normalise;
};
void target_cosines(Device device, const Targets& targets, double* cosines);

// logits (n) = scale times the target's value; 0 where the label is elsewhere.
void target_logits(Device device, int64_t n, const int32_t* labels, const MarginValue* targets, double scale,
                   float* logits);

// Log-sum-exp of each row so far: log(sum) + max.
struct RunningSum {
  float* max;   // (n)
  float* next;  // (n) scratch
  double* sum;  // (n)
};

// Starts each row with its target's logit (n), or with nothing where the label is elsewhere.
void start_sums(Device device, int64_t n, const int32_t* labels, const float* logits,
                const RunningSum& running);

// After max became the maximum over all ranks and `next` this rank's own: brings each sum to the new max.
void rescale_sums(Device device, int64_t n, const RunningSum& running);

// Loss of each row and the factors of its gradient, once max and sum cover every class on every rank.
struct RowResults {
  const float* logits;         // (n) scaled target logit
  const double* sum;           // (n)
  const float* max;            // (n)
  const MarginValue* targets;  // (n)
  int64_t n;
  double scale;
  bool straight_through;  // takes the margin's derivative for 1
  double* losses;         // (n) log(sum) + max - logit
  float* rounded_losses;  // (n) the same
  float* coefficient;     // (n) scale/(n sum): d mean loss/d cosine is this times exp(logit - max)
  float* target;          // (n) d mean loss/d cosine of the target
};
void finish_rows(Device device, const RowResults& results);

// mean (1) of the losses (n), added in order.
void mean_loss(Device device, int64_t n, const double* losses, double* mean);

// dx (n, d) overwritten: through x/|x|, given the gradient (n, d) with respect to unit (n, d).
void unit_backward(Device device, int64_t n, int64_t d, const float* dunit, const float* unit,
                   const float* inverse, float* radial, float* dx);

}  // namespace fr::head
