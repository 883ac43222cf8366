#include "nn/plan.h"

#include <algorithm>

namespace fr {

namespace {

size_t at(int64_t i) { return static_cast<size_t>(i); }

// Graph -> steps on values with layouts: fusion and reorders.
class Lowering {
 public:
  Lowering(const Graph& graph, const Backend& backend, const PlanOptions& options, Plan& plan)
      : graph_(graph),
        backend_(backend),
        options_(options),
        plan_(plan),
        consumers_(graph.nodes().size()),
        claims_(graph.nodes().size()) {
    plan.value_of.assign(graph.nodes().size(), -1);
    for (Value v = 0; v <= graph.output(); ++v) {
      for (Value source : graph.node(v).sources) consumers_[at(source)].push_back(v);
    }
  }

  void run() {
    for (Value v = 0; v <= graph_.output(); ++v) lower(v);
    plan_.output = value(graph_.output());
  }

 private:
  // A batch norm and PReLU whose sole consumer is an addition: computed there.
  struct Claim {
    Value batch_norm = -1, prelu = -1, residual = -1;
  };

  Shape batch_of(Value v) const {
    Shape shape = graph_.node(v).shape;
    shape.n = options_.n;
    return shape;
  }

  int64_t value(Value v) const { return plan_.value_of[at(v)]; }
  Layout layout(int64_t value) const { return plan_.values[at(value)].layout; }

  int64_t new_value(Shape shape, Layout layout) {
    plan_.values.push_back({.shape = shape, .layout = layout});
    return static_cast<int64_t>(plan_.values.size()) - 1;
  }

  // The only consumer of v, when it is of this kind; -1 otherwise.
  Value sole_consumer(Value v, Op op) const {
    const auto& c = consumers_[at(v)];
    return c.size() == 1 && graph_.node(c[0]).op == op ? c[0] : -1;
  }

  int64_t in_layout(int64_t value, Layout wanted) {
    if (layout(value) == wanted) return value;
    for (const Step& s : plan_.steps) {
      if (s.kind == Step::kReorder && s.x == value && layout(s.y) == wanted) return s.y;
    }
    const int64_t y = new_value(plan_.values[at(value)].shape, wanted);
    plan_.steps.push_back({.kind = Step::kReorder, .x = value, .y = y});
    ++plan_.reorders;
    return y;
  }

  // Emits the call of node v on x, in x's layout.
  int64_t elementwise(Step::Kind kind, Value v, int64_t x, int64_t residual = -1, Value prelu = -1) {
    const int64_t y = new_value(plan_.values[at(x)].shape, layout(x));
    plan_.steps.push_back({kind, v, prelu, x, residual, y});
    return y;
  }

  void lower(Value v) {
    const Node& node = graph_.node(v);
    int64_t& result = plan_.value_of[at(v)];
    if (result >= 0) return;  // already computed by the batch norm before it
    switch (node.op) {
      case Op::kInput:
        result = new_value(batch_of(v), {});
        plan_.values[at(result)].place = PlannedValue::kImages;
        return;
      case Op::kConv: {
        const auto [wanted, given] = backend_.preferred(node.conv, batch_of(node.sources[0]), batch_of(v));
        const int64_t x = in_layout(value(node.sources[0]), wanted);
        result = new_value(batch_of(v), given);
        plan_.steps.push_back({.kind = Step::kConv, .node = v, .x = x, .y = result});
        return;
      }
      case Op::kBatchNorm: {
        const Value prelu = sole_consumer(v, Op::kPrelu);
        const Value last = prelu >= 0 ? prelu : v;
        const Value sum = sole_consumer(last, Op::kAdd);
        if (sum >= 0 && claims_[at(sum)].batch_norm < 0) {
          const auto& terms = graph_.node(sum).sources;
          claims_[at(sum)] = {v, prelu, terms[0] == last ? terms[1] : terms[0]};
          return;
        }
        const int64_t y = elementwise(Step::kBatchNorm, v, value(node.sources[0]), -1, prelu);
        plan_.value_of[at(last)] = y;
        return;
      }
      case Op::kPrelu:
        if (is_claimed(node.sources[0], v)) return;
        result = elementwise(Step::kPrelu, v, value(node.sources[0]));
        return;
      case Op::kAdd: {
        if (const Claim& c = claims_[at(v)]; c.batch_norm >= 0) {
          const int64_t x = value(graph_.node(c.batch_norm).sources[0]);
          const int64_t residual = in_layout(value(c.residual), layout(x));
          result = elementwise(Step::kBatchNorm, c.batch_norm, x, residual, c.prelu);
        } else {
          const int64_t x = value(node.sources[0]);
          result = elementwise(Step::kAdd, v, x, in_layout(value(node.sources[1]), layout(x)));
        }
        return;
      }
      case Op::kDropout: {
        const int64_t x = value(node.sources[0]);
        result = options_.training && node.rate > 0 ? elementwise(Step::kDropout, v, x) : x;
        return;
      }
      case Op::kLinear: {
        const int64_t x = value(node.sources[0]);
        result = new_value(batch_of(v), {});
        plan_.steps.push_back({.kind = Step::kLinear, .node = v, .x = x, .y = result});
        return;
      }
    }
  }

