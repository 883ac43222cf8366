#include "nn/network.h"

#include <map>
#include <utility>

#include "core/array.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/random.h"
#include "nn/dropout.h"
#include "nn/frozen.h"
#include "nn/plan.h"
#include "nn/running_statistics.h"

namespace fr {

struct Network::Impl {
  Impl(std::string network, const NetworkOptions& network_options, Backend& b)
      : name(std::move(network)),
        options(network_options),
        backend(b),
        graph(Registry<NetworkKind>::instance().find(name)(options)) {
    for (const ParameterSpec& p : graph.parameters()) {
      parameters.add(p.name, p.shape, p.kind == ParameterSpec::kTrained);
    }
    parameters.allocate(backend.device());
    int64_t channels = 0;
    statistics_of.assign(graph.nodes().size(), -1);
    for (size_t v = 0; v < graph.nodes().size(); ++v) {
      const Node& node = graph.nodes()[v];
      if (node.op != Op::kBatchNorm) continue;
      statistics_of[v] = 2 * channels;
      channels += node.shape.c;
    }
    statistics = Tensor::zeros({.n = 2 * channels}, {}, DType::kF32, backend.device());
    dropout_step = Array<uint64_t>(1, backend.device());
    store_step(backend.device(), dropout_step.data(), 0);
  }

  const Slice& slice(Value v, int64_t k) const {
    return parameters.slices()[static_cast<size_t>(graph.node(v).parameter + k)];
  }
  float* parameter(Value v, int64_t k) const { return parameters.values(slice(v, k)).data(); }
  float* gradient(Value v, int64_t k) const {
    return slice(v, k).trainable ? parameters.gradients(slice(v, k)).data() : nullptr;
  }
  // Mean (c), then biased variance (c), of the last batch.
  float* batch_mean(Value v) const { return statistics.f32() + statistics_of[static_cast<size_t>(v)]; }
  float* batch_variance(Value v) const { return batch_mean(v) + graph.node(v).shape.c; }

  View view(int64_t value) const {
    if (value < 0) return {};
    const PlannedValue& v = plan->values[static_cast<size_t>(value)];
    if (v.place == PlannedValue::kImages) return images;
    if (v.place == PlannedValue::kOutputGradient) return d_output;
    return {arena.data() + v.offset, v.shape, v.layout, v.dtype, backend.device()};
  }

  BatchNorm batch_norm(const Step& s) const {
    return {.gamma = parameter(s.node, 0),
            .beta = parameter(s.node, 1),
            .slope = s.prelu >= 0 ? parameter(s.prelu, 0) : nullptr,
            .eps = graph.node(s.node).eps};
  }
  DropoutMask dropout_mask(Value v) const {
    return {RandomStream(options.seed, "dropout " + graph.node(v).name).key(), dropout_step.data()};
  }

  void forget_plans() {
    plans.clear();
    plan = nullptr;
    state = kNothing;
  }
  const View& forward(const View& batch, bool training);
  void run(const Step& s);
  void run(const BackwardStep& b);
  void update_running_statistics(Value v) const;

  std::string name;
  NetworkOptions options;
  Backend& backend;
  Graph graph;
  Parameters parameters;
  std::vector<int64_t> statistics_of;  // node -> offset of its batch statistics
  Tensor statistics;

