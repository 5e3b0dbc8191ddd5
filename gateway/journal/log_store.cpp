#include "gateway/journal/log_store.h"

#include "gateway/ledger/layout.h"
#include "gateway/ledger/sm_checkpoint.h"

namespace chuanyu::journal {

namespace layout = ledger::layout;

namespace {

Error corrupt(std::string detail) { return error(Code::LOCAL_CORRUPT, std::move(detail)); }

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::open(const std::string& folder, const std::string& origin,
                                                 const ledger::VerifyKeys& keys, std::uint64_t map_bytes) {
  if (!ledger::is_origin(origin)) return error(Code::CONFIG_VALUE, "日志名称不能为空，不能含空格或加号", "origin");
  storage::Options options;
  options.folder = folder;
  options.tables = layout::log_tables();
  options.map_bytes = map_bytes;
  CHUANYU_TRY(auto environment, storage::Environment::open(options));
  std::unique_ptr<LogStore> made(new LogStore(std::move(environment), origin));
  CHUANYU_CHECK(made->recover(keys));
  return made;
}

LogStore::LogStore(std::unique_ptr<storage::Environment> environment, std::string origin)
    : environment_(std::move(environment)),
      origin_(std::move(origin)),
      entries_(environment_->table(layout::kEntries)),
      tiles_(environment_->table(layout::kTiles)),
      tree_row_(environment_->table(layout::kTree)),
      checkpoints_(environment_->table(layout::kCheckpoints)) {}

// --- recovery: the right edge and the last checkpoint, in time that does not depend on the length of the log
// -----------

Status LogStore::recover(const ledger::VerifyKeys& keys) {
  CHUANYU_TRY(const auto txn, environment_->read());
  const auto row = txn.get(tree_row_, layout::kTreeKey);
  auto last = txn.cursor(entries_);
  const bool any = last.last();
  CHUANYU_CHECK(txn.status());
  if (!row) return any ? corrupt("有条目而无树行") : Status{};

  CHUANYU_TRY(layout::TreeRow tree, layout::decode_tree_row(*row));
  if (tree.origin != origin_) {
    return error(Code::CONFIG_VALUE, "数据目录属于日志 " + tree.origin + "，配置为 " + origin_, "origin");
  }
  const std::uint64_t size = tree.frontier.size();
  const std::uint64_t entries = any ? read_u64(last.key()) + 1 : 0;
  if (entries != size || txn.count(entries_) != size) {
    return corrupt("条目数 " + std::to_string(entries) + " 与树的长度 " + std::to_string(size) + " 不符");
  }
  durable_size_ = size;
  CHUANYU_TRY(const auto root, root_at(size));
  if (root != tree.frontier.root()) return corrupt("哈希块与树行不符");
  CHUANYU_CHECK(check_last_leaves(size));
  CHUANYU_TRY(tree_, ledger::TreeWriter::resume(std::move(tree.frontier), tiles()));
  return check_checkpoint(txn, keys);
}

// The entries under the right-edge tile, hashed again. Older ones are the signer's, the auditor's and the scrubber's
// work.
Status LogStore::check_last_leaves(std::uint64_t size) const {
  const std::uint64_t first = size - size % ledger::kTileWidth;
  if (first == size) return {};
  CHUANYU_TRY(const Bytes hashes, tile({0, first / ledger::kTileWidth}));
  return for_each(first, size, [&](std::uint64_t index, BytesView entry) -> Status {
    const auto leaf = ledger::leaf_hash(entry);
    if (BytesView(hashes).substr((index - first) * ledger::kHashBytes, ledger::kHashBytes) != crypto::view(leaf)) {
      return corrupt("第 " + std::to_string(index) + " 条与其哈希不符");
    }
    return {};
  });
}

Status LogStore::check_checkpoint(const storage::ReadTxn& txn, const ledger::VerifyKeys& keys) {
  auto cursor = txn.cursor(checkpoints_);
  bool found = cursor.last();
  while (found && !layout::is_checkpoint_key(cursor.key())) found = cursor.previous();
  if (!found) return txn.status();
  CHUANYU_TRY(const auto note, ledger::parse_note(cursor.value()));
  const auto opened =
      keys.empty() ? ledger::parse_checkpoint(note.text) : ledger::open_checkpoint(cursor.value(), origin_, keys);
  if (!opened.ok() && opened.error().code == Code::LOG_SIGNATURE) {
    return error(Code::LOG_SIGNATURE,
                 "长度 " + std::to_string(read_u64(cursor.key())) +
                     " 的检查点不是所配置的日志私钥签的。更换日志私钥：keys.log_key 为新，keys.old_log_key "
                     "为旧，启动后等到有检查点带两把的签名，再撤去旧的");
  }
  if (!opened.ok()) return opened.error();
  const ledger::Checkpoint& checkpoint = *opened;
  if (checkpoint.size > size()) return corrupt("已签名的长度大于日志长度");
  CHUANYU_TRY(const auto root, root_at(checkpoint.size));
  if (root != checkpoint.root) return corrupt("日志与其最后的检查点不符");
  checkpoint_ = SignedNote{checkpoint.size, std::string(cursor.value())};
  return {};
}

// --- the writer -----------------------------------------------------------------------------------------------------

Status LogStore::begin() {
  CHUANYU_TRY(txn_, environment_->write());
  return {};
}

std::uint64_t LogStore::append(BytesView entry, const crypto::Digest& leaf) {
  const std::uint64_t index = tree_.size();
  txn_->append(entries_, layout::number_key(index), entry);
  tree_.append(leaf);
  return index;
}

void LogStore::put_checkpoint(const SignedNote& note) {
  txn_->put(checkpoints_, layout::number_key(note.size), note.note);
}

void LogStore::put_cosignature(std::uint64_t size, const ledger::NoteSignature& line) {
  txn_->put(checkpoints_, layout::cosignature_key(size, line.key_id), ledger::to_line(line));
}

void LogStore::put_sm3(const Sm3Progress& progress) {
  txn_->put(tree_row_, layout::kSm3TreeKey, layout::encode_sm3({ledger::sm3_origin(origin_), progress.tree}));
  if (!progress.note.empty()) txn_->put(checkpoints_, layout::sm3_checkpoint_key(progress.tree.size()), progress.note);
}

Status LogStore::commit() {
  if (tree_.size() != size()) {
    tree_.take_changed(
        [this](const ledger::TileId& tile, BytesView hashes) { txn_->put(tiles_, layout::tile_key(tile), hashes); });
    txn_->put(tree_row_, layout::kTreeKey, layout::encode({origin_, tree_.frontier()}));
  }
  Status status = txn_->commit();
  txn_.reset();
  if (status.ok()) durable_size_.store(tree_.size(), std::memory_order_release);
  return status;
}

void LogStore::abort() { txn_.reset(); }

// --- readers --------------------------------------------------------------------------------------------------------

Result<Bytes> LogStore::read(std::uint64_t index) const {
  if (index >= size()) return error(Code::CLIENT_NOT_FOUND, "日志没有第 " + std::to_string(index) + " 条");
  CHUANYU_TRY(const auto txn, environment_->read());
  const auto found = txn.get(entries_, layout::number_key(index));
  CHUANYU_CHECK(txn.status());
  if (!found) return corrupt("缺少第 " + std::to_string(index) + " 条");
  return Bytes(*found);
}

Status LogStore::for_each(std::uint64_t from, std::uint64_t to,
                          const std::function<Status(std::uint64_t, BytesView)>& visit) const {
  CHUANYU_TRY(const auto txn, environment_->read());
  auto cursor = txn.cursor(entries_);
  bool found = cursor.seek(layout::number_key(from));
  for (std::uint64_t index = from; index < to; ++index, found = cursor.next()) {
    CHUANYU_CHECK(txn.status());
    if (!found || read_u64(cursor.key()) != index) return corrupt("缺少第 " + std::to_string(index) + " 条");
    CHUANYU_CHECK(visit(index, cursor.value()));
  }
  return {};
}

Result<Bytes> LogStore::tile(const ledger::TileId& tile) const {
  CHUANYU_TRY(const auto txn, environment_->read());
  const auto found = txn.get(tiles_, layout::tile_key(tile));
  CHUANYU_CHECK(txn.status());
  if (!found) return error(Code::LOG_INCOMPLETE, "缺少哈希块", ledger::tile_path(tile, ledger::kTileWidth));
  return Bytes(*found);
}

ledger::TileReader LogStore::tiles() const {
  return [this](const ledger::TileId& wanted) { return tile(wanted); };
}

Result<std::optional<SignedNote>> LogStore::checkpoint_from(std::uint64_t size, const Accept& accept) const {
  CHUANYU_TRY(const auto txn, environment_->read());
  auto cursor = txn.cursor(checkpoints_);
  std::optional<SignedNote> found;
  const auto accepted = [&] { return found && (!accept || accept(found->note)); };
  for (bool more = cursor.seek(layout::number_key(size)); more; more = cursor.next()) {
    if (!layout::is_checkpoint_key(cursor.key())) {
      // Without a note found it is of a checkpoint before.
      if (found && layout::is_cosignature_key(cursor.key())) found->note += cursor.value();
      continue;
    }
    if (accepted()) return found;
    found = SignedNote{read_u64(cursor.key()), std::string(cursor.value())};
  }
  CHUANYU_CHECK(txn.status());
  return accepted() ? found : std::nullopt;
}

Result<std::optional<SignedNote>> LogStore::last_cosigned() const {
  std::uint64_t size = 0;
  {
    CHUANYU_TRY(const auto txn, environment_->read());
    auto cursor = txn.cursor(checkpoints_);
    bool found = cursor.last();
    while (found && !layout::is_cosignature_key(cursor.key())) found = cursor.previous();
    CHUANYU_CHECK(txn.status());
    if (!found) return std::optional<SignedNote>();
    size = read_u64(cursor.key());
  }
  return checkpoint_from(size, {});
}

Result<ledger::Sm3Frontier> LogStore::sm3_tree() const {
  CHUANYU_TRY(const auto txn, environment_->read());
  const auto row = txn.get(tree_row_, layout::kSm3TreeKey);
  CHUANYU_CHECK(txn.status());
  if (!row) return ledger::Sm3Frontier();
  CHUANYU_TRY(auto stored, layout::decode_sm3_tree_row(*row));
  if (stored.origin != ledger::sm3_origin(origin_)) return corrupt("SM3 树行属于另一日志");
  return std::move(stored.frontier);
}

Result<std::optional<ledger::Checkpoint>> LogStore::last_sm3_checkpoint() const {
  CHUANYU_TRY(const auto txn, environment_->read());
  auto cursor = txn.cursor(checkpoints_);
  bool found = cursor.last();
  while (found && !layout::is_sm3_checkpoint_key(cursor.key())) found = cursor.previous();
  CHUANYU_CHECK(txn.status());
  if (!found) return std::optional<ledger::Checkpoint>();
  CHUANYU_TRY(const auto note, ledger::parse_note(cursor.value()));
  CHUANYU_TRY(auto checkpoint, ledger::parse_checkpoint(note.text));
  return std::optional(std::move(checkpoint));
}

Result<crypto::Digest> LogStore::root_at(std::uint64_t size) const {
  return ledger::read_root(size, ledger::node_reader(tiles()));
}

}  // namespace chuanyu::journal
