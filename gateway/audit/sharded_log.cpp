#include "gateway/audit/sharded_log.h"

#include <algorithm>
#include <filesystem>

#include "gateway/audit/data_folder.h"
#include "gateway/audit/exported_folder.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/shard.h"
#include "gateway/storage/durable_folder.h"

namespace chuanyu::audit {
namespace {

namespace fs = std::filesystem;

Result<std::unique_ptr<LogReader>> open_shard(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + ledger::kShardsFolder + "/" + name;
  return ExportedFolder::is_one(path) ? ExportedFolder::open(path) : DataFolder::open(folder, path);
}

// What the shard itself says comes before it; whether that is so is for check_links() to find out.
std::uint64_t base_of(const LogReader& shard, std::uint64_t otherwise) {
  std::uint64_t base = otherwise;
  (void)shard.for_each(0, std::min<std::uint64_t>(shard.size(), 1), [&](std::uint64_t, BytesView bytes) -> Status {
    CHUANYU_TRY(const ledger::Entry entry, ledger::decode(bytes));
    CHUANYU_TRY(const ledger::ShardOpening opening, ledger::parse_shard_opening(entry.content));
    base = opening.base;
    return {};
  });
  return base;
}

}  // namespace

std::vector<std::string> ShardedLog::names_in(const std::string& folder) {
  std::vector<std::string> names = storage::names_in(folder + "/" + ledger::kShardsFolder);
  std::erase_if(names, [](const std::string& name) { return !ledger::is_shard_name(name); });
  return names;
}

Status ShardedLog::add(Result<std::unique_ptr<LogReader>> shard, const std::string& name,
                       std::vector<Error>* left_out) {
  if (!shard.ok()) {
    if (left_out == nullptr) return std::move(shard).error();
    left_out->push_back(std::move(shard).error());
    return {};
  }
  Shard made{*std::move(shard), name};
  set_base(*made.log, std::max(size_, base_of(*made.log, size_)));  // never over what stands before it
  size_ = made.base() + made.log->size();
  shards_.push_back(std::move(made));
  return {};
}

Result<std::unique_ptr<LogReader>> ShardedLog::open(const std::string& folder, const std::vector<std::string>& names,
                                                    std::vector<Error>* left_out) {
  std::unique_ptr<ShardedLog> made(new ShardedLog(folder));
  if (ExportedFolder::is_one(folder) || fs::is_directory(folder + "/log")) {
    CHUANYU_CHECK(made->add(open_first(folder), {}, left_out));
  }
  for (const std::string& name : names) CHUANYU_CHECK(made->add(open_shard(folder, name), name, left_out));
  if (made->shards_.empty()) return error(Code::LOG_INCOMPLETE, "没有一卷能够打开", folder);
  const Shard& front = made->shards_.front();
  made->origin_ = front.log->origin();
  if (!front.name.empty() && made->origin_.ends_with("/" + front.name)) {
    made->origin_.resize(made->origin_.size() - front.name.size() - 1);
  }
  made->root_ = made->shards_.back().log->root();
  return std::unique_ptr<LogReader>(std::move(made));
}

std::vector<LogReader::Part> ShardedLog::parts() const {
  std::vector<Part> parts;
  for (const Shard& shard : shards_) parts.push_back({shard.log.get(), shard.name});
  return parts;
}

Status ShardedLog::walk(Pass pass, std::uint64_t from, std::uint64_t to, const Visit& visit) const {
  for (const Shard& shard : shards_) {
    // The newest may have grown: whoever asks for more gets it.
    const std::uint64_t end = &shard == &shards_.back() ? to : std::min(to, shard.base() + shard.log->size());
    if (from >= end) continue;
    if (from < shard.base()) break;
    CHUANYU_CHECK((shard.log.get()->*pass)(
        from - shard.base(), end - shard.base(),
        [&](std::uint64_t index, BytesView entry) { return visit(shard.base() + index, entry); }));
    from = end;
  }
  if (from >= to) return {};
  return error(Code::LOG_INCOMPLETE, "缺少第 " + std::to_string(from) + " 条起的分卷", folder_);
}

Status ShardedLog::for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const {
  return walk(&LogReader::for_each, from, to, visit);
}

Status ShardedLog::for_each_hashed(std::uint64_t from, std::uint64_t to, const Visit& visit) const {
  return walk(&LogReader::for_each_hashed, from, to, visit);
}

std::optional<Bytes> ShardedLog::tile(const ledger::TileId&) const { return std::nullopt; }  // each shard has its own

Result<Bytes> ShardedLog::blob(const crypto::Digest& sha256) const {
  for (const Shard& shard : shards_) {
    auto found = shard.log->blob(sha256);
    if (found.ok() || found.error().code != Code::LOG_INCOMPLETE || &shard == &shards_.back()) return found;
  }
  return error(Code::LOG_INCOMPLETE, "日志没有分卷", folder_);
}

// Keys stand beside the first shard; checkpoints are the newest shard's.
Status ShardedLog::for_each_row(Rows rows, BytesView from, const VisitRow& visit) const {
  if (rows != Rows::checkpoints && !shards_.front().name.empty() && !is_data_folder()) {
    return error(Code::LOG_INCOMPLETE, "第一卷缺少或不能打开：其旁的数据密钥没有读", folder_);
  }
  const Shard& shard = rows == Rows::checkpoints ? shards_.back() : shards_.front();
  return shard.log->for_each_row(rows, from, visit);
}

}  // namespace chuanyu::audit
