// adapters/mapping/plan.h: a mapping as the interpreter runs it: no name is looked up, nothing is parsed per record.
//
// compile() makes a Plan from a Spec and the canonical descriptor. Two trees (native and canonical) give each field a
// slot in its scope's block of cells; the rules are operations between slots.
// Threads: immutable after compile(). Ownership: the Plan owns everything; descriptors live as long as the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/adapter.h"
#include "adapters/formats/charset.h"
#include "adapters/mapping/codeset.h"

namespace chuanyu::adapters {

// Stands in a path where the position in a list belongs.
inline constexpr char kIndex = '\x01';

enum class Absent : std::uint8_t { omit, null, empty, keep };
enum class Unknown : std::uint8_t { ext, residual, reject };

// Child lookup by name: a small open table.
class Names {
 public:
  void build(const std::vector<std::pair<std::string_view, int>>& entries);
  int find(std::string_view name) const;  // -1: none

 private:
  struct Entry {
    std::string name;
    int value = -1;
  };
  static std::size_t hash(std::string_view name);
  std::vector<Entry> table_;
};

// JSON member, XML element or attribute, CSV column.
struct NativeNode {
  std::string name;     // key, element name, attribute name, column; "" for the root of a scope
  std::string path;     // from the record, with kIndex; JSON pointer, XML path or column
  std::string opening;  // as printed: "key": or <name sel="x"
  std::string closing;  // as printed: </name>
  int parent = -1;
  std::uint32_t slot = 0;
  bool value = false;  // holds a text or number
  bool list = false;   // JSON array, repeated XML element
  int item = -1;       // list: the scope of its items
  bool attribute = false;
  bool printed = false;  // some rule writes the value
  bool dropped = false;
  bool constant = false;         // its rule is a const: does not count as content
  std::string select_attribute;  // XML: Item[@name=scope]
  std::string select_value;
  int variant = -1;              // XML: next node of the same element name with another selection
  Absent absent = Absent::omit;  // values; containers: keep unless `structure` says otherwise
  bool number = false;           // JSON: printed bare
  int drop_rule = -1;            // index into Plan::drops
  std::vector<int> children;     // in the order of output
  Names keys;                    // JSON members, XML elements (first variant), CSV columns
  Names attributes;              // XML
};

struct NativeScope {
  int root = 0;
  std::uint32_t slots = 0;
};

enum class Wire : std::uint8_t { text, integer, boolean, enumeration, message, map };

struct CanonNode {
  std::uint32_t number = 0;
  Wire wire = Wire::message;
  bool repeated = false;
  bool explicit_presence = false;
  bool modifier = false;
  bool mandatory = false;
  bool covered = false;  // some rule prints it
  std::string name;
  std::string path;  // parties[*].id_no, with kIndex for the position
  std::uint32_t slot = 0;
  int item = -1;                        // repeated: scope of its items
  std::vector<int> children;            // by number
  std::vector<std::int16_t> by_number;  // field number -> node, -1 none; message only
  const void* enum_type = nullptr;      // google::protobuf::EnumDescriptor
};

struct CanonScope {
  int root = 0;
  std::uint32_t slots = 0;
  std::vector<int> uncovered;  // leaves no rule prints: a value there is a loss
};

enum class As : std::uint8_t {
  text,
  boolean,
  integer,
  money,
  date,
  code,
  uscc,
  org_code,
  id_number,
  licence_id,
  id,
  region
};

inline constexpr std::size_t kLongestDateWord = 12;  // bytes of literal text between the parts of a date

struct DatePattern {
  struct Token {
    char what = 0;  // Y, m, d or 0 for literal text
    bool padded = true;
    std::string literal;
    bool operator==(const Token&) const = default;
  };
  std::vector<Token> tokens;
  bool operator==(const DatePattern&) const = default;
};

// Where a value goes in the canonical record.
struct Target {
  enum class Shape : std::uint8_t { text, integer, boolean, enumeration, coded, date };
  Shape shape = Shape::text;
  int node = -1;
  std::uint32_t slot = 0;
  int words = -1;  // coded, or "text": node of the field that keeps the source's words
  std::uint32_t words_slot = 0;
  std::uint32_t year = 0, month = 0, day = 0;  // date: slots
};

struct Convert {
  As as = As::text;
  std::uint32_t max_chars = 0;  // text; 0: no limit
  std::uint8_t scale = 0;       // money: 10^scale fen in one unit
  std::uint8_t frac = 0;
  std::int64_t max_fen = 0;
  std::vector<DatePattern> in;
  DatePattern out;
  std::shared_ptr<const CodeSet> codes;
  CheckAction action = CheckAction::reject;
  std::uint32_t by_slot = 0;  // id: slot of the type's text
  std::vector<std::string> by_uscc, by_org_code, by_id_number;
  std::uint8_t digits = 6;  // region
  // licence_id: slots of the canonical fields that must repeat its third and sixth part
  bool has_type = false, has_version = false;
  std::uint32_t type_slot = 0, version_slot = 0;
};

enum class Op : std::uint8_t { value, prism, each, split, zip, constant, derived_create, derived_get, lost };

struct PrismCase {
  std::vector<std::string> when;  // empty: else
  bool alias = false;
  bool constant = false;  // text/true below instead of a conversion
  std::string constant_text;
  Target target;
  Convert convert;
};

struct Rule {
  Op op = Op::value;
  std::string id;
  std::string at;  // where the mapping writes it: file#/pointer
  int native = -1;
  std::uint32_t n_slot = 0;
  Target target;
  Convert convert;
  bool required = false;
  bool has_default = false;
  std::string fallback;  // default, as printed
  std::string constant;  // const
  bool refuse = false;   // lost
  std::string why;
  std::vector<PrismCase> cases;
  // each, split, zip
  std::uint32_t c_slot = 0;  // of the canonical list
  int c_node = -1;
  int n_scope = -1;
  int c_scope = -1;
  std::string separator;
  std::vector<Rule> inner;
  std::vector<std::uint32_t> align;  // slots in the canonical item that tell which item is which; may be empty
  struct Column {
    std::uint32_t outer = 0;  // slot around the list
    std::uint32_t inner = 0;  // slot in the item
    int native = -1;          // node around the list
    bool required = false;
    bool read = true;  // false: derived, only printed
  };
  std::vector<Column> columns;  // zip
  // derived get
  bool has_when = false;
  std::uint32_t when_slot = 0;
  std::vector<std::string> when_native;
  Target when_target;
  std::string when_canonical;
  int same_as = -1;
  std::uint32_t same_as_slot = 0;
};

// A finding of a static check that the mapping accepts, with its reason.
struct Waiver {
  std::string check;  // "S10"
  std::string place;  // rule id, canonical field, code set
  std::string why;
};

struct Plan {
  Profile profile;
  std::string file;
  std::string content;  // content.h
  const Charset* charset = nullptr;
  std::vector<std::pair<std::string, std::string>> substitutes;  // of characters the set has no code for
  Unknown unknown = Unknown::ext;
  std::uint32_t max_bytes = 1 << 20;
  std::uint32_t max_depth = 32;
  std::string record_name;  // XML
  std::string list_name;
  std::string csv_header;  // as printed, without line end
  std::string ext_prefix;  // "sc.case.v1"
  std::vector<NativeNode> native;
  std::vector<NativeScope> native_scopes;  // 0 is the record
  std::vector<CanonNode> canonical;
  std::vector<CanonScope> canon_scopes;  // 0 is the record
  int ext_node = -1;
  std::vector<Rule> rules;
  std::vector<std::pair<std::string, std::string>> drops;  // rule id, why
  std::vector<Waiver> waivers;
};

// A path with kIndex replaced by the positions at hand.
std::string place(std::string_view path, const std::vector<std::uint32_t>& index);

}  // namespace chuanyu::adapters
