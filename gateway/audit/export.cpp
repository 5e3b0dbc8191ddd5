#include "gateway/audit/export.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "gateway/audit/exported_folder.h"
#include "gateway/audit/sharded_log.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/shard.h"
#include "gateway/storage/durable_file.h"

namespace chuanyu::audit {
namespace {

namespace fs = std::filesystem;
namespace layout = ledger::layout;

using Rows = LogReader::Rows;

class Exporter {
 public:
  Exporter(const LogReader& log, std::string folder, const ExportOptions& options)
      : log_(log), folder_(std::move(folder)), options_(options) {}

  Result<ExportReport> run() {
    CHUANYU_CHECK(find_end());
    CHUANYU_CHECK(take_folder());
    CHUANYU_CHECK(take_up());
    CHUANYU_CHECK(copy_entries());
    CHUANYU_CHECK(write_edges());
    CHUANYU_CHECK(copy_rows(Rows::checkpoints));
    if (options_.with_keys) {
      CHUANYU_CHECK(copy_rows(Rows::slots));
      CHUANYU_CHECK(copy_rows(Rows::named));
    }
    // Last: from here on the folder says that it has all of this.
    CHUANYU_CHECK(replace(ExportedFolder::kCheckpointFile, end_note_));
    drop_old_edges();
    return std::move(report_);
  }

 private:
  static Error tampered(std::string detail, std::string where) {
    return error(Code::LOG_TAMPERED, std::move(detail), std::move(where));
  }

  // What a row of checkpoints or slots is filed under.
  static Result<std::uint64_t> number_of(BytesView key) {
    if (key.size() < 8) return tampered("行的键不合规范", "log/");
    return read_u64(key);
  }

  // The newest signed checkpoint, with its cosignatures.
  Status find_end() {
    CHUANYU_CHECK(log_.for_each_row(Rows::checkpoints, {}, [this](BytesView key, BytesView value) -> Result<bool> {
      CHUANYU_TRY(const std::uint64_t size, number_of(key));
      if (size > log_.size()) {
        return error(Code::LOG_INCOMPLETE,
                     "有长度为 " + std::to_string(size) + " 的检查点，日志只有 " + std::to_string(log_.size()) + " 条");
      }
      take_note(key, value);
      report_.size = size;
      return true;
    }));
    if (end_note_.empty()) return error(Code::LOG_INCOMPLETE, "日志没有检查点，尚不能导出", log_.folder());
    report_.origin = log_.origin();
    report_.not_signed = log_.size() - report_.size;
    return {};
  }

  void take_note(BytesView key, BytesView value) {
    if (layout::is_checkpoint_key(key)) end_note_.clear();
    if (!layout::is_sm3_checkpoint_key(key)) end_note_ += value;
  }

  // An empty folder is marked as this log's; any other must be.
  Status take_folder() {
    CHUANYU_TRY(const auto origin, ExportedFolder::marked_origin(folder_));
    std::error_code failed;
    if (!origin && fs::exists(folder_) && !fs::is_empty(folder_, failed)) {
      return error(Code::CONFIG_VALUE, "目录不是空的，也不是导出目录", folder_);
    }
    if (origin && *origin != log_.origin()) {
      return error(Code::CONFIG_VALUE, "目录中是另一日志 " + *origin + " 的导出", folder_);
    }
    if (!options_.with_keys && fs::exists(folder_ + "/keys")) {
      return error(Code::CONFIG_VALUE, "目录中已有密钥行，不更新会留下已销毁的密钥：请加 --with-keys，或另用一个目录",
                   folder_);
    }
    return origin ? Status{} : replace(ExportedFolder::kMarkFile, ExportedFolder::mark_of(log_.origin()));
  }

  // The tree at the last full bundle of what is there already.
  Status take_up() {
    if (!fs::exists(folder_ + "/" + ExportedFolder::kCheckpointFile)) return {};
    CHUANYU_TRY(before_, ExportedFolder::open(folder_));
    report_.before = before_->size();
    if (before_->size() > report_.size) {
      return error(Code::LOG_INCOMPLETE, "导出目录已有 " + std::to_string(before_->size()) + " 条，此日志只签名到 " +
                                             std::to_string(report_.size) + " 条：是旧副本");
    }
    const ledger::TileReader tiles = [this](const ledger::TileId& id) -> Result<Bytes> {
      auto bytes = before_->tile(id);
      if (!bytes) return error(Code::LOG_INCOMPLETE, "导出目录缺少哈希块", ledger::tile_path(id, ledger::kTileWidth));
      return *std::move(bytes);
    };
    first_ = before_->size() - before_->size() % ledger::kTileWidth;
    CHUANYU_TRY(auto frontier, ledger::read_frontier(first_, ledger::node_reader(tiles)));
    CHUANYU_TRY(tree_, ledger::TreeWriter::resume(std::move(frontier), tiles));
    return {};
  }

