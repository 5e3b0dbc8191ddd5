#include "gateway/journal/scrubber.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "gateway/base/log.h"
#include "gateway/base/metrics.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/layout.h"
#include "gateway/storage/durable_file.h"

namespace chuanyu::journal {
namespace {

constexpr std::uint64_t kWidth = ledger::kTileWidth;

BytesView hash_at(BytesView hashes, std::uint64_t place) {
  return hashes.substr(place * ledger::kHashBytes, ledger::kHashBytes);
}

std::string path_of(const Shard& shard, const ledger::TileId& tile) {
  return (shard.name.empty() ? "" : shard.name + "/") + ledger::tile_path(tile, ledger::kTileWidth);
}

}  // namespace

Scrubber::Scrubber(const Shards& shards, std::string folder, std::uint32_t entries_per_second)
    : shards_(shards), folder_(std::move(folder)), entries_per_second_(entries_per_second) {
  if (entries_per_second_ > 0) thread_ = std::thread([this] { run(); });
}

Scrubber::~Scrubber() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Scrubber::run() {
  ::pthread_setname_np(::pthread_self(), "log-scrubber");
  static auto passes = metrics::counter("chuanyu_log_scrub_passes_total", "Times the whole log was read again");
  const std::chrono::microseconds pause(kWidth * 1'000'000 / entries_per_second_);
  std::size_t at = 0;  // the shard
  for (std::uint64_t tile = 0;; ++tile) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, pause, [this] { return stopping_; })) return;
    }
    if (tile * kWidth >= shards_.all()[at].log->size()) {
      if (++at == shards_.all().size()) {
        at = 0;
        if (tile > 0) passes.add();
      }
      tile = 0;
    }
    const Shard& shard = shards_.all()[at];
    if (shard.log->size() > 0) look_at(shard, tile);
  }
}

void Scrubber::look_at(const Shard& shard, std::uint64_t tile) {
  const LogStore& log = *shard.log;
  const std::uint64_t from = tile * kWidth;
  const std::uint64_t to = std::min(log.size(), from + kWidth);
  const auto hashes = log.tile({0, tile});
  const std::string where = path_of(shard, {0, tile});
  if (!hashes.ok()) return found(hashes.error().detail, where);
  if (hashes->size() < (to - from) * ledger::kHashBytes) return found("哈希块不完整", where);
  const Status read = log.for_each(from, to, [&](std::uint64_t index, BytesView entry) -> Status {
    if (crypto::view(ledger::leaf_hash(entry)) != hash_at(*hashes, index - from)) {
      found("条目与其哈希不符", "log#" + std::to_string(shard.base + index));
    }
    check_blob(shard.base + index, entry);
    return {};
  });
  if (!read.ok()) return found(read.error().detail, where);
  if (to - from == kWidth) check_parent(shard, tile, *hashes);
}

// The hash that stands for a full tile one level up.
void Scrubber::check_parent(const Shard& shard, std::uint64_t tile, BytesView hashes) {
  ledger::Frontier tree;
  for (std::uint64_t i = 0; i < kWidth; ++i) {
    ledger::Digest leaf{};
    std::copy_n(hash_at(hashes, i).begin(), leaf.size(), leaf.begin());
    tree.append(leaf);
  }
  const ledger::TileId above{1, tile / kWidth};
  const auto parents = shard.log->tile(above);
  if (parents.ok() && hash_at(*parents, tile % kWidth) == crypto::view(tree.root())) return;
  found("上层哈希块与条目不符", path_of(shard, above));
}

void Scrubber::check_blob(std::uint64_t index, BytesView entry) {
  const auto decoded = ledger::decode(entry);
  if (!decoded.ok() || decoded->blob_bytes == 0) return;
  const auto bytes = storage::read_file(ledger::layout::blob_path(folder_, decoded->blob));
  if (bytes.ok() && *bytes && crypto::sha256(**bytes) == decoded->blob) return;
  found("大内容文件缺失或被改动", "log#" + std::to_string(index));
}

void Scrubber::found(const std::string& what, const std::string& where) {
  static auto errors = metrics::counter("chuanyu_log_scrub_errors_total", "Places where the log does not fit its tree");
  errors.add();
  healthy_ = false;
  log::error("journal.scrub", {{"code", to_string(Code::LOCAL_CORRUPT)}, {"what", what}, {"where", where}});
}

}  // namespace chuanyu::journal
