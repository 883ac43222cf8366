// The only file that includes CLI11.
#include "../apps/options.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "core/error.h"

namespace fr {

namespace {

// Help reads "--lr FLOAT [0.1]  learning rate"; the example comes last.
void shape(CLI::App& app, const std::string& example) {
  auto formatter = std::make_shared<CLI::Formatter>();
  formatter->column_width(34);
  app.formatter(formatter);
  app.footer("Example:\n  " + example);
  app.option_defaults()->always_capture_default();
}

// The options of one command as a TOML file that --config reads back; unset options without a default are
// left out.
std::string config_text(const CLI::App& app) {
  std::string text = "# " + app.get_description() + "\n";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_configurable() || option->get_lnames().empty() || option == app.get_help_ptr()) continue;
    const bool flag = option->get_expected_max() == 0;
    std::string value = flag ? (option->count() > 0 ? "true" : "false") : option->get_default_str();
    if (!flag && option->count() > 0) {
      value = CLI::detail::join(option->results(), ",");
      if (option->get_expected_max() > 1) value.insert(0, "[").append("]");
    }
    if (value.empty() || value == "[]") continue;
    double number;
    const bool bare = flag || value.front() == '[' || CLI::detail::lexical_cast(value, number);
    text += "\n# " + option->get_description() + "\n" + option->get_lnames().front() + " = ";
    text += (bare ? value : "\"" + value + "\"") + "\n";
  }
  return text;
}

}  // namespace

struct Options::Impl {
  CLI::App* app = nullptr;          // this command
  std::unique_ptr<CLI::App> owner;  // the program, for the top command
  CLI::Option* last = nullptr;
  std::function<int()> body;  // of a subcommand
  std::vector<std::unique_ptr<Options>> subcommands;
  bool print_config = false;

  int run(const std::function<int()>& chosen) const {
    if (!print_config) return chosen();
    std::fputs(config_text(*app).c_str(), stdout);
    return 0;
  }

  template <class Value>
  void add(const std::string& spelling, Value& value, const std::string& help) {
    last = app->add_option(spelling, value, help);
  }
};

Options::Options(std::string name, std::string description, const std::string& example)
    : impl_(std::make_unique<Impl>()) {
  impl_->owner = std::make_unique<CLI::App>(std::move(description), std::move(name));
  impl_->app = impl_->owner.get();
  shape(*impl_->app, example);
}

Options::Options(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Options::~Options() = default;
Options::Options(Options&&) noexcept = default;

Options& Options::add(const std::string& spelling, std::string& value, const std::string& help) {
  impl_->add(spelling, value, help);
  if (value.empty()) impl_->last->default_str("");
  return *this;
}
Options& Options::add(const std::string& spelling, int64_t& value, const std::string& help) {
  impl_->add(spelling, value, help);
  return *this;
}
Options& Options::add(const std::string& spelling, uint64_t& value, const std::string& help) {
  impl_->add(spelling, value, help);
  return *this;
}
Options& Options::add(const std::string& spelling, double& value, const std::string& help) {
  impl_->add(spelling, value, help);
  if (std::isnan(value)) impl_->last->default_str("");
  return *this;
}
Options& Options::add(const std::string& spelling, std::vector<std::string>& values,
                      const std::string& help) {
  impl_->add(spelling, values, help);
  return *this;
}
Options& Options::add(const std::string& spelling, std::vector<double>& values, const std::string& help) {
  impl_->add(spelling, values, help);
  impl_->last->delimiter(',');
  return *this;
}
Options& Options::flag(const std::string& spelling, bool& value, const std::string& help) {
  impl_->last = impl_->app->add_flag(spelling, value, help);
  return *this;
}
Options& Options::choice(const std::string& spelling, std::string& value,
                         const std::vector<std::string>& choices, const std::string& help) {
  impl_->add(spelling, value, help);
  impl_->last->check(CLI::IsMember(choices));
  return *this;
}
Options& Options::required() {
  impl_->last->required();
  return *this;
}

Options& Options::with_config() {
  impl_->app
      ->set_config("--config", "", "read options from this file (TOML or INI; --print-config writes one)")
      ->configurable(false);
  impl_->app->add_flag("--print-config", impl_->print_config, "print all options as a config file and stop")
      ->configurable(false);
  return *this;
}

Options& Options::subcommand(const std::string& name, const std::string& description,
                             const std::string& example, std::function<int()> body) {
  auto impl = std::make_unique<Impl>();
  impl->app = impl_->app->add_subcommand(name, description);
  impl->body = std::move(body);
  shape(*impl->app, example);
  impl_->app->require_subcommand(0, 1);
  impl_->subcommands.emplace_back(new Options(std::move(impl)));
  return *impl_->subcommands.back();
}

int Options::run(int argc, char** argv, const std::function<int()>& body) {
  const std::string program = impl_->app->get_name();
  try {
    impl_->app->parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help
    impl_->app->exit(success);
    return 0;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "%s: %s (see %s --help)\n", program.c_str(), error.what(), program.c_str());
    return 2;
  }
  try {
    for (const auto& command : impl_->subcommands) {
      if (!command->impl_->app->parsed()) continue;
      return command->impl_->run(command->impl_->body);
    }
    return impl_->run(body);
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), error.what());
    return 2;
  } catch (
      const std::exception& error) {  // fr::Error, and what libraries throw (bad_alloc, filesystem_error)
    std::fprintf(stderr, "%s: %s\n", program.c_str(), error.what());
    return 1;
  }
}

}  // namespace fr
