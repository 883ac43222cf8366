#include "nn/plan.h"

#include <algorithm>
#include <optional>

namespace fr {

namespace {

size_t at(int64_t i) { return static_cast<size_t>(i); }

// Graph -> steps on values with layouts and dtypes: fusion and reorders.
class Lowering {
 public:
  Lowering(const Graph& graph, const Backend& backend, const PlanOptions& options, NetworkPlan& plan)
      : graph_(graph),
        backend_(backend),
        options_(options),
        plan_(plan),
        consumers_(graph.nodes().size()),
        absorbed_(graph.nodes().size()),
        before_(graph.nodes().size(), -1),
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
  // What ends in an addition and is computed there: a step without values, and the node of the other term.
  struct Claim {
    std::optional<Step> step;
    Value residual = -1;
  };

  Shape batch_of(Value v) const {
    Shape shape = graph_.node(v).shape;
    shape.n = options_.n;
    return shape;
  }

  int64_t value(Value v) const { return plan_.value_of[at(v)]; }
  struct Form {
    Layout layout = {};
    DType dtype = DType::kF32;
    bool operator==(const Form&) const = default;
  };
  Form form(int64_t value) const { return {plan_.values[at(value)].layout, plan_.values[at(value)].dtype}; }

  int64_t new_value(Shape shape, Form form) {
    plan_.values.push_back({.shape = shape, .layout = form.layout, .dtype = form.dtype});
    return static_cast<int64_t>(plan_.values.size()) - 1;
  }

  // The only consumer of v, when it is of this kind; -1 otherwise.
  Value sole_consumer(Value v, Op op) const {
    const auto& c = consumers_[at(v)];
    return c.size() == 1 && graph_.node(c[0]).op == op ? c[0] : -1;
  }

  int64_t in_form(int64_t value, Form wanted) {
    if (form(value) == wanted) return value;
    for (const Step& s : plan_.steps) {
      if (s.kind == Step::kReorder && s.x == value && form(s.y) == wanted) return s.y;
    }
    const int64_t y = new_value(plan_.values[at(value)].shape, wanted);
    plan_.steps.push_back({.kind = Step::kReorder, .x = value, .y = y});
    ++plan_.reorders;
    return y;
  }

  // Emits `step` with its node's output in this form.
  int64_t emit(Step step, int64_t x, Form form, int64_t residual = -1) {
    step.x = x;
    step.residual = residual;
    step.y = new_value(batch_of(step.node), form);
    plan_.steps.push_back(step);
    return step.y;
  }

  // Emits a convolution in the layouts the backend prefers; `residual` is a node.
  int64_t emit_conv(const Step& step, Value residual = -1) {
    const Node& node = graph_.node(step.node);
    const auto [wanted, given] =
        backend_.preferred(node.conv, batch_of(node.sources[0]), batch_of(step.node));
    const Form source{wanted, backend_.activations()}, result{given, backend_.activations()};
    const int64_t x = in_form(value(node.sources[0]), source);
    return emit(step, x, result, residual < 0 ? -1 : in_form(value(residual), result));
  }

  // The PReLU behind `last`, if it is all that is: taken into the step.
  Value take_prelu(Step& step, Value last) {
    step.prelu = sole_consumer(last, Op::kPrelu);
    if (step.prelu < 0) return last;
    absorbed_[at(step.prelu)] = true;
    return step.prelu;
  }

  // Whether `step`, which ends at node `last`, is left to the addition behind it.
  bool claim(const Step& step, Value last) {
    const Value sum = sole_consumer(last, Op::kAdd);
    if (sum < 0 || claims_[at(sum)].step) return false;
    const auto& terms = graph_.node(sum).sources;
    claims_[at(sum)] = {step, terms[0] == last ? terms[1] : terms[0]};
    return true;
  }

