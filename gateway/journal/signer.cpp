#include "gateway/journal/signer.h"

#include <pthread.h>

#include <algorithm>

#include "gateway/base/log.h"
#include "gateway/ledger/sm_checkpoint.h"

namespace chuanyu::journal {
namespace {

constexpr std::uint64_t kChunk = 4096;  // entries a read transaction
constexpr std::uint64_t kPolite = 32;   // entries hashed before the writer, should it wait for the core, is let in

}  // namespace

Result<std::unique_ptr<Signer>> Signer::start(const LogStore& log, Keys keys, HandOver hand_over) {
  std::unique_ptr<Signer> made(new Signer(log, std::move(keys), std::move(hand_over)));
  if (const auto& last = log.checkpoint_at_open()) {
    CHUANYU_TRY(auto frontier, ledger::read_frontier(last->size, ledger::node_reader(log.tiles())));
    CHUANYU_TRY(made->tree_, ledger::TreeWriter::resume(std::move(frontier), log.tiles()));
    made->signed_size_ = last->size;
  }
  made->thread_ = std::thread([signer = made.get()] { signer->run(); });
  return made;
}

Signer::Signer(const LogStore& log, Keys keys, HandOver hand_over)
    : log_(log), keys_(std::move(keys)), hand_over_(std::move(hand_over)) {}

Signer::~Signer() { stop(); }

void Signer::grown() {
  // The lock makes sure that the thread is either before its check of the size or already waiting.
  { const std::lock_guard guard(mutex_); }
  changed_.notify_one();
}

void Signer::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Signer::run() {
  ::pthread_setname_np(::pthread_self(), "log-signer");
  auto last = std::chrono::steady_clock::now() - kSignEvery;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || log_.size() > signed_size_; });
      changed_.wait_until(lock, last + kSignEvery, [this] { return stopping_; });
      if (stopping_) break;
    }
    last = std::chrono::steady_clock::now();
    if (!sign()) return;
  }
  if (log_.size() > signed_size_) sign();
}

bool Signer::sign() {
  const std::uint64_t size = log_.size();
  if (const Status verified = verify_to(size); !verified.ok()) {
    healthy_ = false;
    log::error("journal.signer_stopped",
               {{"code", to_string(verified.error().code)}, {"detail", verified.error().detail}, {"size", size}});
    return false;
  }
  const ledger::Checkpoint checkpoint{log_.origin(), size, tree_.root(), {}};
  SignedNote note{size, ledger::sign_checkpoint(checkpoint, *keys_.ed25519)};
  if (keys_.old != nullptr) note.note += ledger::log_line(checkpoint, *keys_.old);
  if (keys_.sm2 != nullptr) note.note += ledger::sm2_line(ledger::to_text(checkpoint), log_.origin(), *keys_.sm2);
  signed_size_ = size;
  hand_over_(std::move(note));
  return true;
}

Status Signer::verify_to(std::uint64_t size) {
  while (tree_.size() < size) {
    const std::uint64_t to = std::min(size, tree_.size() + kChunk);
    CHUANYU_CHECK(log_.for_each(tree_.size(), to, [this](std::uint64_t index, BytesView entry) -> Status {
      if (index % kPolite == 0) std::this_thread::yield();
      tree_.append(ledger::leaf_hash(entry));
      return {};
    }));
    CHUANYU_CHECK(compare_tiles());
  }
  // The writer's way to the root, from the stored tiles alone, against ours from the entries.
  CHUANYU_TRY(const auto root, log_.root_at(size));
  if (root != tree_.root()) return error(Code::LOCAL_CORRUPT, "哈希块得出的根与条目得出的根不符");
  return {};
}

// Every tile that the new entries changed, as computed here, against the stored one (which may have grown further).
Status Signer::compare_tiles() {
  Status status;
  tree_.take_changed([&](const ledger::TileId& tile, BytesView computed) {
    if (!status.ok()) return;
    const auto stored = log_.tile(tile);
    if (!stored.ok()) {
      status = stored.error();
      return;
    }
    if (stored->size() < computed.size()) {
      status = error(Code::LOCAL_CORRUPT, "哈希块不完整", ledger::tile_path(tile, ledger::kTileWidth));
      return;
    }
    for (std::size_t at = 0; at < computed.size(); at += ledger::kHashBytes) {
      if (stored->compare(at, ledger::kHashBytes, computed, at, ledger::kHashBytes) == 0) continue;
      const std::uint64_t number = tile.number * ledger::kTileWidth + at / ledger::kHashBytes;
      status = error(Code::LOCAL_CORRUPT,
                     tile.level == 0 ? "第 " + std::to_string(number) + " 条与其哈希不符" : "上层哈希块与条目不符",
                     ledger::tile_path(tile, ledger::kTileWidth));
      return;
    }
  });
  return status;
}

}  // namespace chuanyu::journal
