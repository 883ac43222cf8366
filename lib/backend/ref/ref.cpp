#include "backend/ref/ref.h"

namespace fr {
namespace {

const Registration<BackendKind> kRef("ref", []() -> std::unique_ptr<Backend> {
  return std::make_unique<RefBackend>();
});

}  // namespace
}  // namespace fr