  void lower(Value v) {
    const Node& node = graph_.node(v);
    int64_t& result = plan_.value_of[at(v)];
    if (absorbed_[at(v)]) return;
    switch (node.op) {
      case Op::kInput:
        result = new_value(batch_of(v), {});
        plan_.values[at(result)].place = PlannedValue::kImages;
        return;
      case Op::kConv: {
        Step step{.kind = options_.frozen ? Step::kFrozenConv : Step::kConv, .node = v};
        Value last = v;
        if (options_.frozen) {
          last = take_norm(step, v);
          last = take_prelu(step, last);
          if (claim(step, last)) return;
        }
        plan_.value_of[at(last)] = emit_conv(step);
        return;
      }
      case Op::kBatchNorm: {
        if (options_.frozen && leave_to_linear(v)) return;
        Step step{.kind = Step::kBatchNorm, .node = v};
        const Value last = take_prelu(step, v);
        if (claim(step, last)) return;
        const int64_t x = value(node.sources[0]);
        plan_.value_of[at(last)] = emit(step, x, form(x));
        return;
      }
      case Op::kPrelu: {
        const int64_t x = value(node.sources[0]);
        result = emit({.kind = Step::kPrelu, .node = v}, x, form(x));
        return;
      }
      case Op::kAdd:
        result = add(v);
        return;
      case Op::kDropout: {
        const int64_t x = value(node.sources[0]);
        const bool active = options_.training && node.rate > 0;
        result = active ? emit({.kind = Step::kDropout, .node = v}, x, form(x)) : x;
        return;
      }
      case Op::kLinear: {
        Step step{.kind = options_.frozen ? Step::kFrozenLinear : Step::kLinear, .node = v};
        step.norm_before = before_[at(v)];
        const Value first = step.norm_before >= 0 ? step.norm_before : v;
        const Value last = options_.frozen ? take_norm(step, v) : v;
        plan_.value_of[at(last)] = emit(step, value(graph_.node(first).sources[0]), {});
        return;
      }
    }
  }

  int64_t add(Value v) {
    const auto& [step, residual] = claims_[at(v)];
    if (step && step->kind == Step::kFrozenConv) return emit_conv(*step, residual);
    const Node& node = graph_.node(v);
    const int64_t x = value(step ? graph_.node(step->node).sources[0] : node.sources[0]);
    const int64_t other = in_form(value(step ? residual : node.sources[1]), form(x));
    return emit(step.value_or(Step{.kind = Step::kAdd, .node = v}), x, form(x), other);
  }

  // The batch norm behind v, if it is all that is: folded into the step. Returns the last node of the step.
  Value take_norm(Step& step, Value v) {
    step.norm = sole_consumer(v, Op::kBatchNorm);
    if (step.norm < 0) return v;
    absorbed_[at(step.norm)] = true;
    return step.norm;
  }

  // Whether batch norm v is folded into a linear layer behind it, past a dropout that does nothing.
  bool leave_to_linear(Value v) {
    const Value dropout = sole_consumer(v, Op::kDropout);
    const Value linear = sole_consumer(dropout >= 0 ? dropout : v, Op::kLinear);
    if (linear < 0) return false;
    if (dropout >= 0) absorbed_[at(dropout)] = true;
    before_[at(linear)] = v;
    return true;
  }

  const Graph& graph_;
  const Backend& backend_;
  const PlanOptions& options_;
  NetworkPlan& plan_;
  std::vector<std::vector<Value>> consumers_;
  std::vector<bool> absorbed_;  // nodes that an earlier step computes as well
  std::vector<Value> before_;   // of linear layers: the batch norm to fold into them
  std::vector<Claim> claims_;   // of additions
};

// Times of use, and the steps backward with their gradients.
class Scheduling {
 public:
  Scheduling(const PlanOptions& options, NetworkPlan& plan)
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

  // A new gradient with the shape and form of `value`, written now.
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
  NetworkPlan& plan_;
  std::vector<int64_t> gradient_of_;  // value -> gradient, -1: none yet
  std::vector<bool> wanted_;          // whether anyone asks for the value's gradient
  std::vector<int64_t> holders_;      // gradient -> for how many values it stands
  int64_t time_ = 0;
};

// Offsets: largest first, each at the lowest place free during its life.
void place(NetworkPlan& plan) {
  std::vector<int64_t> order;
  for (size_t i = 0; i < plan.values.size(); ++i) {
    if (plan.values[i].place == PlannedValue::kArena) order.push_back(static_cast<int64_t>(i));
  }
  constexpr int64_t kAlignment = 256;
  const auto bytes = [](const PlannedValue& v) {
    return (v.shape.count() * size_of(v.dtype) + kAlignment - 1) / kAlignment * kAlignment;
  };
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](int64_t i) { return bytes(plan.values[at(i)]); });
  std::vector<const PlannedValue*> placed, rivals;  // placed: by offset
  for (int64_t i : order) {
    PlannedValue& v = plan.values[at(i)];
    int64_t offset = 0;
    for (const PlannedValue* p : placed) {
      if (p->last < v.first || v.last < p->first) continue;
      if (p->offset >= offset + bytes(v)) break;
      offset = std::max(offset, p->offset + bytes(*p));
    }
    v.offset = offset;
    placed.insert(std::ranges::upper_bound(placed, offset, {}, &PlannedValue::offset), &v);
    plan.arena = std::max(plan.arena, offset + bytes(v));
  }
}

}  // namespace

NetworkPlan make_plan(const Graph& graph, const Backend& backend, const PlanOptions& options) {
  NetworkPlan plan;
  plan.training = options.training;
  Lowering(graph, backend, options, plan).run();
  Scheduling(options, plan).run();
  place(plan);
  return plan;
}

}  // namespace fr
