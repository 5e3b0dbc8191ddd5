#include "gateway/audit/key_rows.h"

#include <set>

#include "gateway/ledger/payload.h"

namespace chuanyu::audit {
namespace {

using Rows = LogReader::Rows;

class KeyRows {
 public:
  KeyRows(const LogReader& log, const Secret& key) : log_(log), key_(key) {}

  Status read() {
    CHUANYU_CHECK(read_table(Rows::named));
    return read_table(Rows::slots);
  }
  void tell(LogReport& report) const {
    report.key_rows = rows_ - closed_;
    for (const char* name : {"token", "digest"}) {
      if (named_.contains(name)) continue;
      report.findings.add(
          error(Code::LOG_INCOMPLETE, "数据密钥中缺少 " + std::string(name) + "：由此恢复的网关不能工作", "keys/"));
    }
    if (closed_ == 0 && rows_ > 0) return;
    if (closed_ == rows_) {
      return report.findings.add(
          error(Code::LOCAL_KEY_FILE, "所给的密钥加密密钥打不开任何一行数据密钥：不是这份日志的，或已换过", "keys/"));
    }
    report.findings.add(error(Code::LOG_TAMPERED,
                              std::to_string(rows_) + " 行数据密钥中有 " + std::to_string(closed_) +
                                  " 行打不开：被改动，其内容已不能解密；所指为其中第一行",
                              first_));
  }

 private:
  Status read_table(Rows table) {
    return log_.for_each_row(table, {}, [&](BytesView key, BytesView row) -> Result<bool> {
      const bool slot = table == Rows::slots;
      const bool fits = !slot || key.size() == sizeof(std::uint64_t);
      const std::string name = slot && fits ? ledger::slot_name(read_u64(key)) : std::string(key);
      ++rows_;
      if (!slot) named_.insert(name);
      if (fits && ledger::unwrap_key(key_, name, row).ok()) return true;
      if (closed_++ == 0) first_ = slot && fits ? "slot#" + std::to_string(read_u64(key)) : "keys/";
      return true;
    });
  }

  const LogReader& log_;
  const Secret& key_;
  std::uint64_t rows_ = 0;
  std::uint64_t closed_ = 0;
  std::string first_;
  std::set<std::string> named_;
};

}  // namespace

void check_key_rows(const LogReader& log, const Secret& key_encryption_key, LogReport& report) {
  KeyRows rows(log, key_encryption_key);
  if (const Status read = rows.read(); !read.ok()) return report.findings.add(read.error());
  rows.tell(report);
}

}  // namespace chuanyu::audit