  // Whether PReLU v behind `source` waits in the claim of the addition behind it.
  bool is_claimed(Value source, Value v) const {
    const Value sum = sole_consumer(v, Op::kAdd);
    return sum >= 0 && claims_[at(sum)].prelu == v && claims_[at(sum)].batch_norm == source;
  }

  const Graph& graph_;
  const Backend& backend_;
  const PlanOptions& options_;
  Plan& plan_;
  std::vector<std::vector<Value>> consumers_;
  std::vector<Claim> claims_;  // of additions
};

// Times of use, and the steps backward with their gradients.
class Scheduling {
 public:
  Scheduling(const PlanOptions& options, Plan& plan)
      : options_(options), plan_(plan), gradient_of_(plan.values.size(), -1), wanted_(plan.values.size()) {}

  void run() {
    for (const Step& s : plan_.steps) {
      plan_.values[at(s.y)].first = time_;
      for (int64_t v : {s.x, s.residual, s.y}) touch(v);
      ++time_;
    }
    if (options_.inspect) {
      for (int64_t v = 0; v < static_cast<int64_t>(plan_.values.size()); ++v) touch(v);
    }
    if (options_.training) backward();
    touch(plan_.output);
    touch(plan_.input_gradient);
  }

 private:
  void touch(int64_t value) {
    if (value >= 0) plan_.values[at(value)].last = std::max(plan_.values[at(value)].last, time_);
  }

  // A new gradient with the shape and layout of `value`, written now.
  int64_t new_gradient(int64_t value) {
    PlannedValue gradient = plan_.values[at(value)];
    gradient.place = PlannedValue::kArena;
    gradient.first = gradient.last = time_;
    plan_.values.push_back(gradient);
    holders_.resize(plan_.values.size());
    return static_cast<int64_t>(plan_.values.size()) - 1;
  }

  void hold(int64_t value, int64_t gradient) {
    gradient_of_[at(value)] = gradient;
    ++holders_[at(gradient)];
  }

  void backward() {
    for (size_t v = 0; v < wanted_.size(); ++v) {
      wanted_[v] = plan_.values[v].place != PlannedValue::kImages || options_.inspect;
    }
    for (const Step& s : plan_.steps) {
      if (has_parameters(s)) continue;
      wanted_[at(s.y)] = wanted_[at(s.x)] || (s.residual >= 0 && wanted_[at(s.residual)]);
    }
    const int64_t seed = new_gradient(plan_.output);
    plan_.values[at(seed)].place = PlannedValue::kOutputGradient;
    holders_[at(seed)] = 1;  // the caller, so that nothing is added into it
    hold(plan_.output, seed);
    for (auto i = static_cast<int64_t>(plan_.steps.size()) - 1; i >= 0; --i) reverse(i);
    for (const PlannedValue& v : plan_.values) {
      if (v.place != PlannedValue::kImages) continue;
      plan_.input_gradient = gradient_of_[at(&v - plan_.values.data())];
    }
  }

