#include "gateway/app/restore.h"

#include "gateway/audit/log_reader.h"
#include "gateway/crypto/signature.h"
#include "gateway/journal/restore.h"

namespace chuanyu::app {

using audit::LogReader;

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
  const auto rows = [&log](LogReader::Rows which) {
    return [&log, which](const journal::Backup::Rows& visit) {
      return log->for_each_row(which, {}, [&](BytesView row, BytesView value) -> Result<bool> {
        CHUANYU_CHECK(visit(row, value));
        return true;
      });
    };
  };
  journal::Backup backup;
  backup.origin = log->origin();
  backup.size = log->size();
  backup.root = log->root();
  if (const auto newest = log->checkpoint_from(log->size())) backup.checkpoint = newest->note;
  backup.entries = [&log](const journal::Backup::Entries& visit) {
    return log->for_each(0, log->size(), [&](std::uint64_t, BytesView entry) { return visit(entry); });
  };
  backup.checkpoints = rows(LogReader::Rows::checkpoints);
  backup.slots = rows(LogReader::Rows::slots);
  backup.named = rows(LogReader::Rows::named);
  backup.blob = [&log](const crypto::Digest& sha256) { return log->blob(sha256); };
  CHUANYU_CHECK(journal::restore(config.data, keys, backup));
  return log->size();
}

}  // namespace chuanyu::app
