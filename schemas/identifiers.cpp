#include "schemas/identifiers.h"

#include <algorithm>
#include <array>

namespace chuanyu::schemas {
namespace {

constexpr std::string_view kUsccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";  // without I O S V Z
constexpr std::string_view kAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::array<int, 17> kUsccWeights = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
constexpr std::array<int, 8> kOrgWeights = {3, 7, 9, 10, 5, 8, 4, 2};
constexpr std::array<int, 17> kIdWeights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
constexpr std::string_view kIdCheck = "10X98765432";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) { return std::all_of(text.begin(), text.end(), is_digit); }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = upper(c);
  return out;
}

int number(std::string_view digits) {
  int value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

// Of `alphabet` every one, but digits where the region code stands.
bool uscc_alphabet(std::string_view code) {
  const auto in_alphabet = [](char c) { return kUsccAlphabet.find(c) != std::string_view::npos; };
  return std::all_of(code.begin(), code.end(), in_alphabet) && all_digits(code.substr(2, 6));
}

bool org_alphabet(std::string_view code) {
  const auto in_alphabet = [](char c) { return kAlphanumeric.find(c) != std::string_view::npos; };
  return std::all_of(code.begin(), code.end(), in_alphabet);
}

// The first two digits: a province, 71 台湾, or 81-83, where 港澳台居民居住证 are numbered (71 is not issued there).
bool known_place(std::string_view id) {
  static constexpr std::array<std::string_view, 35> kPlaces = {
      "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43",
      "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83"};
  return std::binary_search(kPlaces.begin(), kPlaces.end(), id.substr(0, 2));
}

// Of a number with 15 or 18 characters whose birthday stands at the usual place.
Date written_birthday(std::string_view id) {
  if (id.size() == 15) return {1900 + number(id.substr(6, 2)), number(id.substr(8, 2)), number(id.substr(10, 2))};
  return {number(id.substr(6, 4)), number(id.substr(10, 2)), number(id.substr(12, 2))};
}

bool plausible_birthday(const Date& date) { return is_valid(date) && date.year >= 1850 && date.year < 2100; }

}  // namespace

std::string_view to_chinese(Fault fault) {
  switch (fault) {
    case Fault::none: return "合格";
    case Fault::length: return "长度或组成不符";
    case Fault::alphabet: return "含有不允许的字符";
    case Fault::place: return "地区前缀不存在";
    case Fault::date: return "出生日期不存在";
    case Fault::check_character: return "校验位不符";
    case Fault::organisation_check: return "其中组织机构代码的校验位不符";
  }
  return "";
}

Code code_of(Fault fault) {
  const bool check = fault == Fault::check_character || fault == Fault::organisation_check;
  return check ? Code::RECORD_CHECK_DIGIT : Code::RECORD_IDENTIFIER;
}

char uscc_check_character(std::string_view first17) {
  int sum = 0;
  for (std::size_t i = 0; i < kUsccWeights.size(); ++i)
    sum += kUsccWeights[i] * static_cast<int>(kUsccAlphabet.find(first17[i]));
  return kUsccAlphabet[static_cast<std::size_t>((31 - sum % 31) % 31)];
}

char org_code_check_character(std::string_view first8) {
  int sum = 0;
  for (std::size_t i = 0; i < kOrgWeights.size(); ++i)
    sum += kOrgWeights[i] * static_cast<int>(kAlphanumeric.find(first8[i]));
  const int check = 11 - sum % 11;
  if (check == 10) return 'X';
  return static_cast<char>('0' + check % 11);
}

char id_number_check_character(std::string_view first17) {
  int sum = 0;
  for (std::size_t i = 0; i < kIdWeights.size(); ++i) sum += kIdWeights[i] * (first17[i] - '0');
  return kIdCheck[static_cast<std::size_t>(sum % 11)];
}

char mod37_36_check_character(std::string_view alphanumerics) {
  int p = 36;
  for (char c : alphanumerics) {
    const auto value = kAlphanumeric.find(upper(c));
    if (value == std::string_view::npos) continue;
    p = (p + static_cast<int>(value)) % 36;
    if (p == 0) p = 36;
    p = p * 2 % 37;
  }
  return kAlphanumeric[static_cast<std::size_t>((37 - p) % 36)];
}

