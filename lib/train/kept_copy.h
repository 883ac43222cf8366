// The working copy of a network's weights in a run of steps: SGD keeps it true and the backend multiplies it,
// from hold() to let_go(). Nothing of it where the backend does not multiply in bf16.
#pragma once
#include <optional>

#include "backend/backend.h"
#include "core/working_copy.h"
#include "train/sgd.h"

namespace fr {

class KeptCopy {
 public:
  // All must outlive this object. `sgd` steps `parameters`.
  KeptCopy(Backend& backend, Sgd& sgd, const Parameters& parameters)
      : backend_(backend), sgd_(sgd), parameters_(parameters) {}
  KeptCopy(const KeptCopy&) = delete;
  KeptCopy& operator=(const KeptCopy&) = delete;
  ~KeptCopy() { let_go(); }
  // From now on nobody but `sgd` changes the weights. Nothing to do where it is held already.
  void hold();
  // Whoever likes may change them.
  void let_go();

 private:
  Backend& backend_;
  Sgd& sgd_;
  const Parameters& parameters_;
  std::optional<WorkingCopy> copy_;
  bool held_ = false;
};

}  // namespace fr
