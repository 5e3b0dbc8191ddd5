#include "gateway/journal/recovery.h"

#include "gateway/journal/shards.h"

namespace chuanyu::journal {

Result<std::string> open_recovered(const Options& options, ledger::Recovery recovery) {
  const Shards::Place place{options.folder, options.origin, log_keys(options), options.log_map_bytes};
  CHUANYU_TRY(const auto shards, Shards::open(place));
  const Shards::Opener by{options.gateway, options.who, options.clock->now()};
  CHUANYU_CHECK(shards->open_next(place, by, std::move(recovery)));
  return shards->last().origin();
}

}  // namespace chuanyu::journal
