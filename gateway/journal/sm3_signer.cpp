#include "gateway/journal/sm3_signer.h"

#include <pthread.h>

#include <algorithm>

#include "gateway/base/log.h"
#include "gateway/ledger/sm_checkpoint.h"

namespace chuanyu::journal {
namespace {

constexpr std::uint64_t kSm3Chunk = 4096;                // entries a read transaction
constexpr std::uint64_t kSm3KeepEvery = 16 * kSm3Chunk;  // while catching up: each costs a commit

}  // namespace

Result<std::unique_ptr<Sm3Signer>> Sm3Signer::start(const LogStore& log,
                                                    std::shared_ptr<const crypto::Sm2SigningKey> key,
                                                    HandOver hand_over) {
  std::unique_ptr<Sm3Signer> made(new Sm3Signer(log, std::move(key), std::move(hand_over)));
  CHUANYU_TRY(made->tree_, log.sm3_tree());
  const std::uint64_t size = made->tree_.size();
  if (size > log.size()) return error(Code::LOCAL_CORRUPT, "SM3 树的长度大于日志长度");
  CHUANYU_TRY(made->own_, ledger::read_frontier(size, ledger::node_reader(log.tiles())));
  made->size_ = made->handed_over_ = size;
  made->thread_ = std::thread([signer = made.get()] { signer->run(); });
  return made;
}

Sm3Signer::Sm3Signer(const LogStore& log, std::shared_ptr<const crypto::Sm2SigningKey> key, HandOver hand_over)
    : log_(log), key_(std::move(key)), hand_over_(std::move(hand_over)) {}

Sm3Signer::~Sm3Signer() { stop(); }

void Sm3Signer::follow(std::uint64_t size) {
  {
    const std::lock_guard guard(mutex_);
    wanted_ = std::max(wanted_, size);
  }
  changed_.notify_one();
}

void Sm3Signer::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sm3Signer::run() {
  ::pthread_setname_np(::pthread_self(), "log-sm3");
  Status status = find_last();
  for (bool stopping = false; status.ok() && !stopping;) {
    std::uint64_t wanted = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || wanted_ > size_; });
      wanted = wanted_;
      stopping = stopping_;
    }
    if (wanted > size_) status = grow(wanted);
  }
  if (status.ok()) {
    if (size_ > handed_over_) hand_over({});
    return;
  }
  healthy_ = false;
  log::error("journal.sm3_signer_stopped",
             {{"code", to_string(status.error().code)}, {"detail", status.error().detail}, {"size", size_.load()}});
}

// A row that was lost, or is older, is caught up with; the tree must then agree with what was signed before.
Status Sm3Signer::find_last() {
  CHUANYU_TRY(last_, log_.last_sm3_checkpoint());
  return check_last();
}

Status Sm3Signer::check_last() {
  if (!last_ || last_->size > size_) return {};
  const bool same = last_->size < size_ || last_->root == tree_.root();
  last_.reset();
  return same ? Status{} : error(Code::LOCAL_CORRUPT, "条目得出的 SM3 根哈希与已签名的不符");
}

Status Sm3Signer::grow(std::uint64_t wanted) {
  CHUANYU_CHECK(hash_to(std::min({wanted, last_ ? last_->size : wanted, size_ + kSm3Chunk})));
  CHUANYU_CHECK(check_last());
  if (size_ == wanted) {
    hand_over(ledger::sign_sm3_checkpoint({ledger::sm3_origin(log_.origin()), size_, tree_.root(), {}}, *key_));
  } else if (size_ - handed_over_ >= kSm3KeepEvery) {
    hand_over({});
  }
  return {};
}

Status Sm3Signer::hash_to(std::uint64_t size) {
  CHUANYU_CHECK(log_.for_each(size_, size, [this](std::uint64_t, BytesView entry) -> Status {
    tree_.append(ledger::sm3_leaf_hash(entry));
    own_.append(ledger::leaf_hash(entry));
    return {};
  }));
  size_ = size;
  // The tiles up to here were compared with the entries before the log's own checkpoint was signed.
  CHUANYU_TRY(const auto root, log_.root_at(size));
  if (root != own_.root()) return error(Code::LOCAL_CORRUPT, "条目与已签名的根哈希不符");
  return {};
}

void Sm3Signer::hand_over(std::string note) {
  handed_over_ = size_;
  hand_over_({tree_, std::move(note)});
}

}  // namespace chuanyu::journal
