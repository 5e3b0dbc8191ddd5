// get, create, put and get_edited of the six profiles.
#include <set>

#include "tests/fuzz/laws.h"
#include "tests/fuzz/records.h"
#include "tests/fuzz/targets.h"

namespace chuanyu::fuzz {
namespace {

constexpr std::string_view kEnd = "\n--\n";  // between the edits and the record

// What create writes is always well-formed, whatever values it was given.
const std::set<Code> kMalformed = {Code::RECORD_PARSE,         Code::RECORD_TRUNCATED, Code::RECORD_CHARSET,
                                   Code::RECORD_DUPLICATE_KEY, Code::RECORD_TOO_DEEP,  Code::RECORD_XML_FORBIDDEN,
                                   Code::RECORD_RAGGED_ROW,    Code::RECORD_TYPE};

}  // namespace

void get(std::string_view input) {
  const auto& adapter = profile(first(input));
  const auto read = lawful_get(adapter, input);
  if (!read.ok()) return;
  lawful_create(adapter, read->bytes);
  lawful_create(partner(adapter), read->bytes);
}

void create(std::string_view input) {
  const auto& adapter = profile(first(input));
  const auto native = adapter.create(input);
  if (!native.ok()) return must_be_record_error(native.error());
  const auto read = adapter.get(native->bytes);
  if (read.ok()) {
    if (native->notes.empty() && read->notes.empty())
      must(comparable(adapter.profile().kind, read->bytes) == comparable(adapter.profile().kind, input), "CreateGet",
           native->bytes);
    return;
  }
  must_be_record_error(read.error());
  must(!kMalformed.contains(read.error().code), "create writes well-formed records",
       native->bytes + "\n" + read.error().to_text());
}

void put(std::string_view input) {
  const auto& adapter = profile(first(input));
  const auto end = input.find(kEnd);
  const std::string_view edits = input.substr(0, end);
  const std::string_view old =
      end == std::string_view::npos ? std::string_view(fixtures(adapter).front()) : input.substr(end + kEnd.size());
  const auto read = adapter.get(old);
  if (!read.ok()) return must_be_record_error(read.error());
  lawful_put(adapter, edited(adapter.profile().kind, read->bytes, edits), old);
}

void get_edited(std::string_view input) {
  const auto& adapter = profile(first(input));
  const auto& there = partner(adapter);
  const auto& records = fixtures(adapter);
  const auto base = adapter.get(records[first(input) % records.size()]);
  if (!base.ok()) return must_be_record_error(base.error());
  const auto sent = there.create(base->bytes);
  if (!sent.ok()) return must_be_record_error(sent.error());
  const auto untouched = there.get_edited(sent->bytes, base->bytes);
  must(untouched.ok() && untouched->bytes == base->bytes, "what nobody edited comes back as it was");
  const auto seen = there.get(sent->bytes);
  must(seen.ok(), "what create wrote, get reads");
  const auto edit = there.put(edited(there.profile().kind, seen->bytes, input), sent->bytes);
  if (!edit.ok()) return must_be_record_error(edit.error());
  const auto back = there.get_edited(edit->bytes, base->bytes);
  must(back.ok(), "an edit that could be written can be taken over", back.ok() ? "" : back.error().to_text());
  const auto arrived = there.create(back->bytes);
  if (!arrived.ok()) return must_be_record_error(arrived.error());
  lawful_put(adapter, back->bytes, records[0]);
}

}  // namespace chuanyu::fuzz
