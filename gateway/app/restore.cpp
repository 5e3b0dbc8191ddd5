#include "gateway/app/restore.h"

#include <map>
#include <set>

#include "gateway/app/witnesses.h"
#include "gateway/audit/log_reader.h"
#include "gateway/base/log.h"
#include "gateway/crypto/aead.h"
#include "gateway/crypto/key_file.h"
#include "gateway/crypto/signature.h"
#include "gateway/journal/restore.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/payload.h"

namespace chuanyu::app {

using audit::LogReader;

namespace {

// What this gateway cosigned of others' logs stands in its own (PEER_CHECKPOINT): a backup has no witness/, and a
// witness that forgot what it saw would cosign another story. By origin, the last one.
class Cosigned {
 public:
  void see(BytesView bytes) {
    if (ledger::kind_of(bytes) != ledger::EntryKind::peer_checkpoint) return;
    auto entry = ledger::decode(bytes);
    if (entry.ok()) last_[entry->what] = std::move(entry->content);
  }
  Status remember(const config::Config& config) const {
    const SystemClock clock;
    CHUANYU_TRY(const auto book, open_book(config, clock));
    if (!book) return {};
    for (const auto& [origin, note] : last_) {
      const auto taken = book->remember(note);
      // Cosigned by a key that this witness has no more, or of a log that it is not to watch any more.
      if (!taken.ok()) log::warn("restore.witness", {{"log", origin}, {"why", taken.error().detail}});
    }
    return {};
  }

 private:
  std::map<std::string, std::string> last_;
};

// The two keys that every gateway needs are there and open, before anything is written: without them, or with another
// key-encryption key, the restored gateway would not start.
Status check_named_keys(const config::Config& config, const journal::Backup& backup) {
  CHUANYU_TRY(const Secret kek, crypto::read_raw_key_file(config.keys.kek, crypto::kAeadKeyBytes));
  std::set<std::string> missing{"token", "digest"};
  CHUANYU_CHECK(backup.named([&](BytesView name, BytesView row) -> Status {
    if (!ledger::unwrap_key(kek, name, row).ok()) {
      return error(Code::LOCAL_KEY_FILE, "密钥加密密钥打不开备份的数据密钥：不是备份当时的那一把，或备份已损坏",
                   config.keys.kek);
    }
    missing.erase(std::string(name));
    return {};
  }));
  if (missing.empty()) return {};
  return error(Code::LOG_INCOMPLETE, "备份的数据密钥中缺少 " + *missing.begin(), "keys/named");
}

}  // namespace

Result<std::uint64_t> restore(const config::Config& config, const std::string& exported) {
  CHUANYU_TRY(const auto log, LogReader::open(exported));
  if (log->is_data_folder()) {
    return error(Code::CONFIG_VALUE, "应为 chuanyu-audit export 写出的目录", exported);
  }
  if (log->origin() != config.gateway.origin) {
    return error(Code::CONFIG_VALUE, "备份属于日志 " + log->origin() + "，配置为 " + config.gateway.origin, exported);
  }
  CHUANYU_TRY(const auto key, crypto::SigningKey::from_pem_file(config.keys.log_key));
  ledger::VerifyKeys keys(key.verify_key());
  if (!config.keys.old_log_key.empty()) {
    CHUANYU_TRY(const auto old, crypto::SigningKey::from_pem_file(config.keys.old_log_key));
    keys.add(old.verify_key());
  }
  const auto rows = [](const LogReader& of, LogReader::Rows which) {
    return [&of, which](const journal::Backup::Rows& visit) {
      return of.for_each_row(which, {}, [&](BytesView row, BytesView value) -> Result<bool> {
        CHUANYU_CHECK(visit(row, value));
        return true;
      });
    };
  };
  Cosigned cosigned;
  journal::Backup backup;
  for (const LogReader::Part& part : log->parts()) {
    const LogReader& of = *part.log;
    journal::Backup::Shard& shard = backup.shards.emplace_back();
    shard.name = part.name;
    shard.origin = of.origin();
    shard.size = of.size();
    shard.root = of.root();
    if (const auto newest = of.checkpoint_from(of.size())) shard.checkpoint = newest->note;
    shard.entries = [&of, &cosigned](const journal::Backup::Entries& visit) {
      return of.for_each(0, of.size(), [&](std::uint64_t, BytesView entry) {
        cosigned.see(entry);
        return visit(entry);
      });
    };
    shard.checkpoints = rows(of, LogReader::Rows::checkpoints);
  }
  if (!backup.shards.front().name.empty()) return error(Code::LOG_INCOMPLETE, "备份缺少第一卷", exported);
  backup.slots = rows(*log, LogReader::Rows::slots);
  backup.named = rows(*log, LogReader::Rows::named);
  backup.blob = [&log](const crypto::Digest& sha256) { return log->blob(sha256); };
  CHUANYU_CHECK(check_named_keys(config, backup));
  if (const Status restored = journal::restore(config.data, keys, backup); !restored.ok()) {
    Error why = restored.error();
    if (why.code == Code::LOG_SIGNATURE)
      why.detail += "；备份之后换过日志密钥时，keys.log_key、keys.old_log_key 须是当时的与其后的私钥";
    return why;
  }
  CHUANYU_CHECK(cosigned.remember(config));
  return log->size();
}

}  // namespace chuanyu::app
