#include "gateway/audit/exported_folder.h"

#include <algorithm>
#include <filesystem>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/tiles.h"
#include "gateway/storage/durable_file.h"

namespace chuanyu::audit {
namespace {

namespace fs = std::filesystem;
namespace layout = ledger::layout;

constexpr std::string_view kMarkName = "chuanyu-log-export/";
constexpr std::string_view kMark = "chuanyu-log-export/1\n";

const char* folder_of(LogReader::Rows rows) {
  switch (rows) {
    case LogReader::Rows::checkpoints: return "checkpoints";
    case LogReader::Rows::slots: return "keys/slot";
    case LogReader::Rows::named: return "keys/named";
  }
  return "";
}

// The views behind their lengths; false when they do not fill the bytes exactly.
template <typename Take>
bool cut(BytesView rest, std::size_t length_bytes, Take&& take) {
  while (!rest.empty()) {
    if (rest.size() < length_bytes) return false;
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | static_cast<unsigned char>(rest[i]);
    rest.remove_prefix(length_bytes);
    if (rest.size() < length) return false;
    take(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  return true;
}

}  // namespace

bool ExportedFolder::is_one(const std::string& folder) { return fs::exists(folder + "/" + kMarkFile); }

std::string ExportedFolder::mark_of(const std::string& origin) { return std::string(kMark) + origin + "\n"; }

Result<std::optional<std::string>> ExportedFolder::marked_origin(const std::string& folder) {
  CHUANYU_TRY(const auto mark, storage::read_file(folder + "/" + kMarkFile));
  if (!mark) return std::optional<std::string>();
  if (!mark->starts_with(kMark) || !mark->ends_with('\n')) {
    const bool newer =
        mark->starts_with(kMarkName) && (*mark)[kMarkName.size()] > '1' && (*mark)[kMarkName.size()] <= '9';
    const std::string where = folder + "/" + kMarkFile;
    if (newer) return error(Code::LOG_VERSION, "导出目录的标记是较新版本的，或被改动", where);
    return error(Code::LOG_TAMPERED, "导出目录的标记被改动", where);
  }
  return std::optional(std::string(mark->substr(kMark.size(), mark->size() - kMark.size() - 1)));
}

std::string ExportedFolder::rows_path(Rows rows, std::uint64_t bundle) {
  const std::string folder = folder_of(rows);
  return rows == Rows::named ? folder : folder + "/" + ledger::number_path(bundle);
}

void ExportedFolder::append_row(Bytes& bundle, BytesView key, BytesView value) {
  for (const BytesView part : {key, value}) {
    append_u32(bundle, static_cast<std::uint32_t>(part.size()));
    bundle.append(part);
  }
}

Result<std::unique_ptr<LogReader>> ExportedFolder::open(const std::string& folder) {
  std::unique_ptr<ExportedFolder> made(new ExportedFolder(folder));
  CHUANYU_TRY(auto origin, marked_origin(folder));
  made->origin_ = std::move(origin).value_or("");
  CHUANYU_CHECK(made->read_checkpoint());
  return std::unique_ptr<LogReader>(std::move(made));
}

// Says how much there is. Whether it is true is for verify() to find out.
Status ExportedFolder::read_checkpoint() {
  const std::string where = folder_ + "/" + kCheckpointFile;
  CHUANYU_TRY(const auto text, storage::read_file(where));
  if (!text) return error(Code::LOG_INCOMPLETE, "没有检查点：导出未完成，请再次导出", where);
  CHUANYU_TRY(const auto note, ledger::parse_note(*text));
  const auto checkpoint = ledger::parse_checkpoint(note.text);
  if (!checkpoint.ok()) return error(Code::LOG_TAMPERED, checkpoint.error().detail, where);
  if (checkpoint->origin != origin_) return error(Code::LOG_TAMPERED, "检查点属于另一日志", where);
  size_ = checkpoint->size;
  root_ = checkpoint->root;
  CHUANYU_CHECK(for_each_row(Rows::checkpoints, layout::number_key(size_),
                             [](BytesView, BytesView) -> Result<bool> { return true; }));
  const auto stored = checkpoint_from(size_);
  if (!stored || stored->size != size_) {
    return error(Code::LOG_INCOMPLETE, "checkpoints/ 中没有最新的检查点", where);
  }
  if (!text->starts_with(stored->note)) {
    return error(Code::LOG_TAMPERED, "checkpoint 与 checkpoints/ 中的不同", where);
  }
  return {};
}

Result<ExportedFolder::EntryBundlePtr> ExportedFolder::entries_of(std::uint64_t bundle) const {
  const std::lock_guard guard(mutex_);
  if (!entries_ || entries_->number != bundle) {
    CHUANYU_TRY(entries_, read_entries(bundle));
  }
  return entries_;
}

Result<ExportedFolder::EntryBundlePtr> ExportedFolder::read_entries(std::uint64_t bundle) const {
  const unsigned width = ledger::tile_width({0, bundle}, size_);
  const std::string path = ledger::bundle_path(bundle, width);
  CHUANYU_TRY(auto bytes, storage::read_file(folder_ + "/" + path));
  if (!bytes) {
    return error(Code::LOG_INCOMPLETE, "缺少第 " + std::to_string(base() + bundle * ledger::kTileWidth) + " 条起的条目",
                 path);
  }
  auto read = std::make_shared<EntryBundle>();
  read->number = bundle;
  read->bytes = *std::move(bytes);
  const bool whole = cut(read->bytes, 2, [&read](BytesView entry) { read->entries.push_back(entry); });
  if (whole && read->entries.size() == width) return EntryBundlePtr(std::move(read));
  const bool cut_short = read->entries.size() < width;
  return error(cut_short ? Code::LOG_INCOMPLETE : Code::LOG_TAMPERED, "条目文件的内容与其长度不符", path);
}

Status ExportedFolder::for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const {
  EntryBundlePtr bundle;
  for (; from < to; ++from) {
    if (from >= size_) return error(Code::LOG_INCOMPLETE, "缺少第 " + std::to_string(base() + from) + " 条", folder_);
    if (!bundle || bundle->number != from / ledger::kTileWidth) {
      CHUANYU_TRY(bundle, entries_of(from / ledger::kTileWidth));
    }
    CHUANYU_CHECK(visit(from, bundle->entries[from % ledger::kTileWidth]));
  }
  return {};
}

std::optional<Bytes> ExportedFolder::tile(const ledger::TileId& tile) const {
  const unsigned width = ledger::tile_width(tile, size_);
  if (width == 0) return std::nullopt;
  auto bytes = storage::read_file(folder_ + "/" + ledger::tile_path(tile, width));
  return bytes.ok() ? *std::move(bytes) : std::nullopt;
}

Result<ExportedFolder::RowBundlePtr> ExportedFolder::rows_of(Rows rows, std::uint64_t bundle) const {
  const std::lock_guard guard(mutex_);
  RowBundlePtr& kept = rows_[rows];
  if (!kept || kept->number != bundle) {
    CHUANYU_TRY(kept, read_rows(rows, bundle));
  }
  return kept;
}

Result<ExportedFolder::RowBundlePtr> ExportedFolder::read_rows(Rows rows, std::uint64_t bundle) const {
  const std::string path = rows_path(rows, bundle);
  CHUANYU_TRY(auto bytes, storage::read_file(folder_ + "/" + path));
  if (!bytes) return error(Code::LOG_INCOMPLETE, "缺少文件", path);
  auto read = std::make_shared<RowBundle>();
  read->number = bundle;
  read->bytes = *std::move(bytes);
  std::vector<BytesView> parts;
  if (!cut(read->bytes, 4, [&parts](BytesView part) { parts.push_back(part); }) || parts.size() % 2 != 0) {
    return error(Code::LOG_TAMPERED, "文件的内容与其长度不符", path);
  }
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    const bool in_order = read->rows.empty() || read->rows.back().first < parts[i];
    const bool in_place = rows == Rows::named || (parts[i].size() >= 8 && read_u64(parts[i]) >> kRowsShift == bundle);
    if (!in_order || !in_place) return error(Code::LOG_TAMPERED, "文件中的行不在其位，或次序不对", path);
    read->rows.emplace_back(parts[i], parts[i + 1]);
  }
  return RowBundlePtr(std::move(read));
}

const std::vector<std::uint64_t>& ExportedFolder::bundles_of(Rows rows) const {
  const std::lock_guard guard(mutex_);
  const auto known = bundles_.find(rows);
  return known != bundles_.end() ? known->second : bundles_.emplace(rows, find_bundles(rows)).first->second;
}

// Those that are there: numbers may be left out, and an alien file cannot make a reader count to its number.
std::vector<std::uint64_t> ExportedFolder::find_bundles(Rows rows) const {
  if (rows == Rows::named) return {0};
  std::vector<std::uint64_t> numbers;
  const fs::path folder = fs::path(folder_) / folder_of(rows);
  std::error_code failed;
  for (fs::recursive_directory_iterator it(folder, failed); !failed && it != fs::recursive_directory_iterator();
       it.increment(failed)) {
    const std::string path = it->path().lexically_relative(folder).string();
    const auto number = it->is_regular_file() ? ledger::parse_number_path(path) : std::nullopt;
    if (number) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Status ExportedFolder::for_each_row(Rows rows, BytesView from, const VisitRow& visit) const {
  if (!fs::exists(folder_ + "/" + folder_of(rows))) {
    return error(Code::LOG_INCOMPLETE, "导出目录不含密钥行或检查点：导出时请加 --with-keys", folder_);
  }
  const std::uint64_t first_bundle = rows == Rows::named || from.size() < 8 ? 0 : read_u64(from) >> kRowsShift;
  const std::vector<std::uint64_t>& bundles = bundles_of(rows);
  for (auto at = std::lower_bound(bundles.begin(), bundles.end(), first_bundle); at != bundles.end(); ++at) {
    CHUANYU_TRY(const RowBundlePtr bundle, rows_of(rows, *at));
    const auto& list = bundle->rows;
    const auto first = std::lower_bound(list.begin(), list.end(), from,
                                        [](const auto& row, BytesView key) { return row.first < key; });
    for (auto row = first; row != list.end(); ++row) {
      CHUANYU_TRY(const bool wanted, visit(row->first, row->second));
      if (!wanted) return {};
    }
  }
  return {};
}

}  // namespace chuanyu::audit
