#include "gateway/exchange/conversion.h"

#include <algorithm>
#include <utility>

#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/enums.h"

namespace chuanyu::exchange {

Status to_native(const Desk& desk, const adapters::Adapter& adapter, ledger::Entry& entry, v1::LogBody& body) {
  const adapters::Profile& profile = adapter.profile();
  entry.mapping_out = {profile.id, profile.mapping_version, profile.fingerprint};
  entry.count = static_cast<std::uint32_t>(body.canonical_size());
  std::vector<BytesView> canonical;
  for (const std::string& bytes : body.canonical()) {
    CHUANYU_TRY(adapters::Converted native, adapter.create(bytes));
    add_notes(body, native.notes);
    body.add_native_out(std::move(native.bytes));
    canonical.emplace_back(bytes);
  }
  entry.canonical = desk.digest_of(canonical);
  entry.native_out = desk.digest_of({body.native_out().begin(), body.native_out().end()});
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
