// tests/unit/adapters/testing.h: mappings made for a test, and what they say of a record, as short text.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "adapters/declarative.h"
#include "adapters/goldens.h"
#include "adapters/mapping/compile.h"

namespace chuanyu::adapters::testing {

// A folder that is gone when the test is over.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "chuanyu-adapters-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path_ + "/" + name).parent_path());
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
  }

 private:
  std::string path_;
};

inline std::vector<Error> load_errors(const Folder& folder) {
  auto loaded = Registry::load(folder.path());
  if (auto* errors = std::get_if<std::vector<Error>>(&loaded)) return *errors;
  return {};
}

// The mappings under test: those of the repository, or of the folder that CHUANYU_ADAPTERS names (the laws hold for
// any mapping; tests by example are of the repository's).
inline const Registry& product() {
  static const auto kRegistry = [] {
    const char* const folder = std::getenv("CHUANYU_ADAPTERS");
    auto loaded = Registry::load(folder != nullptr ? folder : std::string(CHUANYU_SOURCE_DIR) + "/adapters");
    if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
      for (const auto& e : *errors) ADD_FAILURE() << e.to_text();
      std::abort();
    }
    return std::get<std::shared_ptr<const Registry>>(loaded);
  }();
  return *kRegistry;
}

inline std::string id_of(const std::string& mapping) {
  const auto open = mapping.find('"', mapping.find(':', mapping.find("\"mapping\""))) + 1;
  return mapping.substr(open, mapping.find('"', open) - open);
}

// The plan of a mapping in `folder` without the static checks: small mappings show what one word of the language does.
inline std::shared_ptr<const Plan> plan_of(const Folder& folder, const std::string& id, std::vector<Error>& errors) {
  const auto spec = parse_spec(folder.path() + "/" + id + ".mapping.json", errors);
  return spec.head ? compile(spec, errors) : nullptr;
}

// An adapter from the text of one mapping, without the static checks; aborts with the mistakes when there are any.
inline std::shared_ptr<const Adapter> adapter_of(const std::string& mapping) {
  Folder folder;
  folder.write(id_of(mapping) + ".mapping.json", mapping);
  std::vector<Error> errors;
  const auto plan = plan_of(folder, id_of(mapping), errors);
  for (const auto& e : errors) ADD_FAILURE() << e.to_text();
  if (plan == nullptr) std::abort();
  return make_declarative(plan);
}

// "RECORD_DATE /decision/date", or "" when it could be converted.
inline std::string failure(const Result<Converted>& result) {
  if (result.ok()) return "";
  return std::string(to_string(result.error().code)) + " " + result.error().where;
}

inline std::string_view word(Note::Kind kind) {
  constexpr std::string_view kWords[] = {"loss", "gap", "unmapped", "normalised", "warning"};
  return kWords[static_cast<int>(kind)];
}

// "loss /subject/areaCode|subject.region_code"
inline std::vector<std::string> notes(const Converted& converted) {
  std::vector<std::string> out;
  for (const auto& n : converted.notes) out.push_back(std::string(word(n.kind)) + " " + n.native + "|" + n.canonical);
  return out;
}

inline std::string read_source(const std::string& path) {
  std::ifstream file(std::string(CHUANYU_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::string> cut(const Adapter& adapter, std::string_view document) {
  std::vector<std::string> records;
  const auto reader = adapter.reader();
  reader->feed(document, true);
  for (auto record = reader->next(); record.ok() && !record->bytes.empty(); record = reader->next())
    records.emplace_back(record->bytes);
  return records;
}

// The mappings among them, by id; for tests that run once for each.
inline std::vector<std::string> mappings() {
  std::vector<std::string> ids;
  for (const auto& adapter : product().all()) {
    if (product().plan(adapter->profile().id) != nullptr) ids.push_back(adapter->profile().id);
  }
  return ids;
}

// sc.case.v1 -> sc_case_v1, as googletest wants names.
inline std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (auto& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

// The fixture records of a profile, as native bytes.
inline const std::vector<std::string>& fixtures(const std::string& profile) {
  static std::map<std::string, std::vector<std::string>> all;
  auto& records = all[profile];
  if (!records.empty()) return records;
  for (const auto& input : golden_inputs(product().plan(profile)->file, profile)) {
    if (input.file.find("/fixtures/") == std::string::npos) continue;
    std::ifstream file(input.file, std::ios::binary);
    for (auto& record : cut(*product().find(profile), std::string{std::istreambuf_iterator<char>(file), {}}))
      records.push_back(std::move(record));
  }
  EXPECT_FALSE(records.empty()) << "no fixtures beside " << profile;
  return records;
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "not in the record: " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace chuanyu::adapters::testing
