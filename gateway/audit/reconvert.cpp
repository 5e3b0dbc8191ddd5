#include "gateway/audit/reconvert.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "gateway/exchange/filing.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/canonical_json.h"
#include "schemas/record.h"

namespace chuanyu::audit {
namespace {

using adapters::CheckAction;
using adapters::Converted;
using adapters::GetOptions;
using ledger::EntryKind;

constexpr const char* kChecks[] = {"uscc", "org_code", "id_number", "licence_id", "region"};
constexpr CheckAction kActions[] = {CheckAction::reject, CheckAction::quarantine, CheckAction::warn};
constexpr std::size_t kPlaces = 10;  // fields of one difference that are named

// Every way the checks may have been configured, the mapping's own first.
std::vector<GetOptions> every_setting() {
  std::vector<GetOptions> all{{}};
  for (const char* check : kChecks) {
    std::vector<GetOptions> wider;
    for (const GetOptions& options : all) {
      for (const CheckAction action : kActions) wider.emplace_back(options).checks[check] = action;
    }
    all = std::move(wider);
  }
  all.insert(all.begin(), GetOptions{});
  return all;
}

std::string value_text(const nlohmann::json& document, const std::string& pointer) {
  const nlohmann::json::json_pointer at(pointer);
  return document.contains(at) ? document.at(at).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) : "无";
}

// The fields that differ, as JSON pointers into the canonical JSON; empty when one of the two cannot be shown so.
std::string differing_fields(std::string_view what, BytesView recorded, BytesView derived, bool reveal) {
  const auto show = [what](BytesView wire) {
    const auto kind = schemas::parse_kind(what);
    const auto text = kind.ok() ? schemas::to_json(*kind, wire) : schemas::message_to_json(what, wire);
    return nlohmann::json::parse(text.ok() ? *text : "", nullptr, /*allow_exceptions=*/false);
  };
  const nlohmann::json before = show(recorded);
  const nlohmann::json after = show(derived);
  if (before.is_discarded() || after.is_discarded()) return {};
  std::string places;
  std::size_t count = 0;
  for (const auto& step : nlohmann::json::diff(before, after)) {
    if (count++ == kPlaces) return places + " …";
    const auto place = step["path"].get<std::string>();
    places += " " + place;
    if (reveal) places += "（所记 " + value_text(before, place) + "，重算 " + value_text(after, place) + "）";
  }
  return places;
}

std::string first_byte(BytesView recorded, BytesView derived) {
  const auto [at, other] = std::mismatch(recorded.begin(), recorded.end(), derived.begin(), derived.end());
  return "第 " + std::to_string(at - recorded.begin()) + " 字节起不同（所记 " + std::to_string(recorded.size()) +
         " 字节，重算 " + std::to_string(derived.size()) + " 字节）";
}

}  // namespace

struct Reconverter::Work {
  const ledger::Entry& entry;
  const v1::LogBody& body;
  Reconverted result;

  void differ(std::string detail, const std::string& part, const std::string& fields = {}) {
    result.differences.push_back(error(Code::LOG_DIFFERS, std::move(detail), part + fields));
  }
  // Whether `same` holds under the recorded setting of the checks; when none is recorded, under any. The first one
  // tried is the one that a difference is told of.
  template <typename Same>
  bool holds(Versions& versions, const std::string& uscc, Same&& same) {
    static const std::vector<GetOptions> kSettings = every_setting();
    const std::vector<GetOptions> recorded = versions.checks_of(uscc);
    const std::vector<GetOptions>& settings = recorded.empty() ? kSettings : recorded;
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const GetOptions& options) { return same(options, &options == &settings[0]); });
    result.other_checks =
        result.other_checks || (recorded.empty() && found != settings.begin() && found != settings.end());
    return found != settings.end();
  }
};

