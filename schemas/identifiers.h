// schemas/identifiers.h: identifiers of persons, organisations, licences and documents, checked by their own rules.
//
//   USCC 统一社会信用代码 GB 32100-2015 · organisation code 组织机构代码 GB 11714 · ID number 公民身份号码 GB 11643 (15
//   and 18) · licence identifier 电子证照标识 GB/T 36904 (ISO 7064 MOD 37,36)
// A check never looks anything up: a well-formed identifier may belong to nobody. What a failed check does (reject,
// quarantine, warn) is decided by the caller's configuration.
// Threads: pure functions. Failure: the result says which check failed; texts and errors never hold the identifier.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/error.h"

namespace chuanyu::schemas {

enum class Fault : std::uint8_t {
  none,
  length,              // wrong number of characters (licence identifier: of parts)
  alphabet,            // a character that may not stand there
  place,               // ID number: no such province
  date,                // ID number: a birthday that does not exist
  check_character,     // the identifier's own check character is wrong
  organisation_check,  // USCC: check character of the organisation code inside it (9th to 17th) is wrong
};
std::string_view to_chinese(Fault fault);  // one phrase, e.g. "校验位不符"
// RECORD_CHECK_DIGIT for the two check faults, otherwise RECORD_IDENTIFIER. Only when fault != none.
Code code_of(Fault fault);

struct Checked {
  Fault fault = Fault::none;
  std::string value;  // normalised: letters in upper case; also set when a check character is wrong
  bool ok() const { return fault == Fault::none; }
};

Checked check_uscc(std::string_view text);
Checked check_org_code(std::string_view text);   // 9 characters, or with '-' before the last; value has none
Checked check_id_number(std::string_view text);  // 15 or 18; also 港澳台居民居住证 (81, 82, 83)

// Check characters, for those who make identifiers; the arguments must be of the right length and alphabet.
char uscc_check_character(std::string_view first17);
char org_code_check_character(std::string_view first8);
char id_number_check_character(std::string_view first17);
char mod37_36_check_character(std::string_view alphanumerics);  // other characters are passed over

// 15 -> 18 digits (adds the century 19 and the check character); a good 18 as it is; nothing when the check fails.
std::optional<std::string> to_id18(std::string_view id_number);
bool is_hmt_residence(std::string_view id_number);  // 港澳台居民居住证
std::optional<Date> birthday(std::string_view id_number);

// 1.2.156.3005.2.{type}.{issuer}.{serial}.{version}.{check}. Old data break the usual lengths, so that only the parts
// and the check character are checked.
struct LicenceId {
  Fault fault = Fault::none;
  std::string_view type_code;  // views into the argument; empty when the parts cannot be told apart
  std::string_view issuer;
  std::string_view serial;
  std::string_view version;
  char expected_check = 0;
  bool ok() const { return fault == Fault::none; }
};
LicenceId check_licence_id(std::string_view text);

// SM3 or SHA-256 as text: 64 hex digits.
bool is_digest_hex(std::string_view text);

// For matching only; the original is what is kept and shown.
// Names: the middle dots U+2022, U+30FB, U+FF0E become U+00B7. `utf8` must be UTF-8.
std::string name_match_key(std::string_view utf8);
// Document and case numbers (standards.md 2.6): NFKC, every bracket 〔〕, without 第, spaces and leading zeros of the
// number.
std::string doc_no_match_key(std::string_view utf8);

}  // namespace chuanyu::schemas
