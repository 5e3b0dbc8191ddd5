// gateway/exchange/filing.h: one native record made ready to be filed: converted, checked for its owner, indexed.
//
// What PUT and import have in common. Threads: any. Failure: RECORD_* of the adapter, CLIENT_NOT_OWNER.
#pragma once

#include <string>
#include <vector>

#include "gateway/exchange/desk.h"
#include "schemas/record.h"

namespace chuanyu::exchange {

struct Filed {
  std::string id;
  Bytes token;               // record_token()
  std::vector<Bytes> terms;  // what it can be asked for by
  Bytes digest;              // 16 bytes, keyed, of the canonical bytes
  Bytes canonical;
  adapters::Profile profile;
  std::vector<adapters::Note> notes;
};

// The one record of a body that is a record or a document with one record. RECORD_VALUE when there are more,
// RECORD_TRUNCATED when there is none.
// Borrowed from `body` where it stands there as it is, else from `keep`.
Result<BytesView> single_record(const adapters::Adapter& adapter, BytesView body, Bytes& keep);

// What a converted record must be to be filed for its owner: whole, in agreement with itself, the owner's own.
Result<schemas::RecordView> check_filed(adapters::Kind kind, std::string_view owner, BytesView canonical);

Result<Filed> file_record(const Desk& desk, const adapters::Adapter& adapter, const adapters::GetOptions& options,
                          const identity::Party& owner, BytesView native);
// The same when it was converted already, together with others.
Result<Filed> file_converted(const Desk& desk, const adapters::Profile& profile, const identity::Party& owner,
                             adapters::Converted converted);
// Moves it into entry and body; what is left of it is returned (id, token, digest).
Filed write_filed(const Desk& desk, Filed filed, ledger::Entry& entry, v1::LogBody& body);
// Which mapping reads what came in.
ledger::MappingRef mapping_of(const adapters::Profile& profile);

// The token a record stands under: that of its id, and the agency's USCC behind it, for an id is its owner's own.
Bytes record_token(const Desk& desk, adapters::Kind kind, std::string_view owner, std::string_view id);
Bytes id_token(const Desk& desk, adapters::Kind kind, std::string_view record_id);
// The term an identifier is looked up by.
Bytes identifier_term(const Desk& desk, adapters::Kind kind, std::string_view identifier);

}  // namespace chuanyu::exchange