  // Its backward call reads x, whoever wants dx.
  static bool has_parameters(const Step& s) {
    return s.kind == Step::kConv || s.kind == Step::kBatchNorm || s.kind == Step::kPrelu ||
           s.kind == Step::kLinear;
  }

  void reverse(int64_t i) {
    const Step& s = plan_.steps[at(i)];
    const int64_t dy = gradient_of_[at(s.y)];
    if (dy < 0) return;  // nothing depends on it
    BackwardStep b{.step = i, .dy = dy};
    if (has_parameters(s)) touch(s.x);
    touch(dy);
    int64_t apart = -1;  // a dx that cannot be the gradient itself, as there is one already
    const bool optional = s.kind == Step::kConv || s.kind == Step::kLinear;  // can leave dx out
    if (s.kind != Step::kAdd && (wanted_[at(s.x)] || !optional)) {
      b.dx = new_gradient(s.x);
      if (wanted_[at(s.x)] && gradient_of_[at(s.x)] < 0) {
        hold(s.x, b.dx);
      } else {
        apart = b.dx;
      }
    }
    ++time_;
    if (apart >= 0) contribute(s.x, apart, b);
    if (s.kind == Step::kAdd) contribute(s.x, dy, b);
    if (s.residual >= 0) contribute(s.residual, dy, b);
    --holders_[at(dy)];
    plan_.backward.push_back(std::move(b));
  }

  // The gradient of `value` gains `part`: becomes it where there was none, else a sum.
  void contribute(int64_t value, int64_t part, BackwardStep& b) {
    if (!wanted_[at(value)]) return;
    const int64_t old = gradient_of_[at(value)];
    if (old < 0) {
      hold(value, part);
      return;
    }
    int64_t sum = old;
    if (holders_[at(old)] > 1) {  // others still need the old one
      sum = new_gradient(value);
      --holders_[at(old)];
      hold(value, sum);
    }
    for (int64_t v : {old, part, sum}) touch(v);
    b.sums.push_back({old, part, sum});
    ++time_;
  }

  const PlanOptions& options_;
  Plan& plan_;
  std::vector<int64_t> gradient_of_;  // value -> gradient, -1: none yet
  std::vector<bool> wanted_;          // whether anyone asks for the value's gradient
  std::vector<int64_t> holders_;      // gradient -> for how many values it stands
  int64_t time_ = 0;
};

// Offsets: largest first, each at the lowest place free during its life.
void place(Plan& plan) {
  std::vector<int64_t> order;
  for (size_t i = 0; i < plan.values.size(); ++i) {
    if (plan.values[i].place == PlannedValue::kArena) order.push_back(static_cast<int64_t>(i));
  }
  const auto floats = [](const PlannedValue& v) { return (v.shape.count() + 15) / 16 * 16; };
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](int64_t i) { return plan.values[at(i)].shape.count(); });
  std::vector<const PlannedValue*> placed, rivals;  // placed: by offset
  for (int64_t i : order) {
    PlannedValue& v = plan.values[at(i)];
    int64_t offset = 0;
    for (const PlannedValue* p : placed) {
      if (p->last < v.first || v.last < p->first) continue;
      if (p->offset >= offset + floats(v)) break;
      offset = std::max(offset, p->offset + floats(*p));
    }
    v.offset = offset;
    placed.insert(std::ranges::upper_bound(placed, offset, {}, &PlannedValue::offset), &v);
    plan.arena = std::max(plan.arena, offset + floats(v));
  }
}

}  // namespace

Plan make_plan(const Graph& graph, const Backend& backend, const PlanOptions& options) {
  Plan plan;
  plan.training = options.training;
  Lowering(graph, backend, options, plan).run();
  Scheduling(options, plan).run();
  place(plan);
  return plan;
}

}  // namespace fr
