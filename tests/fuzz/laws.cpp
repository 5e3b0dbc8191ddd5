#include "tests/fuzz/laws.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "adapters/goldens.h"
#include "adapters/mapping/plan.h"
#include "adapters/plugin/canonical.h"
#include "tests/fuzz/records.h"

namespace chuanyu::fuzz {

using adapters::Adapter;
using adapters::Converted;
using adapters::Note;

void must(bool holds, std::string_view law, std::string_view detail) {
  if (holds) return;
  std::cerr << "law broken: " << law << "\n" << detail << std::endl;
  std::abort();
}

namespace {

const adapters::Registry& registry() {
  static const auto kRegistry = [] {
    auto loaded = adapters::Registry::load(CHUANYU_SOURCE_DIR "/adapters");
    const auto* errors = std::get_if<std::vector<Error>>(&loaded);
    must(errors == nullptr, "the mappings load", errors == nullptr ? "" : errors->front().to_text());
    return std::get<std::shared_ptr<const adapters::Registry>>(loaded);
  }();
  return *kRegistry;
}

std::string text_of(const Converted& converted) {
  std::string out = converted.bytes;
  for (const auto& n : converted.notes) {
    out += "\n" + std::string(to_string(n.kind)) + " " + n.rule + " " + n.native + " " + n.canonical + " " + n.message;
  }
  return out;
}

std::string text_of(const Result<Converted>& result) {
  return result.ok() ? text_of(*result) : result.error().to_text();
}

bool lossy(const Converted& converted) {
  for (const auto& note : converted.notes) {
    if (note.kind != Note::Kind::unmapped) return true;
  }
  return false;
}

// Equal but for entries of ext: those of the changed record may stand elsewhere, those of the old one stay.
bool equal_but_ext(const Adapter& adapter, std::string_view read, std::string_view meant) {
  return comparable(adapter.profile().kind, read) == comparable(adapter.profile().kind, meant);
}

}  // namespace

const std::vector<std::shared_ptr<const Adapter>>& profiles() {
  static const auto kAll = registry().all();
  return kAll;
}

const Adapter& profile(unsigned char picked) { return *profiles()[picked % profiles().size()]; }

const Adapter& partner(const Adapter& adapter) {
  for (const auto& other : profiles()) {
    if (other.get() != &adapter && other->profile().kind == adapter.profile().kind) return *other;
  }
  return adapter;
}

const std::vector<std::string>& fixtures(const Adapter& adapter) {
  static std::map<std::string, std::vector<std::string>> all;
  auto& records = all[adapter.profile().id];
  if (!records.empty()) return records;
  for (const auto& input : adapters::golden_inputs(registry().plan(adapter.profile().id)->file, adapter.profile().id)) {
    if (input.canonical) continue;
    std::ifstream file(input.file, std::ios::binary);
    const std::string document{std::istreambuf_iterator<char>(file), {}};
    const auto reader = adapter.reader();
    reader->feed(document, true);
    while (true) {
      const auto record = reader->next();
      if (record.ok() && record->bytes.empty()) break;
      if (record.ok()) records.emplace_back(record->bytes);
    }
  }
  must(!records.empty(), "there are fixtures", adapter.profile().id);
  return records;
}

unsigned char first(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}

void must_be_record_error(const Error& error) {
  must(to_string(error.code).substr(0, 7) == "RECORD_", "a refusal has a RECORD_ code", error.to_text());
}

Result<Converted> lawful_get(const Adapter& adapter, std::string_view native) {
  auto read = adapter.get(native);
  must(text_of(adapter.get(native)) == text_of(read), "get is the same each time", text_of(read));
  static std::map<std::string, std::string> before;
  const auto after = text_of(adapter.get(fixtures(adapter).front()));
  must(before.try_emplace(adapter.profile().id, after).first->second == after, "a record changes nothing of the next");
  if (!read.ok()) {
    must_be_record_error(read.error());
    return read;
  }
  const auto normal = adapters::plugin::normal_form(adapter.profile().kind, read->bytes);
  must(normal.ok() && *normal == read->bytes, "get gives canonical bytes", text_of(read));
  const auto same = adapter.put(read->bytes, native);
  must(same.ok() && same->bytes == native, "GetPut", text_of(same));
  return read;
}

void lawful_create(const Adapter& adapter, std::string_view canonical) {
  const auto native = adapter.create(canonical);
  if (!native.ok()) return must_be_record_error(native.error());
  const auto read = adapter.get(native->bytes);
  must(read.ok(), "what create wrote, get reads", text_of(native) + "\n" + text_of(read));
  if (!lossy(*native) && !lossy(*read))
    must(equal_but_ext(adapter, read->bytes, canonical), "CreateGet", text_of(native));
}

void lawful_put(const Adapter& adapter, std::string_view canonical, std::string_view old) {
  const auto written = adapter.put(canonical, old);
  if (!written.ok()) return must_be_record_error(written.error());
  const auto read = adapter.get(written->bytes);
  must(read.ok(), "what put wrote, get reads", text_of(written) + "\n" + text_of(read));
  if (!lossy(*written) && !lossy(*read))
    must(equal_but_ext(adapter, read->bytes, canonical), "PutGet", text_of(written));
  const auto again = adapter.put(canonical, written->bytes);
  must(again.ok() && again->bytes == written->bytes, "PutPut", text_of(written) + "\n" + text_of(again));
}

}  // namespace chuanyu::fuzz
