#include "gateway/journal/key_store.h"

#include <pthread.h>

#include "gateway/base/log.h"
#include "gateway/crypto/aead.h"
#include "gateway/ledger/layout.h"
#include "gateway/ledger/payload.h"

namespace chuanyu::journal {
namespace {

namespace layout = ledger::layout;

// Small, because the log's flushes wait for this one and its writer for the core; an import takes the low water in
// about 50 ms, and refilling a batch takes 2.
constexpr std::size_t kBatch = 512;
constexpr std::size_t kLowWater = 2048;
constexpr std::size_t kPolite = 32;  // keys wrapped before whoever waits for the core is let in
constexpr std::uint64_t kMapBytes = std::uint64_t{1} << 36;

}  // namespace

Result<std::unique_ptr<KeyStore>> KeyStore::open(const std::string& folder, Secret key_encryption_key,
                                                 std::uint32_t epoch, ledger::Profile profile) {
  if (key_encryption_key.reveal().size() != crypto::kAeadKeyBytes) {
    return error(Code::LOCAL_KEY_FILE, "密钥加密密钥应为 32 字节");
  }
  storage::Options options;
  options.folder = folder;
  options.tables = layout::key_tables();
  options.map_bytes = kMapBytes;
  CHUANYU_TRY(auto environment, storage::Environment::open(options));
  std::unique_ptr<KeyStore> made(new KeyStore(std::move(environment), std::move(key_encryption_key), epoch, profile));
  CHUANYU_TRY(made->token_key_, made->named_key("token"));
  CHUANYU_TRY(made->digest_key_, made->named_key("digest"));
  CHUANYU_CHECK(made->find_next_slot());
  made->refiller_ = std::thread([store = made.get()] { store->refill(); });
  return made;
}

KeyStore::KeyStore(std::unique_ptr<storage::Environment> environment, Secret key_encryption_key, std::uint32_t epoch,
                   ledger::Profile profile)
    : environment_(std::move(environment)),
      slots_(environment_->table(layout::kSlots)),
      named_(environment_->table(layout::kNamed)),
      key_encryption_key_(std::move(key_encryption_key)),
      epoch_(epoch),
      profile_(profile) {}

KeyStore::~KeyStore() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (refiller_.joinable()) refiller_.join();
  take_back();
}

// Never handed out, so nothing is sealed under them. Best effort: what stays is only in the way.
void KeyStore::take_back() {
  if (pool_.size() < 2) return;
  auto txn = environment_->write();
  if (!txn.ok()) return;
  for (auto slot = pool_.begin(); slot + 1 != pool_.end(); ++slot) txn->erase(slots_, layout::number_key(slot->number));
  if (const Status done = txn->commit(); !done.ok()) log::warn("journal.keys_left", {{"why", done.error().to_text()}});
}

// Made at the first opening. That it unwraps at every later one proves the key-encryption key.
Result<Secret> KeyStore::named_key(const char* name) {
  {
    CHUANYU_TRY(const auto txn, environment_->read());
    const auto row = txn.get(named_, name);
    CHUANYU_CHECK(txn.status());
    if (row) {
      auto key = ledger::unwrap_key(key_encryption_key_, name, *row);
      if (!key.ok()) return error(key.error().code, "密钥加密密钥与数据目录不符");
      return std::move(key->secret);
    }
    if (txn.count(slots_) > 0) {
      return error(Code::LOCAL_CORRUPT, "数据密钥中缺少 " + std::string(name) + "：请由备份恢复", "keys/");
    }
  }
  ledger::DataKey key{Secret(crypto::random_bytes(crypto::kAeadKeyBytes)), profile_};
  CHUANYU_TRY(auto txn, environment_->write());
  txn.put(named_, name, ledger::wrap_key(key_encryption_key_, epoch_, name, key));
  CHUANYU_CHECK(txn.commit());
  return std::move(key.secret);
}

Status KeyStore::find_next_slot() {
  CHUANYU_TRY(const auto txn, environment_->read());
  auto cursor = txn.cursor(slots_);
  if (cursor.last()) next_slot_ = read_u64(cursor.key()) + 1;
  return txn.status();
}

Result<KeyStore::Slot> KeyStore::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !pool_.empty() || failure_ || stopping_; });
  if (pool_.empty()) return failure_ ? *failure_ : error(Code::LOCAL_DRAINING, "密钥池已关闭");
  Slot slot = std::move(pool_.front());  // the oldest slots go first
  pool_.pop_front();
  if (pool_.size() + 1 == kLowWater) changed_.notify_all();
  return slot;
}

Result<std::optional<ledger::DataKey>> KeyStore::slot_key(std::uint64_t slot) const {
  CHUANYU_TRY(const auto txn, environment_->read());
  const auto row = txn.get(slots_, layout::number_key(slot));
  CHUANYU_CHECK(txn.status());
  if (!row) return std::optional<ledger::DataKey>{};
  CHUANYU_TRY(ledger::DataKey key, ledger::unwrap_key(key_encryption_key_, ledger::slot_name(slot), *row));
  return std::optional<ledger::DataKey>(std::move(key));
}

Status KeyStore::destroy(const std::vector<std::uint64_t>& slots) {
  CHUANYU_TRY(auto txn, environment_->write());
  bool any = false;
  for (const std::uint64_t slot : slots) {
    if (!txn.get(slots_, layout::number_key(slot))) continue;
    txn.erase(slots_, layout::number_key(slot));
    any = true;
  }
  CHUANYU_CHECK(txn.status());
  return any ? txn.commit() : Status{};
}

Result<std::vector<KeyStore::Slot>> KeyStore::make_slots() {
  std::vector<Slot> made;
  made.reserve(kBatch);
  constexpr std::size_t kRandomBytes = crypto::kAeadKeyBytes + ledger::kWrapNonceBytes;
  const Secret random(crypto::random_bytes(kBatch * kRandomBytes));  // one call costs what forty bytes do
  CHUANYU_TRY(auto txn, environment_->write());
  for (std::size_t i = 0; i < kBatch; ++i) {
    if (i % kPolite == 0) std::this_thread::yield();
    const std::string_view mine = random.reveal().substr(i * kRandomBytes, kRandomBytes);
    Slot slot{next_slot_++, {Secret(std::string(mine.substr(0, crypto::kAeadKeyBytes))), profile_}};
    txn.append(slots_, layout::number_key(slot.number),
               ledger::wrap_key(key_encryption_key_, epoch_, ledger::slot_name(slot.number), slot.key,
                                mine.substr(crypto::kAeadKeyBytes)));
    made.push_back(std::move(slot));
  }
  CHUANYU_CHECK(txn.commit());
  return made;
}

void KeyStore::refill() {
  ::pthread_setname_np(::pthread_self(), "log-keys");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || pool_.size() < kLowWater; });
    if (stopping_) return;
    lock.unlock();
    auto made = make_slots();
    lock.lock();
    if (!made.ok()) {
      log::error("journal.keys_unavailable", {{"code", to_string(made.error().code)}, {"detail", made.error().detail}});
      failure_ = made.error();
      failed_ = true;
      changed_.notify_all();
      return;
    }
    pool_.insert(pool_.end(), std::make_move_iterator(made->begin()), std::make_move_iterator(made->end()));
    changed_.notify_all();
  }
}

}  // namespace chuanyu::journal
