// Fuzz targets, one a file: NAME.cpp defines seeds() and run(), and becomes the program fuzz_NAME (`make
// fuzz`).
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fr::fuzz {

// Small valid inputs, made rather than stored.
std::vector<std::string> seeds();
// Reads one input. It may return or throw fr::Error with one line of text; all else is a finding.
void run(std::string_view input);

// A file of this process's scratch folder, for parsers that take paths.
std::filesystem::path file(const std::string& name, std::string_view contents);

// One input as several files: their contents with kCut between them; cut() gives exactly `count` pieces, the
// last ones empty where there are fewer, the last one whole where there are more.
inline constexpr char kCut = '\x1e';
std::vector<std::string_view> cut(std::string_view input, size_t count);
std::string joined(const std::vector<std::string>& contents);

// The pieces of `input` become these files of a data folder, of which the protocol then makes its plan; `own`
// are its own options.
void plan(const std::string& protocol, const std::vector<std::string>& files, std::string_view input,
          const std::map<std::string, std::string>& own = {});

}  // namespace fr::fuzz
