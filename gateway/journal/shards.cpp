#include "gateway/journal/shards.h"

#include <algorithm>
#include <filesystem>

#include "gateway/storage/durable_folder.h"

namespace chuanyu::journal {
namespace {

namespace fs = std::filesystem;
using ledger::EntryKind;

constexpr const char* kOpening = ".opening";
constexpr std::uint64_t kClosedMap = std::uint64_t{1} << 20;  // nothing is added: LMDB takes what the file needs

Error unfit(std::string detail) { return error(Code::LOCAL_CORRUPT, std::move(detail)); }

std::string shards_folder(const Shards::Place& place) { return place.folder + "/" + ledger::kShardsFolder; }

Result<std::optional<ledger::Entry>> entry_at(const LogStore& log, std::uint64_t index) {
  if (index >= log.size()) return std::optional<ledger::Entry>();
  CHUANYU_TRY(const Bytes bytes, log.read(index));
  CHUANYU_TRY(ledger::Entry entry, ledger::decode(bytes));
  return std::optional(std::move(entry));
}

// The last signed note with its cosignatures; empty when nothing was signed.
Result<std::string> last_note(const LogStore& log) {
  if (!log.checkpoint_at_open()) return std::string();
  CHUANYU_TRY(const auto found, log.checkpoint_from(log.checkpoint_at_open()->size, {}));
  return found ? found->note : std::string();
}

// The note that a shard begins with is of the one before.
Status check_quoted(const std::string& text, const LogStore& before) {
  if (text.empty()) return {};  // behind a recovery: nothing had been signed
  CHUANYU_TRY(const auto note, ledger::parse_note(text));
  CHUANYU_TRY(const auto quoted, ledger::parse_checkpoint(note.text));
  if (quoted.origin != before.origin() || quoted.size > before.size()) return unfit("分卷的开头所引的不是前一卷");
  CHUANYU_TRY(const auto root, before.root_at(quoted.size));
  return root == quoted.root ? Status{} : Status(unfit("分卷 " + before.origin() + " 与其后一卷所引的检查点不符"));
}

}  // namespace

Result<std::unique_ptr<Shards>> Shards::open(const Place& place) {
  auto made = std::make_unique<Shards>();
  std::vector<std::string> names = storage::names_in(shards_folder(place));
  std::erase_if(names, [](const std::string& name) { return !ledger::is_shard_name(name); });
  // An older shard was signed by the keys of its time: the opening of the next vouches for it.
  const Place older{place.folder, place.origin, {}, kClosedMap};
  CHUANYU_CHECK(made->add(names.empty() ? place : older, {}));
  std::error_code failed;                                         // from here on the folder is this process's alone
  fs::remove_all(shards_folder(place) + "/" + kOpening, failed);  // nobody has seen it
  for (const std::string& name : names) {
    CHUANYU_CHECK(made->add(&name == &names.back() ? place : older, name));
  }
  return made;
}

Status Shards::add(const Place& place, const std::string& name) {
  Shard shard;
  shard.name = name;
  const std::string folder = name.empty() ? place.folder + "/log" : shards_folder(place) + "/" + name;
  CHUANYU_TRY(shard.log, LogStore::open(folder, ledger::shard_origin(place.origin, name), place.keys, place.map_bytes));
  if (!shards_.empty()) {
    CHUANYU_TRY(const auto first, entry_at(*shard.log, 0));
    if (!first || first->kind != EntryKind::shard_open) return unfit("分卷 " + name + " 不以 SHARD_OPEN 开头");
    CHUANYU_TRY(const auto opening, ledger::parse_shard_opening(first->content));
    if (opening.previous != last().origin()) return unfit("缺少分卷 " + opening.previous);
    CHUANYU_CHECK(check_quoted(opening.note, last()));
    if (opening.base != size()) return unfit("分卷 " + name + " 所记的起始序号与此前各卷的条目数不符");
    shard.base = opening.base;
  }
  shards_.push_back(std::move(shard));
  return {};
}

Status Shards::open_next(const Place& place, const Opener& by, std::optional<ledger::Recovery> recovery) {
  // What was lost may have had a shard that was opened in this very second: the next one is nobody's.
  const TimeUs named_for = recovery ? by.time + 1'000'000 : by.time;
  const std::string name = ledger::shard_name(named_for, shards_.back().name);
  const std::string half = shards_folder(place) + "/" + kOpening;
  CHUANYU_TRY(const auto entries, first_entries(place, by, std::move(recovery)));
  CHUANYU_CHECK(storage::make_durable_folder(half));
  {
    CHUANYU_TRY(const auto log,
                LogStore::open(half, ledger::shard_origin(place.origin, name), place.keys, place.map_bytes));
    CHUANYU_CHECK(log->begin());
    for (const ledger::Entry& entry : entries) {
      const Bytes bytes = ledger::encode(entry);
      log->append(bytes, ledger::leaf_hash(bytes));
    }
    CHUANYU_CHECK(log->commit());
  }
  std::error_code failed;
  fs::rename(half, shards_folder(place) + "/" + name, failed);
  if (failed) return error(Code::LOCAL_IO, "不能改名：" + failed.message(), half);
  CHUANYU_CHECK(storage::flush_names(shards_folder(place)));
  return add(place, name);
}

// The log keeps its id (the exchange of SHARD_OPEN) from shard to shard: positions in its streams to the peers go on.
// After a recovery it is another: the lost part may have used the same positions for something else.
Result<std::vector<ledger::Entry>> Shards::first_entries(const Place& place, const Opener& by,
                                                         std::optional<ledger::Recovery> recovery) const {
  const auto begin = [&](EntryKind kind) {
    ledger::Entry entry;
    entry.kind = kind;
    entry.time = by.time;
    entry.exchange = Uuid::make(by.time);
    entry.gateway = by.gateway;
    entry.basis = by.who;
    return entry;
  };
  std::vector<ledger::Entry> entries{begin(EntryKind::shard_open)};
  CHUANYU_TRY(const auto before, entry_at(last(), 0));
  if (!recovery && before && before->kind == EntryKind::shard_open) entries[0].exchange = before->exchange;
  CHUANYU_TRY(std::string note, last_note(last()));
  entries[0].content = to_text(ledger::ShardOpening{last().origin(), size(), std::move(note)});
  if (recovery) {
    recovery->size = last().size();
    recovery->root = last().root();
    entries.push_back(begin(EntryKind::recovery));
    entries[1].content = to_text(*recovery);
  }
  for (const ledger::Entry& entry : entries) {
    if (ledger::encoded_bytes(entry) > ledger::kMaxEntryBytes) {
      return error(Code::CONFIG_VALUE, "分卷的开头放不下所给的内容", place.folder);
    }
  }
  return entries;
}

Result<bool> Shards::closed() const {
  if (last().size() == 0) return false;
  CHUANYU_TRY(const auto entry, entry_at(last(), last().size() - 1));
  return entry && entry->kind == EntryKind::shard_close;
}

const Shard& Shards::holding(std::uint64_t index) const {
  const auto after = std::upper_bound(shards_.begin(), shards_.end(), index,
                                      [](std::uint64_t wanted, const Shard& shard) { return wanted < shard.base; });
  return *std::prev(after);
}

Result<Bytes> Shards::read(std::uint64_t index) const {
  if (index >= size()) return error(Code::CLIENT_NOT_FOUND, "日志没有第 " + std::to_string(index) + " 条");
  const Shard& shard = holding(index);
  return shard.log->read(index - shard.base);
}

Status Shards::for_each(std::uint64_t from, std::uint64_t to,
                        const std::function<Status(std::uint64_t, BytesView)>& visit) const {
  for (const Shard& shard : shards_) {
    const std::uint64_t end = std::min(to, shard.base + shard.log->size());
    if (from < shard.base || from >= end) continue;
    CHUANYU_CHECK(shard.log->for_each(from - shard.base, end - shard.base, [&](std::uint64_t index, BytesView entry) {
      return visit(shard.base + index, entry);
    }));
    from = end;
  }
  return {};
}

Result<crypto::Digest> Shards::root_at(std::uint64_t size) const {
  const Shard& shard = size == 0 ? shards_.front() : holding(size - 1);
  return shard.log->root_at(size - shard.base);
}

std::uint64_t Shards::used_bytes() const {
  std::uint64_t bytes = 0;
  for (const Shard& shard : shards_) bytes += shard.log->used_bytes();
  return bytes;
}

int Shards::check_readers() const {
  int dead = 0;
  for (const Shard& shard : shards_) dead += shard.log->check_readers();
  return dead;
}

}  // namespace chuanyu::journal
