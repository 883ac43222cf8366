// doctest's main with one addition: exit 77 (ctest's "skipped") when tests were skipped and nothing failed or
// was checked.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "support/support.h"

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int status = context.run();
  if (context.shouldExit() || status != 0) return status;
  return fr::test::skips() > 0 ? 77 : 0;
}
