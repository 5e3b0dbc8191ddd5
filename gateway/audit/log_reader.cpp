#include "gateway/audit/log_reader.h"

#include <algorithm>
#include <filesystem>

#include "gateway/storage/page_check.h"

namespace chuanyu::audit {
namespace {

namespace layout = ledger::layout;

constexpr std::uint64_t kEntriesPerTxn = 4096;
constexpr std::size_t kCheckpointKey = 8;    // size
constexpr std::size_t kCosignatureKey = 12;  // size ‖ key id

}  // namespace

Result<std::unique_ptr<LogReader>> LogReader::open(const std::string& folder) {
  storage::Options options;
  options.folder = folder + "/log";
  if (!std::filesystem::is_directory(options.folder)) return error(Code::LOCAL_IO, "没有日志目录", options.folder);
  CHUANYU_CHECK(storage::check_pages(options.folder));  // before LMDB believes a word of it
  options.tables = layout::log_tables();
  options.read_only = true;
  auto environment = storage::Environment::open(options);
  if (!environment.ok()) {
    Error found = std::move(environment).error();
    if (found.code == Code::LOCAL_CORRUPT) found.code = Code::LOG_INCOMPLETE;
    found.where = options.folder;
    return found;
  }
  std::unique_ptr<LogReader> made(new LogReader(folder, *std::move(environment)));
  CHUANYU_TRY(const auto txn, made->environment_->read());
  const auto row = txn.get(made->tree_row_, layout::kTreeKey);
  CHUANYU_CHECK(txn.status());
  if (!row) return error(Code::LOG_INCOMPLETE, "日志没有树行：是空日志，或副本不完整", options.folder);
  auto tree = layout::decode_tree_row(*row);
  if (!tree.ok()) {
    const bool newer = tree.error().code == Code::LOG_VERSION;
    return error(newer ? Code::LOG_VERSION : Code::LOG_TAMPERED, tree.error().detail, options.folder);
  }
  made->tree_ = *std::move(tree);
  made->rows_ = {txn.count(made->entries_), txn.count(made->tiles_), txn.count(made->tree_row_)};
  auto checkpoints = txn.cursor(made->checkpoints_);
  if (checkpoints.last() && checkpoints.key().size() >= kCheckpointKey)
    made->last_checkpoint_ = read_u64(checkpoints.key());
  CHUANYU_CHECK(txn.status());
  return made;
}

LogReader::LogReader(std::string folder, std::unique_ptr<storage::Environment> environment)
    : folder_(std::move(folder)),
      environment_(std::move(environment)),
      entries_(environment_->table(layout::kEntries)),
      tiles_(environment_->table(layout::kTiles)),
      tree_row_(environment_->table(layout::kTree)),
      checkpoints_(environment_->table(layout::kCheckpoints)) {}

bool LogReader::grown() const {
  const auto txn = environment_->read();
  if (!txn.ok()) return false;
  const auto row = txn->get(tree_row_, layout::kTreeKey);
  const auto tree = layout::decode_tree_row(row.value_or(BytesView{}));
  return tree.ok() && tree->frontier.size() > size();
}

Status LogReader::for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const {
  while (from < to) {
    const std::uint64_t stop = std::min(to, from + kEntriesPerTxn);
    CHUANYU_TRY(const auto txn, environment_->read());
    auto cursor = txn.cursor(entries_);
    bool found = cursor.seek(layout::number_key(from));
    for (; from < stop; ++from, found = cursor.next()) {
      CHUANYU_CHECK(txn.status());
      if (!found || cursor.key() != layout::number_key(from)) {
        return error(Code::LOG_INCOMPLETE, "缺少第 " + std::to_string(from) + " 条", folder_);
      }
      CHUANYU_CHECK(visit(from, cursor.value()));
    }
  }
  return {};
}

Result<Bytes> LogReader::entry(std::uint64_t index) const {
  if (index >= size()) {
    return error(Code::CLIENT_NOT_FOUND, "日志只有 " + std::to_string(size()) + " 条，序号从 0 起", folder_);
  }
  Bytes found;
  CHUANYU_CHECK(for_each(index, index + 1, [&](std::uint64_t, BytesView entry) -> Status {
    found = Bytes(entry);
    return {};
  }));
  return found;
}

std::optional<Bytes> LogReader::tile(const ledger::TileId& tile) const {
  const auto txn = environment_->read();
  if (!txn.ok()) return std::nullopt;
  const auto found = txn->get(tiles_, layout::tile_key(tile));
  if (!found) return std::nullopt;
  return Bytes(*found);
}

std::optional<LogReader::Note> LogReader::checkpoint_from(std::uint64_t size) const {
  const auto txn = environment_->read();
  if (!txn.ok()) return std::nullopt;
  auto cursor = txn->cursor(checkpoints_);
  for (bool more = cursor.seek(layout::number_key(size)); more; more = cursor.next()) {
    if (cursor.key().size() == kCosignatureKey) continue;
    if (cursor.key().size() != kCheckpointKey) return Note{size, {}};  // no note: verify() says so
    if (read_u64(cursor.key()) > last_checkpoint_) break;
    return Note{read_u64(cursor.key()), std::string(cursor.value())};
  }
  return std::nullopt;
}

}  // namespace chuanyu::audit
