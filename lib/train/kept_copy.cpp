#include "train/kept_copy.h"

#include <utility>

namespace fr {

void KeptCopy::hold() {
  if (backend_.activations() != DType::kBf16 || std::exchange(held_, true)) return;
  if (!copy_) copy_.emplace(parameters_);
  copy_->make();
  sgd_.keep(&*copy_);
  backend_.follow(&*copy_);
}

void KeptCopy::let_go() {
  if (!std::exchange(held_, false)) return;
  sgd_.keep(nullptr);
  backend_.follow(nullptr);
}

}  // namespace fr
