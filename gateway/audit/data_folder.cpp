#include "gateway/audit/data_folder.h"

#include <algorithm>
#include <filesystem>

#include "gateway/storage/page_check.h"

namespace chuanyu::audit {
namespace {

namespace layout = ledger::layout;

constexpr std::uint64_t kRowsPerTxn = 4096;

const char* table_of(LogReader::Rows rows) {
  switch (rows) {
    case LogReader::Rows::checkpoints: return layout::kCheckpoints;
    case LogReader::Rows::slots: return layout::kSlots;
    case LogReader::Rows::named: return layout::kNamed;
  }
  return "";
}

Result<std::unique_ptr<storage::Environment>> open_tables(const std::string& folder, std::vector<std::string> tables) {
  storage::Options options;
  options.folder = folder;
  options.tables = std::move(tables);
  options.read_only = true;
  auto environment = storage::Environment::open(options);
  if (environment.ok()) return environment;
  Error found = std::move(environment).error();
  if (found.code == Code::LOCAL_CORRUPT) found.code = Code::LOG_INCOMPLETE;
  found.where = folder;
  return found;
}

}  // namespace

Result<std::unique_ptr<LogReader>> DataFolder::open(const std::string& folder, const std::string& log_folder) {
  if (!std::filesystem::is_directory(log_folder)) return error(Code::LOCAL_IO, "没有日志目录", log_folder);
  CHUANYU_CHECK(storage::check_pages(log_folder));  // before LMDB believes a word of it
  CHUANYU_TRY(auto log, open_tables(log_folder, layout::log_tables()));
  std::unique_ptr<DataFolder> made(new DataFolder(folder, std::move(log)));
  CHUANYU_TRY(const auto txn, made->log_->read());
  const auto row = txn.get(made->tree_row_, layout::kTreeKey);
  CHUANYU_CHECK(txn.status());
  const std::string& where = log_folder;
  if (!row) return error(Code::LOG_INCOMPLETE, "日志没有树行：是空日志，或副本不完整", where);
  const auto tree = layout::decode_tree_row(*row);
  if (!tree.ok()) {
    const bool newer = tree.error().code == Code::LOG_VERSION;
    return error(newer ? Code::LOG_VERSION : Code::LOG_TAMPERED, tree.error().detail, where);
  }
  made->origin_ = tree->origin;
  made->size_ = tree->frontier.size();
  made->root_ = tree->frontier.root();
  if (const auto sm3 = txn.get(made->tree_row_, layout::kSm3TreeKey)) made->sm3_row_ = Bytes(*sm3);
  made->counts_ = {txn.count(made->entries_), txn.count(made->tiles_), txn.count(made->tree_row_)};
  CHUANYU_CHECK(txn.status());
  auto checkpoint = txn.cursor(made->log_->table(layout::kCheckpoints));
  if (checkpoint.last() && checkpoint.key().size() >= 8) made->last_checkpoint_ = read_u64(checkpoint.key());
  return std::unique_ptr<LogReader>(std::move(made));
}

DataFolder::DataFolder(std::string folder, std::unique_ptr<storage::Environment> log)
    : LogReader(std::move(folder)),
      log_(std::move(log)),
      entries_(log_->table(layout::kEntries)),
      tiles_(log_->table(layout::kTiles)),
      tree_row_(log_->table(layout::kTree)) {}

bool DataFolder::may_have_grown() const {
  const auto txn = log_->read();
  if (!txn.ok()) return true;
  const auto tree = layout::decode_tree_row(txn->get(tree_row_, layout::kTreeKey).value_or(BytesView{}));
  return !tree.ok() || tree->frontier.size() > size();
}

Status DataFolder::for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const {
  while (from < to) {
    const std::uint64_t stop = std::min(to, from + kRowsPerTxn);
    CHUANYU_TRY(const auto txn, log_->read());
    auto cursor = txn.cursor(entries_);
    bool found = cursor.seek(layout::number_key(from));
    for (; from < stop; ++from, found = cursor.next()) {
      CHUANYU_CHECK(txn.status());
      if (!found || cursor.key().size() != sizeof from || read_u64(cursor.key()) != from) {
        return error(Code::LOG_INCOMPLETE, "缺少第 " + std::to_string(base() + from) + " 条", folder_);
      }
      CHUANYU_CHECK(visit(from, cursor.value()));
    }
  }
  return {};
}

std::optional<Bytes> DataFolder::tile(const ledger::TileId& tile) const {
  const auto txn = log_->read();
  if (!txn.ok()) return std::nullopt;
  const auto found = txn->get(tiles_, layout::tile_key(tile));
  if (!found) return std::nullopt;
  return Bytes(*found);
}

Result<const storage::Environment*> DataFolder::environment_of(Rows rows) const {
  if (rows == Rows::checkpoints) return log_.get();
  const std::lock_guard guard(mutex_);
  if (!keys_) {
    CHUANYU_CHECK(storage::check_pages(folder_ + "/keys"));
    CHUANYU_TRY(keys_, open_tables(folder_ + "/keys", layout::key_tables()));
  }
  return keys_.get();
}

Status DataFolder::for_each_row(Rows rows, BytesView from, const VisitRow& visit) const {
  CHUANYU_TRY(const storage::Environment* environment, environment_of(rows));
  const storage::Table table = environment->table(table_of(rows));
  Bytes next(from);
  while (true) {
    CHUANYU_TRY(const auto txn, environment->read());
    auto cursor = txn.cursor(table);
    bool more = cursor.seek(next);
    for (std::uint64_t count = 0; more && count < kRowsPerTxn; ++count, more = cursor.next()) {
      const bool later =
          rows == Rows::checkpoints && cursor.key().size() >= 8 && read_u64(cursor.key()) > last_checkpoint_;
      if (later) return {};  // of entries that came after the opening
      CHUANYU_TRY(const bool wanted, visit(cursor.key(), cursor.value()));
      if (!wanted) return {};
    }
    CHUANYU_CHECK(txn.status());
    if (!more) return {};
    next = Bytes(cursor.key());
  }
}

}  // namespace chuanyu::audit
