#include "eval/stream_progress.h"

#include <filesystem>
#include <utility>

#include "core/bytes.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"

namespace fr {

namespace {

constexpr std::string_view kMagic = "fr stream of scores 2\n";

}  // namespace

StreamProgress::StreamProgress(const StreamOptions& options, const std::string& shape,
                               std::vector<Resumable*> sinks)
    : file_(options.resume_file),
      key_(options.resume_key + "; " + shape),
      seconds_(options.resume_seconds),
      sinks_(std::move(sinks)) {}

int64_t StreamProgress::resume() {
  if (file_.empty() || !std::filesystem::exists(file_)) return 0;
  const std::string content = read_text(file_);
  const std::string_view text = content;
  try {
    FR_CHECK(text.starts_with(kMagic), "not the state of a stream of scores");
    BytesReader outer(text.substr(kMagic.size()));
    const std::string_view body = outer.text();
    FR_CHECK(outer.value<uint64_t>() == hash64(body), "damaged");
    outer.end();
    BytesReader bytes(body);
    const std::string_view key = bytes.text();
    FR_CHECK(key == key_, "is of another run ('{}', not '{}'); remove it to start anew", key, key_);
    const auto blocks = bytes.value<int64_t>();
    for (Resumable* sink : sinks_) sink->restore(bytes.text());
    bytes.end();
    return blocks;
  } catch (const Error& error) {
    fail("{}: {}", file_, error.what());
  }
}

void StreamProgress::note(int64_t blocks_done) {
  if (file_.empty() || std::chrono::duration<double>(Clock::now() - written_).count() < seconds_) return;
  write(blocks_done);
  written_ = Clock::now();
}

void StreamProgress::write(int64_t blocks_done) const {
  Bytes bytes;
  bytes.put(std::string_view(key_)).put(blocks_done);
  for (const Resumable* sink : sinks_) bytes.put(std::string_view(sink->state()));
  const std::string& body = bytes.text();
  AtomicFile file(file_);
  file.write(kMagic);
  file.write(Bytes().put(std::string_view(body)).put(hash64(body)).text());
  file.commit();
}

void StreamProgress::finish(int64_t blocks) {
  if (!file_.empty()) write(blocks);
}

}  // namespace fr
