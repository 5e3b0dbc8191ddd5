#include "gateway/exchange/filing.h"

#include <utility>

#include "gateway/exchange/gaps.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

std::string of_kind(adapters::Kind kind, std::string_view value) {
  std::string text(adapters::to_string(kind));
  text.push_back('\0');
  return text.append(value);
}

}  // namespace

Bytes record_token(const Desk& desk, adapters::Kind kind, std::string_view owner, std::string_view id) {
  return id_token(desk, kind, id).append(owner);
}

Bytes id_token(const Desk& desk, adapters::Kind kind, std::string_view record_id) {
  return desk.token("record", of_kind(kind, record_id));
}

Bytes identifier_term(const Desk& desk, adapters::Kind kind, std::string_view identifier) {
  return desk.token("subject", of_kind(kind, schemas::identifier_key(identifier)));
}

Result<BytesView> single_record(const adapters::Adapter& adapter, BytesView body, Bytes& keep) {
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  if (adapter.profile().syntax == adapters::Syntax::json && start != BytesView::npos && body[start] == '{') return body;
  const std::unique_ptr<adapters::RecordReader> reader = adapter.reader();
  reader->feed(body, true);
  CHUANYU_TRY(const adapters::RecordReader::Record first, reader->next());
  if (first.bytes.empty()) return error(Code::RECORD_TRUNCATED, "请求体中没有记录");
  keep = first.bytes;
  CHUANYU_TRY(const adapters::RecordReader::Record second, reader->next());
  if (!second.bytes.empty()) return error(Code::RECORD_VALUE, "此接口一次只收一条记录，多条请用批量导入");
  return BytesView(keep);
}

Result<schemas::RecordView> check_filed(adapters::Kind kind, std::string_view owner, BytesView canonical) {
  CHUANYU_TRY(const schemas::RecordView view, schemas::view_record(kind, canonical));
  CHUANYU_CHECK(schemas::check_agreement(view));
  if (view.owner_uscc == owner) return view;
  return error(Code::CLIENT_NOT_OWNER, "记录的作出机关（发证机关、执法主体）不是本机构");
}

Result<Filed> file_record(const Desk& desk, const adapters::Adapter& adapter, const adapters::GetOptions& options,
                          const identity::Party& owner, BytesView native) {
  CHUANYU_TRY(adapters::Converted converted, adapter.get(native, options));
  return file_converted(desk, adapter.profile(), owner, std::move(converted));
}

Result<Filed> file_converted(const Desk& desk, const adapters::Profile& profile, const identity::Party& owner,
                             adapters::Converted converted) {
  CHUANYU_TRY(const schemas::RecordView view, check_filed(profile.kind, owner.uscc, converted.bytes));
  Filed filed;
  filed.id = view.id;
  filed.token = record_token(desk, profile.kind, owner.uscc, view.id);
  for (const std::string& key : schemas::subject_keys(view)) {
    filed.terms.push_back(desk.token("subject", of_kind(profile.kind, key)));
  }
  filed.digest = Bytes(crypto::view(desk.journal.keyed_digest(converted.bytes)));
  filed.canonical = std::move(converted.bytes);
  filed.profile = profile;
  filed.notes = std::move(converted.notes);
  return filed;
}

ledger::MappingRef mapping_of(const adapters::Profile& profile) {
  return {profile.id, profile.mapping_version, profile.fingerprint};
}

Filed write_filed(const Desk& desk, Filed filed, ledger::Entry& entry, v1::LogBody& body) {
  entry.mapping_in = mapping_of(filed.profile);
  std::copy(filed.digest.begin(), filed.digest.end(), entry.canonical.begin());
  body.set_record_id(filed.id);
  body.add_canonical(std::move(filed.canonical));
  add_notes(desk, filed.profile.id, filed.notes, body);
  v1::RecordIndex& index = *body.mutable_index();
  index.set_token(filed.token);
  for (Bytes& term : filed.terms) index.add_terms(std::move(term));
  index.set_digest(filed.digest.substr(0, kTokenBytes));
  return filed;
}

}  // namespace chuanyu::exchange
