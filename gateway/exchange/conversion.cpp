#include "gateway/exchange/conversion.h"

#include <algorithm>
#include <utility>

#include "gateway/exchange/filing.h"
#include "gateway/exchange/gaps.h"
#include "gateway/exchange/residual.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/enums.h"
#include "schemas/record.h"

namespace chuanyu::exchange {

namespace {

// The note for a record that the asker's format has no way to say.
adapters::Note left_out(const adapters::Profile& profile, BytesView canonical, const Error& why) {
  adapters::Note note;
  note.kind = adapters::Note::Kind::warning;
  note.code = why.code;
  note.rule = "record";
  note.native = why.where;
  const auto view = schemas::view_record(profile.kind, canonical);
  note.canonical = view.ok() ? std::string(view->id) : std::string();
  note.message = "此记录无法用本机构格式表达，未列入应答：" + why.detail;
  return note;
}

}  // namespace

Status to_native(const Desk& desk, const adapters::Adapter& adapter, Fit fit, ledger::Entry& entry, v1::LogBody& body) {
  const adapters::Profile& profile = adapter.profile();
  entry.mapping_out = mapping_of(profile);
  std::vector<BytesView> canonical;
  Status last;
  for (const std::string& bytes : body.canonical()) {
    canonical.emplace_back(bytes);
    auto native = adapter.create(bytes);
    if (!native.ok()) {
      if (fit == Fit::all_or_nothing) return native.error();
      last = native.error();
      add_notes(desk, profile.id, {left_out(profile, bytes, native.error())}, body);
      continue;
    }
    add_notes(desk, profile.id, native->notes, body);
    body.add_native_out(std::move(native->bytes));
  }
  if (!last.ok() && body.native_out_size() == 0) return last;
  entry.count = static_cast<std::uint32_t>(body.native_out_size());
  entry.canonical = desk.digest_of(canonical);
  entry.native_out = desk.digest_of({body.native_out().begin(), body.native_out().end()});
  return {};
}

Status to_receiver(const Desk& desk, const World& world, const identity::Party& receiver, ledger::Entry& entry,
                   v1::LogBody& body) {
  const auto adapter = world.adapter(receiver, entry.what);
  if (!adapter) return error(Code::CLIENT_PROFILE_UNKNOWN, "接收机构未登记这类记录的格式");
  const adapters::Profile& profile = adapter->profile();
  const auto answered = Uuid::from_bytes(body.in_reply_to());
  const auto view = schemas::view_record(profile.kind, body.canonical(0));
  std::optional<Origin> source;
  if (answered && view.ok()) {
    CHUANYU_TRY(source, residual(desk, {*answered, profile.kind, receiver.uscc, view->id}));
  }
  if (!source) return to_native(desk, *adapter, Fit::all_or_nothing, entry, body);

  entry.mapping_out = mapping_of(profile);
  Bytes keep;
  CHUANYU_TRY(const BytesView old, single_record(*adapter, source->bytes, keep));
  CHUANYU_TRY(adapters::Converted native, adapter->put(body.canonical(0), old, world.checks_of(receiver.uscc)));
  body.mutable_written_into()->set_index(source->index);
  add_notes(desk, profile.id, native.notes, body);
  body.add_native_out(std::move(native.bytes));
  entry.count = 1;
  entry.canonical = desk.digest_of({body.canonical(0)});
  entry.native_out = desk.digest_of({body.native_out(0)});
  return {};
}

bool in_lists(adapters::Kind kind, BytesView canonical, const v1::RecordQuery& query) {
  if (kind != adapters::Kind::credit || query.list_kinds().empty()) return true;
  v1::CreditRecord record;
  if (!record.ParseFromArray(canonical.data(), static_cast<int>(canonical.size()))) return false;
  const std::string_view list = schemas::short_name(record.list_kind());
  return std::any_of(query.list_kinds().begin(), query.list_kinds().end(),
                     [&](const std::string& kind_name) { return kind_name == list; });
}

}  // namespace chuanyu::exchange
