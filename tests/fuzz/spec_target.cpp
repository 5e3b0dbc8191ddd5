// A mapping file of any content: mistakes are reported, and what compiles converts without aborting.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "adapters/declarative.h"
#include "adapters/mapping/checks.h"
#include "adapters/mapping/compile.h"
#include "adapters/plugin/canonical.h"
#include "tests/fuzz/laws.h"
#include "tests/fuzz/targets.h"

namespace chuanyu::fuzz {
namespace {

// One file for the whole run, in a folder that is gone at the end.
class File {
 public:
  File() {
    std::string pattern = (std::filesystem::temp_directory_path() / "chuanyu-fuzz-XXXXXX").string();
    must(mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
    folder_ = pattern;
  }
  ~File() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string write(std::string_view text) const {
    const std::string path = folder_ + "/t.mapping.json";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

 private:
  std::string folder_;
};

}  // namespace

void spec(std::string_view input) {
  static const File kFile;
  if (input.find("\"file\"") != std::string_view::npos) return;  // would read files of this machine
  std::vector<Error> errors;
  const auto spec = adapters::parse_spec(kFile.write(input), errors);
  if (!spec.head) {
    must(!errors.empty(), "a mapping that cannot be read says why");
    return;
  }
  const auto plan = adapters::compile(spec, errors);
  if (plan == nullptr) {
    must(!errors.empty(), "a mapping that does not compile says why");
    return;
  }
  adapters::check_mapping(spec, *plan, errors);
  const auto adapter = adapters::make_declarative(plan);
  for (const auto& other : profiles()) {
    const auto& record = fixtures(*other).front();
    if (const auto read = adapter->get(record); !read.ok())
      must_be_record_error(read.error());
    else
      must(adapters::plugin::normal_form(plan->profile.kind, read->bytes).ok(), "get gives canonical bytes");
    if (other->profile().kind != plan->profile.kind) continue;
    if (const auto native = adapter->create(other->get(record)->bytes); !native.ok())
      must_be_record_error(native.error());
  }
}

}  // namespace chuanyu::fuzz