Checked check_uscc(std::string_view text) {
  Checked result;
  if (text.size() != 18) return {Fault::length, {}};
  result.value = upper(text);
  const std::string_view code = result.value;
  if (!uscc_alphabet(code)) return {Fault::alphabet, {}};
  if (org_code_check_character(code.substr(8, 8)) != code[16]) result.fault = Fault::organisation_check;
  if (uscc_check_character(code.substr(0, 17)) != code[17]) result.fault = Fault::check_character;
  return result;
}

Checked check_org_code(std::string_view text) {
  Checked result;
  if (text.size() == 10 && text[8] == '-') {
    result.value = upper(text.substr(0, 8));
    result.value += upper(text[9]);
  } else if (text.size() == 9) {
    result.value = upper(text);
  } else {
    return {Fault::length, {}};
  }
  if (!org_alphabet(result.value)) return {Fault::alphabet, {}};
  if (org_code_check_character(std::string_view(result.value).substr(0, 8)) != result.value[8])
    result.fault = Fault::check_character;
  return result;
}

Checked check_id_number(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return {Fault::length, {}};
  const std::string id = upper(text);
  const bool old = id.size() == 15;
  if (!all_digits(std::string_view(id).substr(0, old ? 15 : 17))) return {Fault::alphabet, {}};
  if (!old && !is_digit(id[17]) && id[17] != 'X') return {Fault::alphabet, {}};
  if (!known_place(id)) return {Fault::place, {}};
  if (!plausible_birthday(written_birthday(id))) return {Fault::date, {}};
  if (!old && id_number_check_character(id) != id[17]) return {Fault::check_character, id};
  return {Fault::none, id};
}

std::optional<std::string> to_id18(std::string_view id_number) {
  auto checked = check_id_number(id_number);
  if (!checked.ok()) return std::nullopt;
  if (checked.value.size() == 18) return checked.value;
  std::string id = checked.value.insert(6, "19");
  id += id_number_check_character(id);
  return id;
}

bool is_hmt_residence(std::string_view id_number) {
  if (id_number.size() != 18 || !check_id_number(id_number).ok()) return false;
  const auto prefix = id_number.substr(0, 2);
  return prefix == "81" || prefix == "82" || prefix == "83";
}

std::optional<Date> birthday(std::string_view id_number) {
  if (!check_id_number(id_number).ok()) return std::nullopt;
  return written_birthday(id_number);
}

LicenceId check_licence_id(std::string_view text) {
  constexpr std::string_view kRoot = "1.2.156.3005.2.";
  LicenceId id;
  if (text.substr(0, kRoot.size()) != kRoot) return LicenceId{Fault::length, {}, {}, {}, {}, 0};
  std::array<std::string_view, 5> parts;
  std::string_view rest = text.substr(kRoot.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto dot = i + 1 < parts.size() ? rest.find('.') : rest.size();
    if (dot == std::string_view::npos || dot == 0) return LicenceId{Fault::length, {}, {}, {}, {}, 0};
    parts[i] = rest.substr(0, dot);
    rest = i + 1 < parts.size() ? rest.substr(dot + 1) : std::string_view{};
  }
  if (parts[4].size() != 1) return LicenceId{Fault::length, {}, {}, {}, {}, 0};
  const auto allowed = [](char c) {
    return is_digit(c) || (upper(c) >= 'A' && upper(c) <= 'Z') || c == '_' || c == '-';
  };
  for (auto part : parts)
    if (!std::all_of(part.begin(), part.end(), allowed)) return LicenceId{Fault::alphabet, {}, {}, {}, {}, 0};
  id = {Fault::none, parts[0], parts[1], parts[2], parts[3], 0};
  id.expected_check = mod37_36_check_character(text.substr(kRoot.size(), text.size() - kRoot.size() - 2));
  if (upper(parts[4][0]) != id.expected_check) id.fault = Fault::check_character;
  return id;
}

bool is_digest_hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(),
                                          [](char c) { return is_digit(c) || (upper(c) >= 'A' && upper(c) <= 'F'); });
}

}  // namespace chuanyu::schemas
