#include "gateway/cli/native_file.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace chuanyu::cli {
namespace {

// 案件标识 in the two character sets that the profiles use.
constexpr std::string_view kCaseIdUtf8 = "案件标识";
constexpr std::string_view kCaseIdGb18030 = "\xB0\xB8\xBC\xFE\xB1\xEA\xCA\xB6";

std::optional<std::string> element_text(std::string_view bytes, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const auto from = bytes.find(open);
  if (from == std::string_view::npos) return std::nullopt;
  const auto start = from + open.size();
  const auto end = bytes.find('<', start);
  if (end == std::string_view::npos || end == start) return std::nullopt;
  return std::string(bytes.substr(start, end - start));
}

std::optional<std::string> json_id(std::string_view bytes) {
  const auto record = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
  if (!record.is_object()) return std::nullopt;
  for (const char* key : {"recordId", "case_id", "ZZBS"}) {
    if (const auto found = record.find(key); found != record.end() && found->is_string())
      return found->get<std::string>();
  }
  return std::nullopt;
}

// The first column of the second line; ids hold neither quote nor comma.
std::optional<std::string> csv_id(std::string_view bytes) {
  const auto line = bytes.find('\n');
  if (bytes.substr(0, 4) != "XXBS" || line == std::string_view::npos) return std::nullopt;
  const auto end = bytes.find(',', line + 1);
  if (end == std::string_view::npos || end == line + 1) return std::nullopt;
  return std::string(bytes.substr(line + 1, end - line - 1));
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Result<NativeFile> load(const std::string& path) {
  if (path == "-") {
    return NativeFile{path, Bytes(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()),
                      "application/json"};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(Code::CONFIG_UNREADABLE, "文件不能打开", path);
  NativeFile out{path, Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()),
                 media_type_of(path)};
  if (file.bad()) return error(Code::CONFIG_UNREADABLE, "文件不能读取", path);
  if (out.bytes.empty()) return error(Code::CONFIG_UNREADABLE, "文件为空", path);
  return out;
}

std::string media_type_of(std::string_view path) {
  if (ends_with(path, ".json")) return "application/json";
  if (ends_with(path, ".ndjson") || ends_with(path, ".jsonl")) return "application/x-ndjson";
  if (ends_with(path, ".xml")) return "application/xml";
  if (ends_with(path, ".csv")) return "text/csv";
  return {};
}

std::optional<std::string> record_id(std::string_view bytes, std::string_view media_type) {
  if (media_type.substr(0, 16) == "application/json") return json_id(bytes);
  if (media_type.substr(0, 8) == "text/csv") return csv_id(bytes);
  for (const auto name : {std::string_view("CertificateIdentifier"), kCaseIdUtf8, kCaseIdGb18030}) {
    if (auto id = element_text(bytes, name)) return id;
  }
  return std::nullopt;
}

}  // namespace chuanyu::cli
