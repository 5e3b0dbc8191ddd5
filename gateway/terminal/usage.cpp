#include "gateway/terminal/usage.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <ostream>

#include "gateway/base/nearest.h"
#include "gateway/terminal/text.h"

namespace chuanyu::terminal {
namespace {

class ChineseFormatter final : public CLI::Formatter {
 public:
  ChineseFormatter() {
    label("Usage", "用法");
    label("Positionals", "参数");
    label("OPTIONS", "选项");
    label("SUBCOMMAND", "子命令");
    label("REQUIRED", "（必填）");
    label("Env", "环境变量");
    label("Excludes", "不可同时给出");
  }
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return line(make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return line(command->get_name(), command->get_description());
  }

 private:
  static std::string line(const std::string& name, const std::string& description) {
    constexpr std::size_t kColumn = 26;
    const bool fits = display_width(name) + 2 <= kColumn;
    return "  " + (fits ? padded(name, kColumn) : name + "\n" + std::string(kColumn + 2, ' ')) + description + "\n";
  }
};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : "、") + word;
  return out;
}

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  const auto meant = nearest(word, known);
  return meant.empty() ? "" : "；是否应为 " + meant + "？";
}

// The sub-command that was given, or the program itself.
const CLI::App& chosen(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : *parsed.front();
}

std::vector<std::string> subcommands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* at : {&app, &chosen(app)}) {
    for (const auto* option : at->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// `word` is the first that nothing took.
std::string not_taken(const CLI::App& app, const std::string& word) {
  if (word.starts_with('-')) {
    const auto name = word.substr(0, word.find('='));
    return "没有选项 " + name + suggestion(name, options_of(app));
  }
  if (const auto names = subcommands_of(app); &chosen(app) == &app && !names.empty()) {
    const auto meant = suggestion(word, names);
    return "没有子命令 " + word + (meant.empty() ? "；有：" + joined(names) : meant);
  }
  return "多余的参数 " + word;
}

// The part of an English sentence of CLI11 that stands before `mark`: the name of an option.
std::string before(const std::string& what, std::string_view mark) { return what.substr(0, what.find(mark)); }

std::string sentence(const CLI::App& app, const CLI::ParseError& failure) {
  using Kind = CLI::ExitCodes;
  const std::string what = failure.what();
  const auto kind = static_cast<Kind>(failure.get_exit_code());
  auto extra = app.remaining(true);
  std::erase(extra, "--");
  // A mistyped word explains what is missing because of it.
  if (!extra.empty() && (kind == Kind::ExtrasError || kind == Kind::RequiredError)) return not_taken(app, extra[0]);
  if (kind == Kind::RequiredError) {
    const auto name = before(what, " is required");
    return "缺少" + (name == "A subcommand" ? "子命令；有：" + joined(subcommands_of(app)) : " " + name);
  }
  if (kind == Kind::ArgumentMismatch) {
    const bool repeated = what.find("At Most") != std::string::npos;
    return before(what, ":") + (repeated ? " 只能给出一次" : " 缺少取值");
  }
  if (kind == Kind::ConversionError) {
    const auto given = what.substr(what.find(": ") + 2);  // Could not convert: --index = abc
    return before(given, " = ") + " 的取值有误：" + given.substr(given.find(" = ") + 3);
  }
  if (kind == Kind::ExcludesError) {
    const auto name = before(what, " excludes ");
    return name + " 与 " + what.substr(name.size() + std::string_view(" excludes ").size()) + " 不可同时给出";
  }
  if (kind == Kind::RequiresError) {
    const auto name = before(what, " requires ");
    return name + " 须与 " + what.substr(name.size() + std::string_view(" requires ").size()) + " 同用";
  }
  // ValidationError: the sentence is ours, with the option's name before it where a validator found the mistake.
  const auto colon = what.find(": ");
  return colon == std::string::npos ? what : what.substr(0, colon) + "：" + what.substr(colon + 2);
}

}  // namespace

void begin(CLI::App& app) {
  app.formatter(std::make_shared<ChineseFormatter>());
  app.option_defaults()->group("选项");
  app.set_help_flag("-h,--help", "显示帮助")->group("选项");
  app.set_version_flag("--version", app.get_name() + " " CHUANYU_VERSION, "显示版本")->group("选项");
}

std::optional<int> parse(CLI::App& app, int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->group("子命令");
    command->get_help_ptr()->group("选项");  // inherited from the program, but not its group
  }
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& asked) {
    return app.exit(asked, out, err);
  } catch (const CLI::ParseError& failure) {
    return misused(app, sentence(app, failure), err);
  }
}

int misused(const CLI::App& app, const std::string& what, std::ostream& err) {
  const auto& command = chosen(app);
  const auto name = app.get_name() + (&command == &app ? "" : " " + command.get_name());
  err << name << "：用法有误：" << printable(what) << "\n  " << name << " --help 显示用法\n";
  return kUsage;
}

CLI::Validator one_of(std::vector<std::string> words) {
  return CLI::Validator(
      [words = std::move(words)](const std::string& given) {
        if (std::find(words.begin(), words.end(), given) != words.end()) return std::string();
        return "应为 " + joined(words) + " 之一，而不是 " + given;
      },
      "");
}

CLI::Validator between(std::int64_t least, std::int64_t most) {
  return CLI::Validator(
      [least, most](const std::string& given) {
        std::int64_t number = 0;
        const auto* end = given.data() + given.size();
        const auto [stop, fault] = std::from_chars(given.data(), end, number);
        if (fault == std::errc{} && stop == end && number >= least && number <= most) return std::string();
        return "应为 " + std::to_string(least) + " 至 " + std::to_string(most) + " 的整数，而不是 " + given;
      },
      "");
}

CLI::Validator count() {
  return CLI::Validator(
      [](const std::string& given) {
        std::uint64_t number = 0;
        const auto* end = given.data() + given.size();
        const auto [stop, fault] = std::from_chars(given.data(), end, number);
        return fault == std::errc{} && stop == end ? std::string() : "应为不小于 0 的整数，而不是 " + given;
      },
      "");
}

}  // namespace chuanyu::terminal