namespace {

Result<v1::LogBody> body_of(const LogReader& log, const BodyOpener& bodies, std::uint64_t index) {
  const std::string where = place_of(index);
  CHUANYU_TRY(const Bytes bytes, log.entry(index));
  CHUANYU_TRY(const ledger::Entry entry, ledger::decode(bytes));
  const auto opened = bodies.body(entry);
  if (!opened.ok()) return error(opened.error().code, opened.error().detail, where);
  v1::LogBody body;
  if (!body.ParseFromString(*opened)) return error(Code::LOG_TAMPERED, "正文不可读", where);
  return body;
}

// The record with that id among the canonical records of a body.
const Bytes* with_id(const v1::LogBody& body, schemas::Kind kind, std::string_view id) {
  for (const Bytes& canonical : body.canonical()) {
    const auto view = schemas::view_record(kind, canonical);
    if (view.ok() && view->id == id) return &canonical;
  }
  return nullptr;
}

// Native in -> canonical as the verb does it. `edited`: the body that brought the record which was edited.
Result<Bytes> read_native(const adapters::Adapter& adapter, const ledger::Entry& entry, const v1::LogBody& body,
                          const v1::LogBody* edited, const GetOptions& options) {
  const bool streamed = body.row() != 0 && !body.has_rerun_of();  // cut out of its document already
  Bytes keep;
  BytesView native = body.native_in();
  if (!streamed) {
    CHUANYU_TRY(native, exchange::single_record(adapter, body.native_in(), keep));
  }
  CHUANYU_TRY(Converted converted, adapter.get(native, options));
  const schemas::Kind kind = adapter.profile().kind;
  if (entry.to.empty()) {  // filed, not sent
    CHUANYU_TRY(const auto view, exchange::check_filed(kind, entry.from, converted.bytes));
    const bool named = !body.record_id().empty();
    if (named && view.id != body.record_id()) return error(Code::CLIENT_RECORD_ID_MISMATCH, "");
  }
  if (edited == nullptr) return std::move(converted.bytes);
  CHUANYU_TRY(const auto view, schemas::view_record(kind, converted.bytes));
  const Bytes* base = with_id(*edited, kind, view.id);
  if (base == nullptr) return error(Code::LOG_DIFFERS, "所记的来源条目中没有这条记录");
  CHUANYU_TRY(converted, adapter.get_edited(native, *base, options));
  return std::move(converted.bytes);
}

}  // namespace

Result<Reconverted> Reconverter::again(const ledger::Entry& entry, const v1::LogBody& body) const {
  Work work{entry, body, {}};
  const bool record = schemas::parse_kind(entry.what).ok();
  switch (entry.kind) {
    case EntryKind::published: CHUANYU_CHECK(in(work)); break;
    case EntryKind::accepted:
      CHUANYU_CHECK(record ? in(work) : message_in(work));
      if (record && entry.peer.empty()) CHUANYU_CHECK(out(work));
      break;
    case EntryKind::answered:
      CHUANYU_CHECK(from_sources(work));
      if (!entry.mapping_out.id.empty()) CHUANYU_CHECK(out(work));
      break;
    case EntryKind::received:
      if (!entry.mapping_out.id.empty()) CHUANYU_CHECK(out(work));
      break;
    case EntryKind::denied:
    case EntryKind::failed: CHUANYU_CHECK(refused(work)); break;
    default: break;
  }
  return std::move(work.result);
}

Status Reconverter::in(Work& work) const {
  if (work.body.native_in().empty() || work.body.canonical().empty()) {
    work.result.not_recorded = "正文中没有原始报文或规范记录";
    return {};
  }
  CHUANYU_TRY(const auto adapter, versions_.mapping(work.entry.mapping_in));
  std::optional<v1::LogBody> edited;
  if (work.body.has_edited_from()) {
    CHUANYU_TRY(edited, body_of(log_, bodies_, work.body.edited_from().index()));
  }
  Result<Bytes> derived = error(Code::LOG_DIFFERS, "");
  const bool same = work.holds(versions_, work.entry.from, [&](const GetOptions& options, bool first) {
    auto once = read_native(*adapter, work.entry, work.body, edited ? &*edited : nullptr, options);
    const bool equal = once.ok() && *once == work.body.canonical(0);
    if (equal || first) derived = std::move(once);
    return equal;
  });
  if (same) return ++work.result.conversions, Status{};
  if (!derived.ok()) {
    work.differ("所记的报文现在不能转换：" + derived.error().to_text(), "canonical[0]");
  } else {
    work.differ("规范记录不同", "canonical[0]",
                differing_fields(work.entry.what, work.body.canonical(0), *derived, reveal_));
  }
  return {};
}

Status Reconverter::message_in(Work& work) const {
  if (work.body.native_in().empty()) {
    work.result.not_recorded = "正文中没有原始报文";
    return {};
  }
  const auto message = schemas::message_from_json(work.entry.what, work.body.native_in());
  if (!message.ok()) {
    work.differ("所记的消息现在不能读取：" + message.error().to_text(), "message");
  } else if (*message != work.body.message()) {
    work.differ("消息不同", "message", differing_fields(work.entry.what, work.body.message(), *message, reveal_));
  } else {
    ++work.result.conversions;
  }
  return {};
}