  Status copy_entries() {
    next_note_ = log_.checkpoint_from(first_);
    CHUANYU_CHECK(check_size());
    const Status copied = log_.for_each(first_, report_.size, [this](std::uint64_t index, BytesView bytes) -> Status {
      if (options_.progress && index % 4096 == 0) options_.progress(index, report_.size);
      tree_.append(ledger::leaf_hash(bytes));
      ledger::append_to_bundle(bundle_, bytes);
      CHUANYU_CHECK(copy_blob(index, bytes));
      CHUANYU_CHECK(check_size());
      return tree_.size() % ledger::kTileWidth == 0 ? end_bundle() : Status{};
    });
    CHUANYU_CHECK(copied);
    if (options_.progress) options_.progress(report_.size, report_.size);
    report_.root = tree_.root();
    return {};
  }

  // What is known of a tree of the size that it has now: the export before, and the checkpoints.
  Status check_size() {
    if (before_ && tree_.size() == before_->size() && tree_.root() != before_->root()) {
      return tampered("前 " + std::to_string(tree_.size()) + " 条与先前导出的不同", log_.folder());
    }
    for (; next_note_ && next_note_->size == tree_.size(); next_note_ = log_.checkpoint_from(next_note_->size + 1)) {
      const std::string where = "checkpoint#" + std::to_string(next_note_->size);
      CHUANYU_TRY(const auto note, ledger::parse_note(next_note_->note));
      if (!options_.keys.empty() && !ledger::is_signed_by(note, log_.origin(), options_.keys)) {
        return error(
            Code::LOG_SIGNATURE,
            "没有所给公钥的有效签名；日志换过公钥时，请把各把放在一个 PEM 文件里。导出停在这里，改正后再次执行即接着写",
            where);
      }
      const auto checkpoint = ledger::parse_checkpoint(note.text);
      if (!checkpoint.ok() || checkpoint->origin != log_.origin() || checkpoint->size != tree_.size() ||
          checkpoint->root != tree_.root()) {
        return tampered("条目与已签名的检查点不符", where);
      }
    }
    return {};
  }

  Status copy_blob(std::uint64_t index, BytesView bytes) {
    const auto entry = ledger::decode(bytes);
    const std::string where = place_of(index);
    if (!entry.ok() && entry.error().code == Code::LOG_VERSION) return {};  // kept as it is, for a newer program
    if (!entry.ok()) return error(entry.error().code, entry.error().detail, where);
    if (entry->blob_bytes == 0) return {};
    const std::string path = layout::blob_path("", entry->blob).substr(1);
    if (fs::exists(folder_ + "/" + path)) return {};
    auto blob = log_.blob(entry->blob);
    if (!blob.ok()) return error(blob.error().code, blob.error().detail, where);
    return replace(path, *blob);
  }

  Status end_bundle() {
    CHUANYU_CHECK(write_once(ledger::bundle_path(tree_.size() / ledger::kTileWidth - 1, ledger::kTileWidth), bundle_));
    bundle_.clear();
    return take_tiles();
  }

  // Full tiles are written; those of the right edge wait until the end.
  Status take_tiles() {
    Status status;
    tree_.take_changed([&](const ledger::TileId& tile, BytesView computed) {
      if (!status.ok()) return;
      const auto stored = log_.tile(tile);
      if (!stored || !stored->starts_with(computed)) {
        status = tampered("哈希块与条目不符", ledger::tile_path(tile, ledger::kTileWidth));
      } else if (computed.size() == std::size_t{ledger::kTileWidth} * ledger::kHashBytes) {
        edges_.erase(tile.level);
        status = write_once(ledger::tile_path(tile, ledger::kTileWidth), computed);
      } else {
        edges_[tile.level] = {tile, Bytes(computed)};
      }
    });
    return status;
  }

  Status write_edges() {
    CHUANYU_CHECK(take_tiles());
    for (const auto& [level, edge] : edges_) {
      const auto width = static_cast<unsigned>(edge.second.size() / ledger::kHashBytes);
      CHUANYU_CHECK(write_once(ledger::tile_path(edge.first, width), edge.second));
    }
    if (bundle_.empty()) return {};
    const auto width = static_cast<unsigned>(tree_.size() % ledger::kTileWidth);
    return write_once(ledger::bundle_path(tree_.size() / ledger::kTileWidth, width), bundle_);
  }

  Status copy_rows(Rows rows) {
    std::set<std::string> written;
    std::string path;
    Bytes bundle;
    const auto end = [&]() -> Status {
      if (path.empty()) return {};
      written.insert(path);
      return replace(path, bundle);
    };
    const Status copied = log_.for_each_row(rows, {}, [&](BytesView key, BytesView value) -> Result<bool> {
      std::uint64_t number = 0;
      if (rows != Rows::named) {
        CHUANYU_TRY(number, number_of(key));
      }
      if (rows == Rows::checkpoints && number > report_.size) return false;  // signed while this was running
      std::string here = ExportedFolder::rows_path(rows, number >> ExportedFolder::kRowsShift);
      if (here != path) {
        CHUANYU_CHECK(end());
        path = std::move(here);
        bundle.clear();
      }
      // Cosignatures come in while this is running: the end is told by the rows that were copied.
      if (rows == Rows::checkpoints && number == report_.size) take_note(key, value);
      ExportedFolder::append_row(bundle, key, value);
      return true;
    });
    CHUANYU_CHECK(copied);
    CHUANYU_CHECK(end());
    if (rows == Rows::slots) drop_destroyed(written);
    return {};
  }

