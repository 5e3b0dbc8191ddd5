#include "gateway/journal/state_store.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "gateway/base/log.h"
#include "gateway/journal/state.h"
#include "gateway/ledger/layout.h"
#include "gateway/storage/durable_file.h"

namespace chuanyu::journal {
namespace {

constexpr const char* kBootFile = "boot";
constexpr BytesView kClean = "clean";
constexpr std::uint64_t kCatchUpBatch = 4096;

// Changes with every start of the machine. Unreadable: equal to nothing, so that the state is rebuilt.
Bytes boot_id() {
  // Not read_file(): a file of /proc says that it is empty.
  if (std::FILE* file = std::fopen("/proc/sys/kernel/random/boot_id", "re")) {
    char text[64] = {};
    const std::size_t size = std::fread(text, 1, sizeof text, file);
    std::fclose(file);
    return {text, size};
  }
  return {};
}

}  // namespace

Status StateStore::remove(const std::string& folder) {
  std::error_code failed;
  for (const char* name : {"boot", "data.mdb", "lock.mdb"}) {
    std::filesystem::remove(std::filesystem::path(folder) / name, failed);
    if (failed) return error(Code::LOCAL_IO, "不能删除状态文件：" + failed.message(), folder);
  }
  return {};
}

Result<std::unique_ptr<StateStore>> StateStore::open(const std::string& folder, Projection& projection,
                                                     const Shards& log, const Vault& vault) {
  std::unique_ptr<StateStore> made(new StateStore(folder, log.origin(), projection));
  const Bytes boot = boot_id();
  CHUANYU_TRY(const auto written_under, storage::read_file(folder + "/" + kBootFile));
  const bool sound = written_under && (*written_under == kClean || (!boot.empty() && *written_under == boot));
  if (!sound) {
    if (written_under) log::warn("journal.state_discarded", {{"reason", "machine restarted without a clean stop"}});
    CHUANYU_CHECK(remove(folder));
  }
  if (const Status opened = made->open_environment(); !opened.ok()) {
    if (opened.error().code == Code::LOCAL_IN_USE) return opened.error();
    log::warn("journal.state_discarded", {{"reason", opened.error().detail}});
    CHUANYU_CHECK(remove(folder));
    CHUANYU_CHECK(made->open_environment());
  }
  // From here on the state is only as sound as this boot.
  CHUANYU_CHECK(storage::write_durable_file(folder, kBootFile, boot));

  made->projection_.open(*made->environment_);
  CHUANYU_TRY(const auto position, made->stored_position(log));
  if (!position) CHUANYU_CHECK(made->start_anew());
  CHUANYU_CHECK(made->catch_up(position.value_or(0), log, vault));
  return made;
}

Status StateStore::open_environment() {
  storage::Options options;
  options.folder = folder_;
  options.tables = projection_.tables();
  options.tables.emplace_back(kPositionTable);
  options.durability = storage::Durability::lazy;
  CHUANYU_TRY(environment_, storage::Environment::open(options));
  position_ = environment_->table(kPositionTable);
  return {};
}

Result<std::optional<std::uint64_t>> StateStore::stored_position(const Shards& log) const {
  CHUANYU_TRY(const auto stored, state_position(*environment_));
  if (!stored) return std::optional<std::uint64_t>{};
  if (stored->projection != projection_.version()) {
    log::info("journal.state_rebuild", {{"reason", "projection version"}, {"from", stored->projection}});
    return std::optional<std::uint64_t>{};
  }
  if (stored->origin != log.origin()) return error(Code::LOCAL_CORRUPT, "状态属于另一日志", folder_);
  if (stored->size > log.size()) {
    return error(Code::LOCAL_CORRUPT,
                 "状态已应用 " + std::to_string(stored->size) + " 条而日志只有 " + std::to_string(log.size()) +
                     " 条：日志可能是旧副本，不要继续使用",
                 folder_);
  }
  CHUANYU_TRY(const auto root, log.root_at(stored->size));
  if (stored->root != root) return error(Code::LOCAL_CORRUPT, "状态所应用的日志与现有日志不同", folder_);
  return std::optional<std::uint64_t>(stored->size);
}

Status StateStore::start_anew() {
  CHUANYU_TRY(auto txn, environment_->write());
  for (const std::string& table : projection_.tables()) txn.clear(environment_->table(table));
  txn.clear(position_);
  return txn.commit();
}

Status StateStore::catch_up(std::uint64_t from, const Shards& log, const Vault& vault) {
  const std::uint64_t end = log.size();
  if (from == end) return {};
  log::info("journal.catching_up", {{"from", from}, {"to", end}});
  while (from < end) {
    const std::uint64_t to = std::min(end, from + kCatchUpBatch);
    CHUANYU_CHECK(begin());
    CHUANYU_CHECK(log.for_each(from, to, [&](std::uint64_t index, BytesView bytes) -> Status {
      CHUANYU_TRY(const ledger::Entry entry, ledger::decode(bytes));
      CHUANYU_TRY(const Opened opened, vault.open(entry));
      apply(Applied{index, entry, opened.body, opened.erased});
      return {};
    }));
    CHUANYU_TRY(const auto root, log.root_at(to));
    CHUANYU_CHECK(commit(to, root));
    caught_up_ += to - from;
    from = to;
  }
  log::info("journal.caught_up", {{"entries", caught_up_}});
  return {};
}

Status StateStore::begin() {
  if (txn_) return {};
  CHUANYU_TRY(txn_, environment_->write());
  return {};
}

Status StateStore::commit(std::uint64_t size, const crypto::Digest& root) {
  put_position(*txn_, position_, {projection_.version(), size, root, origin_});
  Status status = txn_->commit();
  txn_.reset();
  return status;
}

Status StateStore::close_cleanly() {
  CHUANYU_CHECK(environment_->flush());
  return storage::write_durable_file(folder_, kBootFile, kClean);
}

}  // namespace chuanyu::journal
