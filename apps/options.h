// Command lines: CLI11 behind a small door, so that one file pays for its compile time and spellings agree
// everywhere.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fr {

// One command (or subcommand) with its options. Each add() binds a spelling such as "--batch-size" to a
// variable that holds the default; the help shows it.
class Options {
 public:
  // `example` ends --help: one or more whole command lines.
  Options(std::string name, std::string description, const std::string& example);
  ~Options();
  Options(Options&&) noexcept;

  Options& add(const std::string& spelling, std::string& value, const std::string& help);
  Options& add(const std::string& spelling, int64_t& value, const std::string& help);
  Options& add(const std::string& spelling, uint64_t& value, const std::string& help);
  Options& add(const std::string& spelling, double& value,
               const std::string& help);  // NaN: shown without a default
  Options& add(const std::string& spelling, std::vector<std::string>& values, const std::string& help);
  Options& add(const std::string& spelling, std::vector<double>& values, const std::string& help);
  Options& flag(const std::string& spelling, bool& value, const std::string& help);
  Options& choice(const std::string& spelling, std::string& value, const std::vector<std::string>& choices,
                  const std::string& help);
  Options& required();  // the option added last

  // --config FILE (TOML or INI) and --print-config, for this command.
  Options& with_config();

  // A subcommand; run() calls `body` when it is chosen.
  Options& subcommand(const std::string& name, const std::string& description, const std::string& example,
                      std::function<int()> body);

  // Parses and runs: `body` (or the chosen subcommand's), whose result is the exit status. fr::Error: one
  // line on stderr, status 1. UsageError and wrong options: status 2. --help: status 0.
  int run(int argc, char** argv, const std::function<int()>& body);

 private:
  struct Impl;
  Options(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A fault of the command line found after parsing (a missing --data, say): one line on stderr, exit status 2.
class UsageError : public std::exception {
 public:
  explicit UsageError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace fr