Status Reconverter::out(Work& work) const {
  CHUANYU_TRY(const auto adapter, versions_.mapping(work.entry.mapping_out));
  const auto& recorded = work.body.native_out();
  std::vector<Bytes> derived;
  if (work.body.has_written_into() && work.body.canonical_size() == 1) {
    CHUANYU_TRY(const v1::LogBody source, body_of(log_, bodies_, work.body.written_into().index()));
    Bytes keep;
    CHUANYU_TRY(const BytesView old, exchange::single_record(*adapter, source.native_in(), keep));
    const bool same = work.holds(versions_, work.entry.to, [&](const GetOptions& options, bool first) {
      auto put = adapter->put(work.body.canonical(0), old, options);
      const bool equal = put.ok() && recorded.size() == 1 && put->bytes == recorded[0];
      if (put.ok() && (equal || first)) derived = {std::move(put->bytes)};
      return equal;
    });
    if (same) return ++work.result.conversions, Status{};
  } else {
    // What cannot be said in the format is left out of an answer.
    for (const Bytes& canonical : work.body.canonical()) {
      if (auto native = adapter->create(canonical); native.ok()) derived.push_back(std::move(native->bytes));
    }
  }
  if (static_cast<std::size_t>(recorded.size()) != derived.size()) {
    work.differ(
        "送达报文所记 " + std::to_string(recorded.size()) + " 条，重算 " + std::to_string(derived.size()) + " 条",
        "native_out");
    return {};
  }
  for (std::size_t i = 0; i < derived.size(); ++i) {
    const Bytes& old = recorded[static_cast<int>(i)];
    if (old == derived[i]) {
      ++work.result.conversions;
      continue;
    }
    const auto before = adapter->get(old);
    const auto after = adapter->get(derived[i]);
    const bool readable = before.ok() && after.ok();
    work.differ("送达报文不同，" + first_byte(old, derived[i]), "native_out[" + std::to_string(i) + "]",
                readable ? differing_fields(work.entry.what, before->bytes, after->bytes, reveal_) : "");
  }
  return {};
}

// The records of an answer are those of the entries that it names.
Status Reconverter::from_sources(Work& work) const {
  const auto& sources = work.body.answered_from();
  if (sources.size() != work.body.canonical_size()) {
    work.differ("应答的记录与所记来源的条数不同", "answered_from");
    return {};
  }
  for (int i = 0; i < sources.size(); ++i) {
    CHUANYU_TRY(const v1::LogBody source, body_of(log_, bodies_, sources[i].index()));
    if (source.canonical_size() == 1 && source.canonical(0) == work.body.canonical(i)) continue;
    work.differ("应答的记录与其来源条目 " + place_of(sources[i].index()) + " 的不同",
                "canonical[" + std::to_string(i) + "]");
  }
  return {};
}

// A refusal: the same error at the same place.
Status Reconverter::refused(Work& work) const {
  const ledger::Entry& entry = work.entry;
  const v1::LogBody& body = work.body;
  const bool of_record = entry.result.starts_with("RECORD_") || entry.result == to_string(Code::CLIENT_NOT_OWNER) ||
                         entry.result == to_string(Code::CLIENT_RECORD_ID_MISMATCH);
  if (!of_record) return {};
  const auto same = [&](const Error& now) {
    return to_string(now.code) == entry.result && now.where == body.error_where();
  };
  if (entry.result == to_string(Code::RECORD_RESIDUAL_STALE) || !body.in_reply_to().empty()) {
    work.result.not_recorded = "取决于当时的状态：来源原文";
    return {};
  }
  const bool arrived = entry.stream != 0;
  if (arrived ? body.canonical().empty() || entry.mapping_out.id.empty()
              : body.native_in().empty() || entry.mapping_in.id.empty()) {
    work.result.not_recorded = "拒收的报文没有留存（过大，或未能切出）";
    return {};
  }
  CHUANYU_TRY(const auto adapter, versions_.mapping(arrived ? entry.mapping_out : entry.mapping_in));
  std::string now = "可以转换";
  const auto failed_alike = [&](const Error& why) { return now = why.to_text(), same(why); };
  const bool found = work.holds(versions_, entry.from, [&](const GetOptions& options, bool) {
    if (arrived) {
      return std::any_of(body.canonical().begin(), body.canonical().end(), [&](const Bytes& canonical) {
        const auto native = adapter->create(canonical);
        return !native.ok() && failed_alike(native.error());
      });
    }
    const auto canonical = read_native(*adapter, entry, body, nullptr, options);
    if (!canonical.ok()) return failed_alike(canonical.error());
    if (entry.mapping_out.id.empty()) return false;
    const auto to = versions_.mapping(entry.mapping_out);  // sent to an agency here, whose format cannot say it
    const auto native = to.ok() ? (*to)->create(*canonical) : Result<Converted>(to.error());
    return !native.ok() && failed_alike(native.error());
  });
  if (found) return ++work.result.conversions, Status{};
  work.differ("所记的拒收原因 " + entry.result + "，重算为 " + now, "result");
  return {};
}

}  // namespace chuanyu::audit
