#include "gateway/audit/links.h"

#include <algorithm>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

std::optional<ledger::Entry> entry_at(const LogReader& log, std::uint64_t index) {
  std::optional<ledger::Entry> found;
  if (index >= log.size()) return found;
  (void)log.for_each(index, index + 1, [&](std::uint64_t, BytesView bytes) -> Status {
    CHUANYU_TRY(found, ledger::decode(bytes));
    return {};
  });
  return found;
}

class Links {
 public:
  Links(const std::vector<LogReader::Part>& parts, std::vector<LogReport>& reports)
      : parts_(parts), reports_(reports) {}

  void run() {
    std::uint64_t before = 0;
    for (at_ = 0; at_ < parts_.size(); ++at_) {
      check_beginning(before);
      check_end();
      before = log().base() + log().size();
    }
  }

 private:
  const LogReader& log() const { return *parts_[at_].log; }
  std::string place(std::uint64_t index) const { return log().place(index); }
  void find(Code code, std::string detail, std::string where) {
    reports_[at_].findings.add(error(code, std::move(detail), std::move(where)));
  }

  // `before`: entries up to the end of the shard before.
  void check_beginning(std::uint64_t before) {
    const std::string& name = parts_[at_].name;
    const auto first = entry_at(log(), 0);
    const auto opening = first && first->kind == EntryKind::shard_open
                             ? ledger::parse_shard_opening(first->content)
                             : Result<ledger::ShardOpening>(error(Code::LOG_ENTRY_INVALID, "没有 SHARD_OPEN"));
    if (!opening.ok() && name.empty()) return;  // the first shard, which follows nothing
    if (!opening.ok()) return find(Code::LOG_TAMPERED, "分卷的开头：" + opening.error().detail, place(0));
    if (!name.empty() && !log().origin().ends_with("/" + name)) {
      find(Code::LOG_TAMPERED, "分卷的名称与其目录不同：" + log().origin(), parts_[at_].name);
    }
    read_recovery();
    if (at_ == 0 || parts_[at_ - 1].log->origin() != opening->previous) {
      // What stands before the gap is quoted by nothing that is here.
      for (std::size_t i = at_; i-- > 0 && reports_[i].by_earlier_keys;) reports_[i].tell_wrong_key();
      return find(Code::LOG_INCOMPLETE, "缺少前一分卷 " + opening->previous, place(0));
    }
    if (opening->base != before) {
      find(Code::LOG_TAMPERED,
           "所记的起始序号 " + std::to_string(opening->base) + " 与此前各卷共 " + std::to_string(before) + " 条不符",
           place(0));
    }
    check_note(*opening);
    check_how_it_ended();
  }

  void read_recovery() {
    const auto second = recovery_entry(log());
    if (!second) return;
    auto recovery = ledger::parse_recovery(second->content);
    if (!recovery.ok()) return find(Code::LOG_TAMPERED, recovery.error().detail, place(1));
    reports_[at_].recovery = *std::move(recovery);
  }

  // The note that the opening quotes is the last of the shard before: the same tree, signed by the same key.
  void check_note(const ledger::ShardOpening& opening) {
    const LogReport& previous = reports_[at_ - 1];
    if (opening.note.empty() && reports_[at_].recovery) return;  // nothing had been signed
    const auto note = ledger::parse_note(opening.note);
    const auto quoted = ledger::parse_checkpoint(note.ok() ? note->text : std::string());
    if (!note.ok() || !quoted.ok()) return find(Code::LOG_TAMPERED, "开头所引的检查点不可读", place(0));
    // A shard that only keys from before the auditor's signed is vouched for by the one that quotes it.
    const ledger::VerifyKeys& signers = previous.by_earlier_keys ? previous.earlier_keys : previous.log_keys;
    if (previous.signatures_checked && !ledger::is_signed_by(*note, opening.previous, signers)) {
      find(Code::LOG_SIGNATURE, "开头所引的检查点没有所给公钥的有效签名", place(0));
    }
    if (quoted->size > previous.size) {
      return find(Code::LOG_INCOMPLETE,
                  "前一分卷应有 " + std::to_string(quoted->size) + " 条，只有 " + std::to_string(previous.size) +
                      " 条：末尾被截去，或副本较旧",
                  previous.origin);
    }
    const bool whole = quoted->size == previous.size && quoted->root == previous.root;
    const auto stored = parts_[at_ - 1].log->checkpoint_from(quoted->size);
    const bool kept = stored && stored->size == quoted->size && stored->note.starts_with(note->text);
    if (quoted->origin != opening.previous || (reports_[at_].recovery ? !kept : !whole)) {
      find(Code::LOG_TAMPERED, "开头所引的检查点与前一分卷不符", place(0));
    }
  }

  void check_how_it_ended() {
    const LogReport& previous = reports_[at_ - 1];
    const auto& recovery = reports_[at_].recovery;
    if (!recovery) {
      const auto last = entry_at(*parts_[at_ - 1].log, previous.size - 1);
      if (last && last->kind == EntryKind::shard_close) return;
      return find(Code::LOG_TAMPERED, "前一分卷没有封存，本卷开头也没有恢复的条目", place(0));
    }
    if (recovery->size != previous.size || recovery->root != previous.root) {
      find(recovery->size > previous.size ? Code::LOG_INCOMPLETE : Code::LOG_TAMPERED,
           "恢复的条目所记的长度或根哈希与前一分卷不符", place(1));
    }
    std::uint64_t seen = 0;
    for (const auto& one : recovery->seen) seen = std::max(seen, one.size);
    find(Code::LOG_RECOVERED,
         "日志由备份恢复：前一分卷止于第 " + std::to_string(previous.size) + " 条" +
             (seen > 0 ? "，见证方曾见到 " + std::to_string(seen) + " 条，其间的已失去" : "") + "；批准人 " +
             recovery->approver + "，原因 " + recovery->reason,
         place(1));
  }

  // A shard that is closed has nothing behind its last entry; recoveries stand only at a beginning.
  void check_end() {
    const LogReport& report = reports_[at_];
    const auto count = [&](EntryKind kind) {
      const auto found = report.kinds.find(std::string(to_string(kind)));
      return found == report.kinds.end() ? std::uint64_t{0} : found->second;
    };
    const auto last = log().size() > 0 ? entry_at(log(), log().size() - 1) : std::nullopt;
    const std::uint64_t closed = last && last->kind == EntryKind::shard_close ? 1 : 0;
    reports_[at_].ends_closed = closed > 0 && at_ + 1 == parts_.size();
    if (count(EntryKind::shard_close) != closed) {
      find(Code::LOG_TAMPERED, "封存（SHARD_CLOSE）之后还有条目", report.origin);
    }
    if (count(EntryKind::recovery) != (report.recovery ? 1U : 0U)) {
      find(Code::LOG_TAMPERED, "恢复（RECOVERY）的条目不在分卷的开头", report.origin);
    }
  }

  const std::vector<LogReader::Part>& parts_;
  std::vector<LogReport>& reports_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<ledger::Entry> recovery_entry(const LogReader& shard) {
  auto second = entry_at(shard, 1);
  return second && second->kind == EntryKind::recovery ? std::move(second) : std::nullopt;
}

void check_links(const std::vector<LogReader::Part>& parts, std::vector<LogReport>& reports) {
  Links(parts, reports).run();
}

}  // namespace chuanyu::audit
