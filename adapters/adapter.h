// adapters/adapter.h: native bytes <-> canonical bytes, one adapter per profile (sc.case.v1, cq.credit.v1, ...).
//
// An adapter knows nothing of who asks, of policy or of the log. It converts one record at a time; a native document
// (CSV file, XML list, JSON array or NDJSON) is cut into records by a RecordReader and put together by join().
// Canonical bytes are the Protobuf wire form of chuanyu.v1.CreditRecord, Licence or EnforcementCase.
//
// Threads: an Adapter is immutable; every const method may run on any thread at once. A RecordReader belongs to one
// thread. Ownership: adapters are held by shared_ptr, so that records in flight finish on the plan they began with.
// Failure: get() and create() never throw and never answer silently: what did not fit stands in `notes`; a record that
// cannot be converted has an `error` with its place (JSON pointer, XML path, or column name with line).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "schemas/record.h"

namespace chuanyu::adapters {

using schemas::Kind;        // credit, licence, enforcement_case
using schemas::parse_kind;  // CLIENT_KIND_UNKNOWN
using schemas::to_string;

enum class Syntax : std::uint8_t { json, xml, csv, text };  // text: one record a line, only by plug-ins
constexpr std::string_view kSyntaxes[] = {"json", "xml", "csv", "text"};
constexpr std::string_view to_string(Syntax syntax) { return kSyntaxes[static_cast<std::size_t>(syntax)]; }

struct Profile {
  std::string id;  // "sc.case.v1"
  Kind kind = Kind::credit;
  Syntax syntax = Syntax::json;
  std::string charset;     // "utf-8" | "gb18030-2022" | "gb18030-2000" | "gbk"
  std::string media_type;  // what a document of it is sent as: "application/xml; charset=GB18030"
  std::string mapping_version;
  std::uint64_t fingerprint = 0;  // of mapping, code sets, canonical descriptor and character set
};

// Something that did not fit, though the record could be converted. But for `gap` it never holds a personal identifier.
struct Note {
  enum class Kind : std::uint8_t { loss, gap, unmapped, normalised, warning };
  Kind kind = Kind::loss;
  Code code = Code::RECORD_VALUE;  // which check, for `warning`; otherwise RECORD_VALUE
  std::string rule;                // the mapping's rule id
  std::string native;              // place in the native record
  std::string canonical;           // field path in the canonical record
  std::string message;             // Chinese, one sentence
  std::optional<CodeGap> gap{};    // of kind `gap`: what to count; a plug-in may not say
};

constexpr std::string_view kNoteKinds[] = {"loss", "gap", "unmapped", "normalised", "warning"};
inline std::string_view to_string(Note::Kind kind) { return kNoteKinds[static_cast<std::size_t>(kind)]; }

struct Converted {
  Bytes bytes;              // canonical (get) or native record (create)
  std::vector<Note> notes;  // empty when everything fitted
};

// What is done when an identifier's check fails; configured per source (mapping rule, overridden per agency).
enum class CheckAction : std::uint8_t { reject, quarantine, warn };

struct GetOptions {
  // By check name: "uscc", "org_code", "id_number", "licence_id", "region". Missing: the mapping's own setting.
  std::map<std::string, CheckAction> checks;
};

// Cuts a native document into records as bytes arrive; memory is bounded by the profile's record limit, not by the
// document.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  struct Record {
    std::string_view bytes;    // one native record, fit for Adapter::get; valid until the next feed() or next()
    std::uint64_t number = 0;  // 1-based
    std::uint64_t line = 0;    // 1-based line of its first byte in the document
  };
  // Adds bytes of the document. `last` says that no more will come.
  virtual void feed(std::string_view chunk, bool last) = 0;
  // The next whole record; an empty `bytes` view when more bytes are needed (or, after the last, when there is none).
  // An error ends the document when fatal() is true afterwards; otherwise the next call goes on with the next record.
  // `where` of an error is the line.
  virtual Result<Record> next() = 0;
  virtual bool fatal() const = 0;
};

