// adapters/mapping/spec.h: a mapping file as it is written (adapters/README.md is the language).
//
// parse_spec() checks the form only and reports every mistake with file#/json/pointer; compile() checks the meaning.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters {

struct AsSpec {
  std::string kind;  // text bool int dec date code uscc org_code id_number licence_id id region
  std::string at;    // where it stands: file#/pointer
  std::int64_t max = 0;
  std::string unit;
  std::int64_t frac = 0;
  bool json_number = false;
  std::vector<std::string> in;
  std::string out;
  std::string codeset;
  std::string words;  // "text"
  std::string by;
  std::vector<std::string> uscc, org_code, id_number;
  CheckAction check = CheckAction::reject;
  std::int64_t digits = 6;
  std::string part_type, part_version;  // licence_id
};

struct CaseSpec {
  std::string at;
  std::vector<std::string> when;  // empty: else
  std::string c;
  std::optional<std::string> constant;
  bool alias = false;
  std::optional<AsSpec> as;
};

struct WhenSpec {
  std::string n;
  std::vector<std::string> in;
  std::string c;
  std::string is;
};

struct RuleSpec {
  std::string at;
  std::string kind;
  std::string id;
  std::optional<std::string> n;
  std::string c;
  std::optional<AsSpec> as;
  bool required = false;
  std::optional<std::string> fallback;
  std::string absent;
  std::string why;
  bool refuse = false;
  std::string split;
  std::string zip;
  std::vector<std::string> align;  // each: the canonical fields that tell which item is which
  std::optional<std::string> v;
  std::string dir;
  std::optional<WhenSpec> when;
  std::string same_as;
  std::vector<CaseSpec> cases;
  std::vector<RuleSpec> rules;
  bool has_rules = false;
  std::optional<AsSpec> item;
};

struct CodeSetSpec {
  std::string at;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::map<std::string, std::string> prefer;
  std::string gap = "reject";  // reject | quarantine | other
  std::string other;
  std::string back_text = "never";
  std::string back_gap = "refuse";  // refuse | omit | code
  std::string back_gap_code;
  bool back_gap_said = false;
  bool lossy = false;               // the author knows that back_gap_code reads back as another value
  std::vector<std::string> closed;  // native texts that must have a pair
};

// A finding of the static checks that the author accepts.
struct WaiverSpec {
  std::string at;     // where the waiver stands
  std::string check;  // "S1"
  std::string place;  // rule id, canonical field or code set
  std::string why;
};

struct Spec {
  std::string file;
  std::string mapping;
  std::string version;
  std::string kind;
  std::string canonical;
  std::string media_type;
  std::string format;
  std::string charset;
  std::vector<std::pair<std::string, std::string>> substitute;  // character, what is written for it
  std::string record;
  std::string list;
  std::string absent;
  std::string unknown = "ext";
  std::int64_t max_bytes = 1 << 20;
  std::int64_t max_depth = 32;
  std::vector<std::pair<std::string, std::string>> structure;  // n, absent
  std::vector<RuleSpec> rules;
  std::map<std::string, CodeSetSpec> codesets;
  std::vector<WaiverSpec> waivers;
  // What is mistaken in form is left out, so that compile() can check the meaning of the rest.
  bool head = true;             // false: what stands before the rules is mistaken, and no rule can be understood
  bool rules_left_out = false;  // also: containers of `structure` may seem to hold nothing
  std::set<std::string> codesets_left_out;
  std::string content;  // the mapping with its code sets in it
};

// Reads `file` and the code-set files it names. Mistakes are added to `errors`; nothing is thrown.
Spec parse_spec(const std::string& file, std::vector<Error>& errors);
// The same of Spec::content; reads no file. `name` stands for the file in the places of mistakes.
Spec parse_content(const std::string& content, const std::string& name, std::vector<Error>& errors);

}  // namespace chuanyu::adapters
