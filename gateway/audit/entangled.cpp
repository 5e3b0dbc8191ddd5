#include "gateway/audit/entangled.h"

#include <algorithm>

#include "gateway/audit/links.h"
#include "gateway/ledger/shard.h"
#include "gateway/ledger/tiles.h"
#include "gateway/terminal/text.h"

namespace chuanyu::audit {
namespace {

using Parts = std::vector<LogReader::Part>;

Parts::const_iterator part_of(const Parts& parts, const std::string& origin) {
  return std::find_if(parts.begin(), parts.end(),
                      [&](const LogReader::Part& part) { return part.log->origin() == origin; });
}

// Of the first `size` entries, by the stored tiles: verify() holds those against the entries.
Result<crypto::Digest> root_at(const LogReader& log, std::uint64_t size) {
  if (size == log.size()) return log.root();
  const ledger::TileReader tiles = [&log](const ledger::TileId& id) -> Result<Bytes> {
    auto bytes = log.tile(id);
    if (!bytes) return error(Code::LOG_INCOMPLETE, "哈希块缺失", ledger::tile_path(id, ledger::kTileWidth));
    return *std::move(bytes);
  };
  CHUANYU_TRY(const ledger::Frontier frontier, ledger::read_frontier(size, ledger::node_reader(tiles)));
  return frontier.root();
}

}  // namespace

Entangled::Entangled(const LogReader& log, ledger::VerifyKeys keys, Find find)
    : parts_(log.parts()),
      origin_(log.origin()),
      keys_(std::move(keys)),
      find_(std::move(find)),
      growing_(log.may_have_grown()) {}

void Entangled::entry(const std::string& where, const ledger::Entry& entry) {
  if (entry.kind != ledger::EntryKind::peer_checkpoint || !ledger::covers(origin_, entry.what)) return;
  ++compared_;
  const auto note = ledger::parse_note(entry.content);
  const auto seen = ledger::parse_checkpoint(note.ok() ? note->text : std::string());
  if (!note.ok() || !seen.ok() || seen->origin != entry.what) {
    return find_(Code::LOG_TAMPERED, "所记的对方检查点不可读", where);
  }
  if (!keys_.empty() && !ledger::is_signed_by(*note, seen->origin, keys_)) {
    return find_(Code::LOG_SIGNATURE, "所记的对方检查点不是对方的公钥所签", where);
  }
  compare(*seen, where);
}

void Entangled::compare(const ledger::Checkpoint& seen, const std::string& where) {
  const auto part = part_of(parts_, seen.origin);
  if (part == parts_.end() || seen.size > part->log->size()) {
    if (part != parts_.end() && part + 1 == parts_.end() && growing_) return;  // came after the opening
    Beyond& beyond = beyond_[seen.origin];
    if (beyond.where.empty()) beyond.where = where;
    beyond.size = std::max(beyond.size, seen.size);
    return;
  }
  const auto root = root_at(*part->log, seen.size);
  if (!root.ok()) return;  // a tile that is missing is verify()'s finding
  if (*root != seen.root) doubted_.push_back({seen, where});
}

// One finding for a shard: after one entry was changed it is every checkpoint.
void Entangled::settle_doubts() const {
  for (const LogReader::Part& part : parts_) {
    std::map<std::uint64_t, crypto::Digest> roots;  // by size
    for (const Doubted& one : doubted_) {
      if (one.seen.origin == part.log->origin()) roots[one.seen.size] = {};
    }
    if (roots.empty()) continue;
    ledger::Frontier tree;
    const Status read = part.log->for_each(0, roots.rbegin()->first, [&](std::uint64_t, BytesView bytes) -> Status {
      tree.append(ledger::leaf_hash(bytes));
      if (const auto asked = roots.find(tree.size()); asked != roots.end()) asked->second = tree.root();
      return {};
    });
    if (!read.ok()) continue;  // verify() names the entry that is missing
    std::uint64_t wrong = 0;
    const Doubted* first = nullptr;
    for (const Doubted& one : doubted_) {
      if (one.seen.origin != part.log->origin() || roots[one.seen.size] == one.seen.root) continue;
      if (wrong++ == 0) first = &one;
    }
    if (first == nullptr) continue;
    find_(Code::LOG_SPLIT,
          "对方网关见证过 " + first->seen.origin + " 的前 " + std::to_string(first->seen.size) +
              " 条，其根哈希与所给日志的条目不符：同一日志有两种说法，或条目被改动" +
              (wrong > 1 ? "；此后另有 " + std::to_string(wrong - 1) + " 个也不符" : ""),
          first->where);
  }
}

void Entangled::finish() const {
  settle_doubts();
  for (const auto& [origin, beyond] : beyond_) {
    const auto part = part_of(parts_, origin);
    const bool here = part != parts_.end();
    // What stood there was lost if the shard behind it begins with a recovery.
    const auto next = here ? part + 1 : std::find_if(parts_.begin(), parts_.end(), [&](const LogReader::Part& later) {
      return ledger::is_later_shard(later.log->origin(), origin);
    });
    const bool recovered = next != parts_.end() && recovery_entry(*next->log).has_value();
    const std::string lacking = here ? "只有 " + std::to_string(part->log->size()) + " 条" : "没有这一分卷";
    find_(recovered ? Code::LOG_RECOVERED : Code::LOG_INCOMPLETE,
          "对方网关见证过 " + terminal::printable(origin) + " 的前 " + std::to_string(beyond.size) + " 条，所给的日志" +
              lacking +
              (!recovered ? "：副本较旧或不全，或末尾被截去"
               : here     ? "：其余在恢复时失去"
                          : "：由 " + next->log->origin() +
                            " 开头的恢复放弃了它（它若也始于恢复，则是更早的一次），其中各条已失去"),
          beyond.where);
  }
}

}  // namespace chuanyu::audit