struct Explanation;  // adapters/explain.h

class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual const Profile& profile() const = 0;
  // One native record -> canonical. JSON: an object; XML: the record's element; CSV: header line + row, because the
  // columns may stand in any order; all in the profile's character set. A document with exactly one record is taken as
  // well. Errors are RECORD_*; of a plug-in LOCAL_PLUGIN_* as well.
  virtual Result<Converted> get(std::string_view native, const GetOptions& options = {}) const = 0;
  // get() of each, in the same order. A plug-in in a worker process is only fast when it gets many records at once.
  virtual std::vector<Result<Converted>> get_many(const std::vector<std::string_view>& natives,
                                                  const GetOptions& options = {}) const;
  // Canonical -> one new native record, in the same form (CSV: header line + row).
  virtual Result<Converted> create(std::string_view canonical) const = 0;
  // A changed canonical record -> the old native record with only what changed written into it: everything else, also
  // what the mapping does not know, stays byte for byte. `old` is one native record as get() takes it. What comes out
  // was read back and compared (RECORD_LAW_PUTGET); what the format cannot hold is a loss in the notes. Entries of ext
  // that `canonical` does not have stay as `old` has them. `canonical` equal to get(old) gives `old`.
  virtual Result<Converted> put(std::string_view canonical, std::string_view old,
                                const GetOptions& options = {}) const = 0;
  // The way back of a record that create(base) wrote and somebody edited: `base` with what the edit changed. What this
  // format cannot hold, or says with less detail, stays as `base` has it.
  virtual Result<Converted> get_edited(std::string_view native, std::string_view base,
                                       const GetOptions& options = {}) const = 0;
  // What get() and put() do, step by step, without the effect. Of a plug-in what the host sees of it.
  virtual Result<Explanation> explain(std::string_view native, const GetOptions& options = {}) const = 0;
  virtual Result<Explanation> explain_put(std::string_view canonical, std::string_view old,
                                          const GetOptions& options = {}) const = 0;
  // Native records as create() makes them -> one native document with header or root, in the profile's character set:
  // XML with declaration, one record a line, LF; CSV with CRLF; JSON an array, one record a line. With none: the empty
  // document.
  virtual Bytes join(const std::vector<std::string_view>& records) const = 0;
  virtual std::unique_ptr<RecordReader> reader() const = 0;
};

struct Plan;  // mapping/plan.h, for the room's own tools

// For plug-ins; whoever may write into the adapters' folder cannot thereby run code in the gateway's process.
struct PluginOptions {
  std::string allow;   // file of the operator, outside that folder: which libraries may run in process; empty: none
  std::string worker;  // chuanyu-adapter-worker; empty: beside the running program
};

// The adapters found in a folder (recursively: *.mapping.json with the code sets they name, *.plugin.json with their
// libraries). Immutable; reload by loading anew and swapping the pointer.
class Registry {
 public:
  // Every problem of every file, each with file and JSON pointer; a folder without mappings or plug-ins is an error.
  static std::variant<std::shared_ptr<const Registry>, std::vector<Error>> load(const std::string& folder,
                                                                                const PluginOptions& plugins = {});
  // nullptr when unknown.
  std::shared_ptr<const Adapter> find(std::string_view profile_id) const;
  std::vector<std::shared_ptr<const Adapter>> all() const;
  // What records that went through `previous` could no longer be read, or would mean something else, with this registry
  // (check S10); each with file#/json/pointer of this registry's mapping. Waivers of the mappings apply. Empty: this
  // registry may take the place of `previous`.
  std::vector<Error> compatible_with(const Registry& previous) const;
  // nullptr when there is no such mapping.
  const Plan* plan(std::string_view profile_id) const;

 private:
  std::string folder_;
  std::map<std::string, std::shared_ptr<const Adapter>, std::less<>> adapters_;
  std::map<std::string, std::shared_ptr<const Plan>, std::less<>> plans_;
};

}  // namespace chuanyu::adapters
