// Verification packs: the unpickler and what a pack makes of its values.
#include "core/files.h"
#include "core/verification_bin.h"
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path pack = file("seed.bin", "");
  write_verification_bin(pack, {{std::byte{1}, std::byte{2}}, {}, {std::byte{3}}, {std::byte{4}}}, {1, 0});
  const std::string array =
      "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\nI1\ntcnumpy\ndtype\n("
      "S'u1'\nI0\n"
      "I1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\nS'ab'\ntb";
  return {read_text(pack), "((lS'a'\naS'b'\na(lI01\nat.", "((l" + array + "aS'b'\na(lI01\nat.",
          "((lp0\nc_codecs\nencode\n(Va\\u00e9\nVlatin1\ntRag0\n(l(NI1\nI2\ndt."};
}

void run(std::string_view input) { VerificationBin pack(file("x.bin", input)); }

}  // namespace fr::fuzz
