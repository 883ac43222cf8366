#include "synth/protocols/writers.h"

#include <bit>
#include <optional>
#include <span>
#include <vector>

#include "core/npy.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "synth/sphere.h"

namespace fr::synth {

void write_rows(const std::filesystem::path& path, std::span<const std::byte> header, int64_t rows,
                const MakeRow& make) {
  static_assert(std::endian::native == std::endian::little);
  constexpr int64_t kBlock = 4096;            // 8 MB
  constexpr int64_t kWorthTelling = 100'000;  // rows
  AtomicFile file(path);
  file.write(header);
  std::vector<float> block(static_cast<size_t>(kBlock * kSphereDim));
  std::optional<Progress> progress;
  if (rows >= kWorthTelling) progress.emplace(path.filename().string(), rows, "rows");
  for (int64_t first = 0; first < rows; first += kBlock) {
    const int64_t count = std::min(kBlock, rows - first);
    parallel_for(count, [&](int64_t i) { make(first + i, block.data() + i * kSphereDim); });
    file.write(std::as_bytes(std::span(block).first(static_cast<size_t>(count * kSphereDim))));
    if (progress) progress->update(first + count);
  }
  if (progress) progress->finish();
  file.commit();
}

void write_npy_rows(const std::filesystem::path& path, int64_t rows, const MakeRow& make) {
  const int64_t shape[] = {rows, kSphereDim};
  const std::string header = npy_header("<f4", shape);
  write_rows(path, std::as_bytes(std::span(header)), rows, make);
}

}  // namespace fr::synth
