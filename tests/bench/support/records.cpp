#include "tests/bench/support/records.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "schemas/identifiers.h"
#include "tests/bench/support/server.h"

namespace chuanyu::bench {
namespace {

constexpr std::string_view kSubject = "91510903MADEM0011H";
constexpr std::string_view kIssuer = "11510900MBDEM0023P";           // G02, of Sichuan
constexpr std::string_view kChongqingIssuer = "11500000MBDEM0066J";  // G06
constexpr std::size_t kIdDigits = 10;
constexpr std::size_t kCaseBytes = 1500;

std::string fixture(const std::string& path) {
  std::ifstream in(std::string(CHUANYU_SOURCE_DIR) + "/adapters/" + path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (text.empty()) give_up("no fixture " + path);
  return text;
}

// The first object of a JSON array, on one line.
std::string first_object(const std::string& text) {
  std::string out;
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;  // the fixture has no escaped quotation marks
    if (!quoted && c == '{') ++depth;
    if (depth > 0 && (quoted || (c != ' ' && c != '\n'))) out.push_back(c);
    if (!quoted && c == '}' && --depth == 0) break;
  }
  return out;
}

std::string line(const std::string& text, int number) {
  std::size_t at = 0;
  for (int i = 0; i < number; ++i) at = text.find('\n', at) + 1;
  std::string found = text.substr(at, text.find('\n', at) - at);
  if (!found.empty() && found.back() == '\r') found.pop_back();
  return found;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::vector<std::size_t> places(const std::string& text, std::string_view what) {
  std::vector<std::size_t> found;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) found.push_back(at);
  return found;
}

std::string subject(std::uint64_t number) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "MA%06u", static_cast<unsigned>(number % 1'000'000));
  std::string uscc = "91510903" + std::string(digits);
  uscc.push_back(schemas::org_code_check_character(digits));
  uscc.push_back(schemas::uscc_check_character(uscc));
  return uscc;
}

// A case gets more evidence, until it is as long as cases are: repeats the last item of the list that ends the record.
void lengthen(std::string& text, bool json) {
  std::size_t begin = text.rfind('{');
  std::size_t end = text.find('}', begin) + 1;
  if (!json) {
    end = text.rfind("</", text.rfind("</") - 1);
    begin = end - 1;
    while (text[begin] != '<' || text[begin + 1] == '/') --begin;
  }
  const std::string item = (json ? "," : "") + text.substr(begin, end - begin);
  while (text.size() + item.size() / 2 < kCaseBytes) text.insert(end, item);
}

}  // namespace

Records Records::of(const std::string& profile) {
  Records made;
  made.profile_ = profile;
  made.gateway_ = profile.substr(0, 2);
  made.kind_ = profile.find("case") != std::string::npos ? "case" : "credit";
  made.prefix_ = made.kind_ == "case" ? "CA" : "CR";
  made.line_break_ = "\n";
  if (made.gateway_ == "cq") {
    made.agency_ = "G06";
    made.media_type_ = "application/json";
    made.text_ = first_object(fixture("chongqing/fixtures/cq_" + made.kind_ + ".json"));
    replace_all(made.text_, kIssuer, kChongqingIssuer);
  } else if (made.kind_ == "case") {
    made.agency_ = "G02";
    made.media_type_ = "application/xml";
    const std::string text = fixture("sichuan/fixtures/sc_case.gb18030.xml");
    made.head_ = line(text, 0) + "\n" + line(text, 1) + "\n";
    made.text_ = line(text, 2);
    made.tail_ = "</" + line(text, 1).substr(1);
  } else {
    made.agency_ = "G02";
    made.media_type_ = "text/csv";
    made.line_break_ = "\r\n";
    const std::string text = fixture("sichuan/fixtures/sc_credit.gb18030.csv");
    made.head_ = line(text, 0) + "\r\n";
    made.text_ = line(text, 1);
  }
  if (made.kind_ == "case") lengthen(made.text_, made.gateway_ == "cq");
  replace_all(made.text_, made.prefix_ + "0001", made.prefix_ + std::string(kIdDigits, '0'));
  made.id_at_ = places(made.text_, made.prefix_ + std::string(kIdDigits, '0'));
  made.subject_at_ = places(made.text_, kSubject);
  if (made.id_at_.size() != 1 || made.subject_at_.empty()) give_up("the fixture of " + profile + " has changed");
  return made;
}

std::string Records::id(std::uint64_t number) const {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%010llu", static_cast<unsigned long long>(number % 10'000'000'000));
  return prefix_ + digits;
}

void Records::fill(std::uint64_t number, char* text) const {
  const std::string own = id(number);
  std::memcpy(text + id_at_[0], own.data(), own.size());
  const std::string who = subject(number);
  for (const std::size_t at : subject_at_) std::memcpy(text + at, who.data(), who.size());
}

std::string Records::record(std::uint64_t number) const {
  std::string out = text_;
  fill(number, out.data());
  return out;
}

void Records::append_row(std::uint64_t number, std::string& out) const {
  const std::size_t at = out.size();
  out += text_;
  fill(number, out.data() + at);
  out += line_break_;
}

std::vector<std::pair<std::string, std::string>> Records::headers() const {
  return {{"Content-Type", media_type_},
          {"Chuanyu-Matter", "credit-publicity"},
          {"Chuanyu-Basis", "%E6%B3%95%E5%AE%9A%E8%81%8C%E8%B4%A3"},
          {"Chuanyu-Grant", "CY-2026-001"},
          {"Chuanyu-Operator", "%E6%9D%8E%E6%89%A7%E6%B3%95"}};
}

}  // namespace chuanyu::bench
