#include "gateway/audit/log_reader.h"

#include "gateway/audit/data_folder.h"
#include "gateway/audit/exported_folder.h"
#include "gateway/audit/sharded_log.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/storage/durable_file.h"

namespace chuanyu::audit {

namespace layout = ledger::layout;

namespace {

// The key of a cosignature's row says by which key it is.
bool stands_under(BytesView row_key, BytesView line) {
  const auto note = ledger::parse_note("cosignature\n\n" + Bytes(line));
  return note.ok() && note->signatures.size() == 1 && read_u32(row_key.substr(8)) == note->signatures[0].key_id;
}

}  // namespace

Result<std::unique_ptr<LogReader>> LogReader::open(const std::string& folder, std::vector<Error>* left_out) {
  const std::vector<std::string> shards = ShardedLog::names_in(folder);
  return shards.empty() ? open_first(folder) : ShardedLog::open(folder, shards, left_out);
}

Result<std::unique_ptr<LogReader>> LogReader::open_first(const std::string& folder) {
  if (ExportedFolder::is_one(folder)) return ExportedFolder::open(folder);
  return DataFolder::open(folder, folder + "/log");
}

Status LogReader::for_each_hashed(std::uint64_t from, std::uint64_t to, const Visit& visit) const {
  std::optional<std::uint64_t> number;
  std::optional<Bytes> hashes;
  return for_each(from, to, [&](std::uint64_t index, BytesView entry) -> Status {
    if (number != index / ledger::kTileWidth) {
      number = index / ledger::kTileWidth;
      hashes = tile({0, *number});
    }
    const std::size_t at = index % ledger::kTileWidth * ledger::kHashBytes;
    if (!hashes || hashes->size() < at + ledger::kHashBytes) {
      return error(Code::LOG_INCOMPLETE, "哈希块缺失或不完整", place(index));
    }
    if (BytesView(*hashes).substr(at, ledger::kHashBytes) != crypto::view(ledger::leaf_hash(entry))) {
      return error(Code::LOG_TAMPERED, "条目与日志所记的哈希不符，请先用 verify 核验", place(index));
    }
    return visit(index, entry);
  });
}

Result<Bytes> LogReader::entry(std::uint64_t index) const {
  if (index >= size()) {
    return error(Code::CLIENT_NOT_FOUND, "日志只有 " + std::to_string(size()) + " 条，序号从 0 起", folder_);
  }
  Bytes found;
  CHUANYU_CHECK(for_each_hashed(index, index + 1, [&](std::uint64_t, BytesView entry) -> Status {
    found = Bytes(entry);
    return {};
  }));
  return found;
}

Result<Bytes> LogReader::blob(const crypto::Digest& sha256) const {
  const std::string name = to_hex(crypto::view(sha256));
  CHUANYU_TRY(auto bytes, storage::read_file(layout::blob_path(folder_, sha256)));
  if (!bytes) return error(Code::LOG_INCOMPLETE, "缺少大内容文件 " + name);
  if (crypto::sha256(*bytes) != sha256) return error(Code::LOG_TAMPERED, "大内容文件与条目所记的摘要不符：" + name);
  return *std::move(bytes);
}

Result<std::optional<Bytes>> LogReader::row(Rows rows, BytesView key) const {
  std::optional<Bytes> found;
  CHUANYU_CHECK(for_each_row(rows, key, [&](BytesView here, BytesView value) -> Result<bool> {
    if (here == key) found = Bytes(value);
    return false;
  }));
  return found;
}

std::optional<LogReader::Note> LogReader::checkpoint_from(std::uint64_t size) const {
  std::optional<Note> found;
  const Status read =
      for_each_row(Rows::checkpoints, layout::number_key(size), [&](BytesView key, BytesView value) -> Result<bool> {
        if (layout::is_sm3_checkpoint_key(key)) return true;
        const bool cosignature = layout::is_cosignature_key(key);
        if (cosignature && found && read_u64(key) == found->size) {
          found->note += value;
          found->rows_in_place = found->rows_in_place && stands_under(key, value);
          return true;
        }
        if (!cosignature && !layout::is_checkpoint_key(key)) {  // a key that nobody wrote
          if (!found) found = Note{size, {}};                   // no note, as verify() will say
          found->rows_in_place = false;
          return false;
        }
        if (found) return false;
        // A cosignature of no checkpoint is no note.
        found = cosignature ? Note{read_u64(key), {}} : Note{read_u64(key), std::string(value), value.size()};
        return true;
      });
  return read.ok() ? found : std::nullopt;
}

std::optional<LogReader::Note> LogReader::sm3_checkpoint_from(std::uint64_t size) const {
  std::optional<Note> found;
  const Status read =
      for_each_row(Rows::checkpoints, layout::number_key(size), [&](BytesView key, BytesView value) -> Result<bool> {
        if (layout::is_sm3_checkpoint_key(key)) found = Note{read_u64(key), std::string(value)};
        return !found;
      });
  return read.ok() ? found : std::nullopt;
}

}  // namespace chuanyu::audit
