#include "gateway/journal/restore.h"

#include <filesystem>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/layout.h"
#include "gateway/ledger/shard.h"
#include "gateway/ledger/tiles.h"
#include "gateway/storage/durable_file.h"
#include "gateway/storage/durable_folder.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {
namespace {

namespace fs = std::filesystem;
namespace layout = ledger::layout;

constexpr std::uint64_t kRowsPerTxn = 4096;
constexpr const char* kHalf = ".restoring";

Result<std::unique_ptr<storage::Environment>> open_anew(const std::string& folder, std::vector<std::string> tables) {
  std::error_code failed;
  fs::remove_all(folder, failed);
  storage::Options options;
  options.folder = folder;
  options.tables = std::move(tables);
  options.durability = storage::Durability::lazy;  // flushed once, before it gets its name
  return storage::Environment::open(options);
}

// Writes rows in transactions of a bounded size.
class Filling {
 public:
  explicit Filling(storage::Environment& environment) : environment_(environment) {}
  Result<storage::WriteTxn*> next() {
    if (txn_ && rows_ == kRowsPerTxn) CHUANYU_CHECK(commit());
    if (!txn_) {
      CHUANYU_TRY(txn_, environment_.write());
      rows_ = 0;
    }
    ++rows_;
    return &*txn_;
  }
  Status put(const char* table, BytesView key, BytesView value) {
    CHUANYU_TRY(storage::WriteTxn * txn, next());
    txn->put(environment_.table(table), key, value);
    return {};
  }
  Status finish() {
    CHUANYU_CHECK(commit());
    return environment_.flush();
  }

 private:
  Status commit() {
    Status status = txn_ ? txn_->commit() : Status{};
    txn_.reset();
    return status;
  }
  storage::Environment& environment_;
  std::optional<storage::WriteTxn> txn_;
  std::uint64_t rows_ = 0;
};

Status fill_keys(const std::string& folder, const Backup& backup) {
  CHUANYU_TRY(const auto keys, open_anew(folder, layout::key_tables()));
  Filling filling(*keys);
  CHUANYU_CHECK(backup.named([&](BytesView key, BytesView value) { return filling.put(layout::kNamed, key, value); }));
  CHUANYU_CHECK(backup.slots([&](BytesView key, BytesView value) { return filling.put(layout::kSlots, key, value); }));
  return filling.finish();
}

Status copy_blob(const std::string& folder, const Backup& backup, BytesView bytes) {
  CHUANYU_TRY(const ledger::Entry entry, ledger::decode(bytes));
  if (entry.blob_bytes == 0) return {};
  const fs::path path = layout::blob_path(folder, entry.blob);
  if (fs::exists(path)) return {};
  CHUANYU_TRY(const Bytes blob, backup.blob(entry.blob));
  return storage::write_durable_file(path.parent_path().string(), path.filename().string(), blob);
}

Status fill_log(const std::string& data, const std::string& folder, const Backup& backup, const Backup::Shard& shard) {
  CHUANYU_TRY(const auto log, open_anew(folder, layout::log_tables()));
  Filling filling(*log);
  ledger::TreeWriter tree;
  const auto put_tiles = [&]() -> Status {
    Status status;
    tree.take_changed([&](const ledger::TileId& tile, BytesView hashes) {
      if (status.ok()) status = filling.put(layout::kTiles, layout::tile_key(tile), hashes);
    });
    return status;
  };
  const Status appended = shard.entries([&](BytesView entry) -> Status {
    CHUANYU_CHECK(copy_blob(data, backup, entry));
    CHUANYU_CHECK(filling.put(layout::kEntries, layout::number_key(tree.size()), entry));
    tree.append(ledger::leaf_hash(entry));
    return tree.size() % kRowsPerTxn == 0 ? put_tiles() : Status{};
  });
  CHUANYU_CHECK(appended);
  if (tree.size() != shard.size || tree.root() != shard.root) {
    return error(Code::LOG_TAMPERED, "条目得出的根哈希与备份的检查点不符");
  }
  CHUANYU_CHECK(put_tiles());
  CHUANYU_CHECK(
      shard.checkpoints([&](BytesView key, BytesView value) { return filling.put(layout::kCheckpoints, key, value); }));
  CHUANYU_CHECK(filling.put(layout::kTree, layout::kTreeKey, layout::encode({shard.origin, tree.frontier()})));
  return filling.finish();
}

}  // namespace

Status check_restored(const std::string& folder) {
  for (const char* name : {"keys", ledger::kShardsFolder, "log"}) {
    const std::string half = std::string(name) + kHalf;
    if (fs::exists(folder + "/" + half)) {
      return error(Code::CONFIG_VALUE, "数据目录中有没有完成的恢复（" + half + "）：清空该目录，再次执行 --restore",
                   folder);
    }
  }
  return {};
}

Status restore(const std::string& folder, const ledger::VerifyKeys& log_keys, const Backup& backup) {
  for (const char* name : {"log", ledger::kShardsFolder, "keys", "state"}) {
    if (fs::exists(folder + "/" + name))
      return error(Code::CONFIG_VALUE, "数据目录中已有 " + std::string(name) + "：只能恢复到空的目录", folder);
  }
  const std::string later = folder + "/" + ledger::kShardsFolder + kHalf;
  std::error_code failed;
  fs::remove_all(later, failed);
  CHUANYU_CHECK(storage::make_durable_folder(folder));
  CHUANYU_CHECK(fill_keys(folder + "/keys" + kHalf, backup));
  for (const Backup::Shard& shard : backup.shards) {
    // Older shards were signed by the keys of their time: the opening of the next vouches for them, at the next start.
    const bool newest = &shard == &backup.shards.back();
    CHUANYU_TRY(const auto note, ledger::parse_note(shard.checkpoint));
    CHUANYU_TRY(const auto checkpoint, newest ? ledger::open_checkpoint(shard.checkpoint, shard.origin, log_keys)
                                              : ledger::parse_checkpoint(note.text));
    if (checkpoint.size != shard.size || checkpoint.root != shard.root) {
      return error(Code::LOG_TAMPERED, "备份的检查点与其内容不符", shard.origin);
    }
    const std::string place = shard.name.empty() ? folder + "/log" + kHalf : later + "/" + shard.name;
    CHUANYU_CHECK(fill_log(folder, place, backup, shard));
  }
  for (const std::string name : {"keys", ledger::kShardsFolder, "log"}) {  // without log/ there is no log
    if (!fs::exists(folder + "/" + name + kHalf)) continue;                // one shard only
    fs::rename(folder + "/" + name + kHalf, folder + "/" + name, failed);
    if (failed) return error(Code::LOCAL_IO, "不能改名：" + failed.message(), folder + "/" + name);
  }
  return storage::flush_names(folder);
}

}  // namespace chuanyu::journal