  bool inspected = false;
  std::unique_ptr<FrozenLayers> frozen;
  std::map<std::pair<int64_t, bool>, NetworkPlan> plans;  // by batch size and whether training
  Memory arena;
  const NetworkPlan* plan = nullptr;  // of the last forward
  enum { kNothing, kEvaluated, kTrained, kReversed } state = kNothing;
  Array<uint64_t> dropout_step;
  Tensor on_device, on_host;  // of embed(), where the two differ
  View images, d_output, output;
};

const View& Network::Impl::forward(const View& batch, bool training) {
  Shape wanted = graph.node(0).shape;
  wanted.n = batch.shape.n;
  FR_CHECK(batch.shape == wanted && batch.shape.n > 0 && batch.dtype == DType::kF32 &&
               batch.layout == Layout{} && batch.device == backend.device(),
           "{}: {} input of shape {} on {}, expected (n, {}, {}, {}) f32 NCHW on {}", name,
           name_of(batch.dtype), batch.shape.text(), name_of(batch.device), wanted.c, wanted.h, wanted.w,
           name_of(backend.device()));
  FR_CHECK(!training || frozen == nullptr, "{}: frozen, it cannot be trained", name);
  FR_CHECK(!training || batch.shape.n > 1, "{}: a training batch of one image has no batch statistics", name);
  const auto [it, made] = plans.try_emplace({batch.shape.n, training});
  if (made) it->second = make_plan(graph, backend, {batch.shape.n, training, inspected, frozen != nullptr});
  plan = &it->second;
  if (plan->arena > arena.bytes()) {
    arena = Memory();  // the old one first
    arena = Memory(plan->arena, backend.device());
  }
  images = batch;
  state = kNothing;
  for (const Step& s : plan->steps) run(s);
  state = training ? kTrained : kEvaluated;
  return output = view(plan->output);
}

void Network::Impl::run(const Step& s) {
  const View x = view(s.x), residual = view(s.residual), y = view(s.y);
  switch (s.kind) {
    case Step::kReorder:
      return backend.reorder(x, y);
    case Step::kConv:
      return backend.conv_forward(graph.node(s.node).conv, x, parameter(s.node, 0), y);
    case Step::kBatchNorm:
      if (!plan->training) {
        return backend.batch_norm_eval(batch_norm(s), x, residual, y, parameter(s.node, 2),
                                       parameter(s.node, 3));
      }
      backend.batch_norm_train(batch_norm(s), x, residual, y, batch_mean(s.node), batch_variance(s.node));
      return update_running_statistics(s.node);
    case Step::kPrelu:
      return backend.prelu_forward(x, parameter(s.node, 0), y);
    case Step::kAdd:
      return backend.add(x, residual, y);
    case Step::kDropout:
      return dropout(x, graph.node(s.node).rate, dropout_mask(s.node), y);
    case Step::kLinear:
      return backend.linear_forward(x, parameter(s.node, 0),
                                    graph.node(s.node).has_bias ? parameter(s.node, 1) : nullptr, y);
    case Step::kFrozenConv:
    case Step::kFrozenLinear:
      return frozen->run(s, x, residual, y);
  }
}

void Network::Impl::run(const BackwardStep& b) {
  const Step& s = plan->steps[static_cast<size_t>(b.step)];
  const View x = view(s.x), dy = view(b.dy), dx = view(b.dx);
  switch (s.kind) {
    case Step::kReorder:
      backend.reorder(dy, dx);
      break;
    case Step::kConv: {
      const ConvGeometry& g = graph.node(s.node).conv;
      backend.conv_backward_weights(g, x, dy, gradient(s.node, 0));
      if (b.dx >= 0) backend.conv_backward_data(g, dy, parameter(s.node, 0), dx);
      break;
    }
    case Step::kBatchNorm:
      backend.batch_norm_backward(batch_norm(s), x, dy, batch_mean(s.node), batch_variance(s.node), dx,
                                  {.gamma = gradient(s.node, 0),
                                   .beta = gradient(s.node, 1),
                                   .slope = s.prelu >= 0 ? gradient(s.prelu, 0) : nullptr});
      break;
    case Step::kPrelu:
      backend.prelu_backward(x, parameter(s.node, 0), dy, dx, gradient(s.node, 0));
      break;
    case Step::kAdd:
    case Step::kFrozenConv:
    case Step::kFrozenLinear:
      break;  // of an addition both terms' gradients are dy, see the planner; frozen steps are not reversed
    case Step::kDropout:
      dropout(dy, graph.node(s.node).rate, dropout_mask(s.node), dx);
      break;
    case Step::kLinear:
      backend.linear_backward(x, parameter(s.node, 0), dy, dx, gradient(s.node, 0),
                              graph.node(s.node).has_bias ? gradient(s.node, 1) : nullptr);
      break;
  }
  for (const auto& [first, second, sum] : b.sums) {
    if (sum == first) {
      backend.accumulate(view(second), view(sum));
    } else {
      backend.add(view(first), view(second), view(sum));
    }
  }
}

void Network::Impl::update_running_statistics(Value v) const {
  const Node& node = graph.node(v);
  update(backend.device(), node.shape.c, images.shape.n * node.shape.plane(),
         {.mean = batch_mean(v),
          .variance = batch_variance(v),
          .running_mean = parameter(v, 2),
          .running_variance = parameter(v, 3),
          .momentum = node.momentum});
}

Network::Network(std::string name, const NetworkOptions& options, Backend& backend)
    : impl_(std::make_unique<Impl>(std::move(name), options, backend)) {}
Network::~Network() = default;

const std::string& Network::name() const { return impl_->name; }
const NetworkOptions& Network::options() const { return impl_->options; }
const Graph& Network::graph() const { return impl_->graph; }
Parameters& Network::parameters() { return impl_->parameters; }
const Parameters& Network::parameters() const { return impl_->parameters; }
int64_t Network::multiply_adds() const { return impl_->graph.multiply_adds(); }
int64_t Network::plans() const { return static_cast<int64_t>(impl_->plans.size()); }
int64_t Network::arena_bytes() const { return impl_->arena.bytes(); }

void Network::initialise(uint64_t seed) {
  const auto& specs = impl_->graph.parameters();
  for (size_t i = 0; i < specs.size(); ++i) {
    const auto [kind, value] = specs[i].init;
    const RandomStream stream(seed, specs[i].name);
    const View slice = impl_->parameters.view(impl_->parameters.slices()[i]);
    const Tensor host(slice.shape);
    const std::span<float> values = host.floats();
    parallel_for(slice.count(), [&, kind = kind, value = value](int64_t k) {
      const auto counter = static_cast<uint64_t>(k);
      double x = value;
      if (kind == Init::kNormal) x *= static_cast<double>(stream.normal(counter));
      if (kind == Init::kUniform) x *= 2 * stream.uniform64(counter) - 1;
      values[counter] = static_cast<float>(x);
    });
    copy(host, slice);
  }
}

const View& Network::forward_train(const View& images) { return impl_->forward(images, true); }

void Network::set_dropout_step(uint64_t step) {
  store_step(impl_->backend.device(), impl_->dropout_step.data(), step);
}

const View& Network::forward_eval(const View& images) { return impl_->forward(images, false); }

const View& Network::embed(const View& images) {
  const Device device = impl_->backend.device();
  if (device == Device::kCpu) return forward_eval(images);
  if (impl_->on_device.shape() != images.shape)
    impl_->on_device = Tensor(images.shape, {}, DType::kF32, device);
  copy(images, impl_->on_device);
  const View& embeddings = forward_eval(impl_->on_device);
  if (impl_->on_host.shape() != embeddings.shape) impl_->on_host = Tensor(embeddings.shape);
  copy(embeddings, impl_->on_host);
  return impl_->on_host.view();
}

void Network::backward(const View& d_embeddings) {
  FR_CHECK(impl_->state == Impl::kTrained, "{}: backward without a training pass before it", impl_->name);
  FR_CHECK(d_embeddings.shape == impl_->output.shape && d_embeddings.layout == Layout{},
           "{}: gradient of shape {} for embeddings of shape {}", impl_->name, d_embeddings.shape.text(),
           impl_->output.shape.text());
  impl_->d_output = d_embeddings;
  impl_->state = Impl::kReversed;
  for (const BackwardStep& b : impl_->plan->backward) impl_->run(b);
}

void Network::inspect() {
  impl_->inspected = true;
  impl_->forget_plans();
}

void Network::freeze() {
  impl_->frozen = std::make_unique<FrozenLayers>(
      impl_->graph, impl_->backend,
      [&impl = *impl_, host = std::make_shared<const OnHost>(impl_->parameters.view())](Value v, int64_t k) {
        return host->floats().data() + impl.slice(v, k).offset;
      });
  impl_->forget_plans();
}

namespace {

Tensor in_nchw(Backend& backend, const View& v) {
  const Tensor plain(v.shape, {}, DType::kF32, v.device);
  backend.reorder(v, plain);
  Tensor host(v.shape);
  copy(plain, host);
  return host;
}

}  // namespace

Tensor Network::tap(const std::string& node) const {
  FR_CHECK(impl_->state == Impl::kEvaluated || impl_->state == Impl::kTrained,
           "{}: no forward pass to read '{}' from", impl_->name, node);
  const int64_t value = impl_->plan->value_of[static_cast<size_t>(impl_->graph.find(node))];
  FR_CHECK(value >= 0, "{}: '{}' is fused into the node behind it", impl_->name, node);
  const PlannedValue& planned = impl_->plan->values[static_cast<size_t>(value)];
  FR_CHECK(planned.last >= static_cast<int64_t>(impl_->plan->steps.size()),
           "{}: the memory of '{}' has been used again (call inspect() first)", impl_->name, node);
  return in_nchw(impl_->backend, impl_->view(value));
}

Tensor Network::input_gradient() const {
  FR_CHECK(impl_->state == Impl::kReversed && impl_->plan->input_gradient >= 0,
           "{}: the images' gradient needs inspect(), forward_train() and backward()", impl_->name);
  return in_nchw(impl_->backend, impl_->view(impl_->plan->input_gradient));
}

std::string Network::parameters_hash() const {
  Hasher hasher;
  for (const Slice& s : impl_->parameters.slices()) {
    hasher.add(s.name).add(std::as_bytes(OnHost(impl_->parameters.view(s)).floats()));
  }
  return hasher.text();
}

int64_t Network::reorders() const { return impl_->plan == nullptr ? 0 : impl_->plan->reorders; }

}  // namespace fr
