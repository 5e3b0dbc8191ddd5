#include "gateway/exchange/mappings.h"

#include <utility>

namespace chuanyu::exchange {

Result<std::map<std::string, std::vector<MappingVersion>>> mappings_in_log(const Desk& desk) {
  std::map<std::string, std::vector<State::Mapping>> logged;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk.journal.state());
    logged = desk.state.mappings(txn);
  }
  std::map<std::string, std::vector<MappingVersion>> found;
  for (const auto& [profile, list] : logged) {
    for (const State::Mapping& mapping : list) {
      CHUANYU_TRY(journal::Stored stored, desk.journal.read(mapping.index));
      // What is too long for an entry stands in its body (Desk::put_in_force).
      Bytes content = stored.body.empty() ? std::move(stored.entry.content) : std::move(stored.body);
      found[profile].push_back({std::move(stored.entry.mapping_in), std::move(content)});
    }
  }
  return found;
}

}  // namespace chuanyu::exchange