  // A bundle of which every key was destroyed.
  void drop_destroyed(const std::set<std::string>& written) const {
    std::error_code failed;
    std::vector<fs::path> gone;
    for (fs::recursive_directory_iterator it(folder_ + "/keys/slot", failed);
         !failed && it != fs::recursive_directory_iterator(); it.increment(failed)) {
      if (it->is_regular_file() && !written.contains(it->path().lexically_relative(folder_).string()))
        gone.push_back(it->path());
    }
    for (const fs::path& path : gone) fs::remove(path, failed);
  }

  // The partial tiles and bundle of the export before, now that wider ones stand beside them.
  void drop_old_edges() const {
    if (!before_ || before_->size() == report_.size) return;
    const auto drop = [this](const std::string& path) {
      std::error_code failed;
      const fs::path file = folder_ + "/" + path;
      fs::remove(file, failed);
      if (fs::is_empty(file.parent_path(), failed)) fs::remove(file.parent_path(), failed);
    };
    for (unsigned level = 0; level < 8; ++level) {
      const std::uint64_t last = (before_->size() >> (level * ledger::kTileHeight)) / ledger::kTileWidth;
      const unsigned width = ledger::tile_width({level, last}, before_->size());
      if (width == 0 || width == ledger::tile_width({level, last}, report_.size)) continue;
      drop(ledger::tile_path({level, last}, width));
      if (level == 0) drop(ledger::bundle_path(last, width));
    }
  }

  // Immutable: what is there already must be the same.
  Status write_once(const std::string& path, BytesView bytes) {
    CHUANYU_TRY(const auto present, storage::read_file(folder_ + "/" + path));
    if (!present) return write(path, bytes);
    return *present == bytes ? Status{} : Status(tampered("先前导出的文件与日志不同", path));
  }

  Status replace(const std::string& path, BytesView bytes) {
    CHUANYU_TRY(const auto present, storage::read_file(folder_ + "/" + path));
    return present && *present == bytes ? Status{} : write(path, bytes);
  }

  Status write(const std::string& path, BytesView bytes) {
    const fs::path file = folder_ + "/" + path;
    CHUANYU_CHECK(storage::write_durable_file(file.parent_path().string(), file.filename().string(), bytes));
    ++report_.files;
    report_.bytes += bytes.size();
    return {};
  }

  const LogReader& log_;
  const std::string folder_;
  const ExportOptions& options_;
  ExportReport report_;
  std::string end_note_;
  std::unique_ptr<LogReader> before_;  // what the folder had
  std::uint64_t first_ = 0;            // entry that this run begins with, a multiple of kTileWidth
  ledger::TreeWriter tree_;
  Bytes bundle_;
  std::map<unsigned, std::pair<ledger::TileId, Bytes>> edges_;  // by level
  std::optional<LogReader::Note> next_note_;
};

}  // namespace

Result<ExportReport> export_log(const LogReader& log, const std::string& folder, const ExportOptions& options) {
  return Exporter(log, folder, options).run();
}

namespace {

// A log that was recovered from a backup goes on in another shard than before: the two do not go into one folder.
Status check_same_history(const LogReader& log, const std::string& folder) {
  const std::vector<LogReader::Part> parts = log.parts();
  for (const std::string& name : ShardedLog::names_in(folder)) {
    const bool known =
        std::any_of(parts.begin(), parts.end(), [&name](const LogReader::Part& part) { return part.name == name; });
    if (known) continue;
    return error(
        Code::LOG_INCOMPLETE,
        "导出目录已有分卷 " + name + "，此日志没有：是旧副本，或日志已由备份恢复；请导出到新的目录，并保留原来的",
        folder);
  }
  return {};
}

}  // namespace

Result<ExportReport> export_shards(const LogReader& log, const std::string& folder, const ExportOptions& options) {
  CHUANYU_CHECK(check_same_history(log, folder));
  ExportReport all;
  for (const LogReader::Part& part : log.parts()) {
    const bool first = part.name.empty();
    ExportOptions of_part = options;
    of_part.with_keys = options.with_keys && first;
    const std::string place = first ? folder : folder + "/" + ledger::kShardsFolder + "/" + part.name;
    CHUANYU_TRY(const ExportReport made, export_log(*part.log, place, of_part));
    all.origin = made.origin;
    all.root = made.root;
    all.before += made.before;
    all.size += made.size;
    all.not_signed = made.not_signed;
    all.files += made.files;
    all.bytes += made.bytes;
  }
  return all;
}

}  // namespace chuanyu::audit
