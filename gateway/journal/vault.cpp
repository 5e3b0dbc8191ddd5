#include "gateway/journal/vault.h"

#include <filesystem>

#include "gateway/ledger/layout.h"
#include "gateway/ledger/merkle.h"
#include "gateway/ledger/payload.h"
#include "gateway/storage/durable_file.h"

namespace chuanyu::journal {

namespace layout = ledger::layout;

Status Vault::seal_body(ledger::Entry& entry, BytesView body) const {
  CHUANYU_TRY(const KeyStore::Slot slot, keys_->take());
  entry.slot = slot.number;
  entry.key_epoch = keys_->epoch();
  Bytes sealed = ledger::seal_payload(slot.key, entry.exchange, slot.number, body);
  if (sealed.size() <= layout::kMaxInlinePayload) {
    entry.payload = std::move(sealed);
    return {};
  }
  // The blob is durable before the entry that names it.
  entry.blob = crypto::sha256(sealed);
  entry.blob_bytes = sealed.size();
  const std::filesystem::path path = layout::blob_path(folder_, entry.blob);
  return storage::write_durable_file(path.parent_path().string(), path.filename().string(), sealed);
}

Sealed Vault::seal(ledger::Entry entry, Bytes body) const {
  Sealed sealed;
  if (!body.empty()) sealed.status = seal_body(entry, body);
  if (sealed.status.ok() && ledger::encoded_bytes(entry) > ledger::kMaxEntryBytes) {
    sealed.status = error(Code::LOCAL_INTERNAL, "日志条目超过 65535 字节");
  }
  if (sealed.status.ok()) {
    sealed.encoded = ledger::encode(entry);
    sealed.leaf = ledger::leaf_hash(sealed.encoded);
  }
  sealed.entry = std::move(entry);
  sealed.body = std::move(body);
  return sealed;
}

Result<Opened> Vault::open(const ledger::Entry& entry) const {
  if (entry.slot == 0) return Opened{};
  CHUANYU_TRY(const auto key, keys_->slot_key(entry.slot));
  if (!key) return Opened{{}, true};
  Bytes blob;
  if (entry.blob_bytes > 0) {
    CHUANYU_TRY(auto found, storage::read_file(layout::blob_path(folder_, entry.blob)));
    if (!found) return error(Code::LOCAL_CORRUPT, "缺少大内容文件");
    if (crypto::sha256(*found) != entry.blob) return error(Code::LOCAL_CORRUPT, "大内容文件被改动");
    blob = *std::move(found);
  }
  auto body = ledger::open_payload(*key, entry.exchange, entry.slot, entry.blob_bytes > 0 ? blob : entry.payload);
  if (!body.ok()) return error(Code::LOCAL_CORRUPT, "条目的密文不能打开");
  return Opened{std::move(body).value(), false};
}

}  // namespace chuanyu::journal
