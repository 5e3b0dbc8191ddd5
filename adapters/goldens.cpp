#include "adapters/goldens.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "adapters/formats/charset.h"
#include "schemas/canonical_json.h"

namespace chuanyu::adapters {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(Code::CONFIG_UNREADABLE, "不能读取样例文件", path);
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

Json refused(const Error& e) { return {{"error", std::string(to_string(e.code)) + " " + e.where}}; }

Json notes_of(const Converted& converted) {
  Json out = Json::array();
  for (const auto& n : converted.notes) {
    out.push_back(std::string(to_string(n.kind)) + " " + n.rule + " " + n.native + " " + n.canonical + " " + n.message);
  }
  return out;
}

// What get says of what create wrote: the "same" record, another one but "noted", one that "differs", or the error.
std::string read_again(const Adapter& adapter, BytesView native, BytesView canonical) {
  const auto back = adapter.get(native);
  if (!back.ok()) return "error " + std::string(to_string(back.error().code)) + " " + back.error().where;
  return back->bytes == canonical ? "same" : back->notes.empty() ? "differs" : "noted";
}

Json created(const Adapter& adapter, BytesView canonical) {
  const auto native = adapter.create(canonical);
  if (!native.ok()) return refused(native.error());
  std::string text;
  if (const auto read = Charset::find(adapter.profile().charset)->decode(native->bytes, text); !read.ok()) {
    return refused(read.error());
  }
  return {{"native", text}, {"reads", read_again(adapter, native->bytes, canonical)}, {"notes", notes_of(*native)}};
}

Json got(const Adapter& adapter, std::string_view record) {
  const auto canonical = adapter.get(record);
  if (!canonical.ok()) return {{"get", refused(canonical.error())}};
  const auto text = schemas::to_json(adapter.profile().kind, canonical->bytes);
  if (!text.ok()) return {{"get", refused(text.error())}};
  return {{"get", {{"canonical", Json::parse(*text)}, {"notes", notes_of(*canonical)}}},
          {"create", created(adapter, canonical->bytes)}};
}

Json from_document(const Adapter& adapter, std::string_view document) {
  Json out = Json::array();
  const auto reader = adapter.reader();
  reader->feed(document, true);
  while (true) {
    const auto record = reader->next();
    if (record.ok() && record->bytes.empty()) return out;
    out.push_back(record.ok() ? got(adapter, record->bytes) : Json{{"get", refused(record.error())}});
    if (!record.ok() && reader->fatal()) return out;
  }
}

Result<Json> from_canonical(const Adapter& adapter, const std::string& file, const std::string& text) {
  const auto records = Json::parse(text, nullptr, false);
  if (!records.is_array()) return error(Code::CONFIG_SYNTAX, "应为标准记录的 JSON 数组", file);
  Json out = Json::array();
  for (const auto& record : records) {
    auto wire = schemas::from_json(adapter.profile().kind, record.dump());
    if (!wire.ok())
      return error(Code::CONFIG_VALUE, wire.error().detail,
                   file + "#/" + std::to_string(out.size()) + wire.error().where);
    out.push_back({{"create", created(adapter, *wire)}});
  }
  return out;
}

// A line for each direction of each record, so that a difference shows where it is.
std::string to_text(const Json& records) {
  std::string out = "[";
  for (std::size_t i = 0; i < records.size(); ++i) {
    out += i == 0 ? "\n{" : ",\n{";
    std::size_t written = 0;
    for (const auto& [direction, result] : records[i].items()) {
      out += (written++ == 0 ? "\"" : ",\n \"") + direction + "\": " + result.dump();
    }
    out += '}';
  }
  return out + "\n]\n";
}

// sc.case.v1 -> sc_case
std::string fixture_name(const std::string& profile) {
  auto name = profile.substr(0, profile.rfind('.'));
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.is_regular_file()) out.push_back(entry.path().filename().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

std::vector<GoldenInput> golden_inputs(const std::string& mapping_file, const std::string& profile) {
  const auto beside = fs::path(mapping_file).parent_path();
  const auto goldens = beside / "goldens" / profile;
  const auto golden = [&](const std::string& name) { return (goldens / (name + ".golden.json")).string(); };
  std::vector<GoldenInput> out;
  for (const auto& name : files_in(beside / "fixtures")) {
    if (name.substr(0, name.find('.')) != fixture_name(profile)) continue;
    out.push_back({(beside / "fixtures" / name).string(), golden("fixtures"), false});
  }
  for (const auto& name : files_in(goldens)) {
    const auto dot = name.find('.');
    const bool canonical = name.substr(dot) == ".canonical.json";
    if (!canonical && name.substr(dot, 4) != ".in.") continue;
    out.push_back({(goldens / name).string(), golden(name.substr(0, dot)), canonical});
  }
  return out;
}

Result<std::string> make_golden(const Adapter& adapter, const GoldenInput& input) {
  CHUANYU_TRY(const auto text, read_file(input.file));
  if (!input.canonical) return to_text(from_document(adapter, text));
  CHUANYU_TRY(const auto records, from_canonical(adapter, input.file, text));
  return to_text(records);
}

}  // namespace chuanyu::adapters
