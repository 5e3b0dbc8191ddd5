#include "gateway/audit/verify.h"

#include <algorithm>
#include <array>

#include "gateway/audit/chain.h"
#include "gateway/audit/key_chain.h"
#include "gateway/audit/links.h"
#include "gateway/audit/mismatches.h"
#include "gateway/audit/note_lines.h"
#include "gateway/audit/payload_pass.h"
#include "gateway/audit/sm_pass.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/cosignature.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {
namespace {

constexpr std::uint64_t kTilesEvery = 4096;                   // entries between comparisons of tiles
constexpr TimeUs kOrderly = 1'000'000;                        // entries made ready at once are appended in any order
constexpr TimeUs kWitnessedWithin = TimeUs{600} * 1'000'000;  // microseconds

class Pass {
 public:
  Pass(const LogReader& log, const ledger::VerifyKeys& keys, const ledger::WitnessPolicy* policy,
       const Certificates* certificates, const crypto::Sm2VerifyKey* sm2_key, PayloadPass& payloads, LogReport& report)
      : log_(log),
        keys_(keys),
        policy_(policy),
        report_(report),
        chain_(log, certificates, report, finder()),
        key_chain_(log.origin(), keys, report, finder()),
        sm_(log, sm2_key, report, finder()),
        lines_(log.origin(), sm2_key, policy, finder()),
        payloads_(payloads),
        next_note_(log.checkpoint_from(0)) {}

  Status entry(std::uint64_t index, BytesView bytes) {
    check_notes();
    tree_.append(ledger::leaf_hash(bytes));
    sm_.entry(bytes);
    check_form(index, bytes);
    if (tree_.size() % kTilesEvery == 0) compare_tiles();
    return {};
  }

  void finish() {
    compare_tiles();
    check_notes();
    if (next_note_) {
      find(Code::LOG_INCOMPLETE, "有长度为 " + std::to_string(next_note_->size) + " 的检查点，日志只有 " +
                                     std::to_string(tree_.size()) + " 条：末尾被截去，或副本较旧");
    }
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (kinds_[kind] > 0) report_.kinds[std::string(to_string(static_cast<ledger::EntryKind>(kind)))] = kinds_[kind];
    }
    if (bad_roots_ > 1) {
      find(Code::LOG_TAMPERED, "此后另有 " + std::to_string(bad_roots_ - 1) + " 个检查点的根哈希也不符");
    }
    set_unjudged_apart();
    judge_keys();
    mismatches_.tell(report_.base, report_.signed_size,
                     [this](Error found) { report_.findings.add(std::move(found)); });
    sm_.finish();
    if (!keys_.empty()) lines_.finish(key_chain_.known());
    report_.log_keys = key_chain_.trusted();
    report_.earlier_keys = key_chain_.claims();
    check_rows();
    check_unwitnessed();
    if (tree_.size() != log_.size()) return;  // an entry is missing: said already
    if (tree_.root() != log_.root()) find(Code::LOG_TAMPERED, "条目得出的根哈希与日志所记不符");
    if (report_.checkpoints == 0 && log_.size() > 0) find(Code::LOG_INCOMPLETE, "日志没有检查点");
  }

 private:
  std::function<void(Code, std::string, std::string)> finder() {
    return
        [this](Code code, std::string detail, std::string where) { find(code, std::move(detail), std::move(where)); };
  }
  void find(Code code, std::string detail, std::string where = {}) {
    report_.findings.add(error(code, std::move(detail), std::move(where)));
  }

  // Checkpoints of the size that the tree has now.
  void check_notes() {
    while (next_note_ && next_note_->size == tree_.size()) {
      check_note(*next_note_);
      next_note_ = log_.checkpoint_from(next_note_->size + 1);
    }
  }

  void check_note(const LogReader::Note& stored) {
    const std::string where = "checkpoint#" + std::to_string(stored.size);
    ++report_.checkpoints;
    const auto note = ledger::parse_note(stored.note);
    if (!note.ok()) return find(Code::LOG_SIGNATURE, note.error().detail, where);
    const auto checkpoint = ledger::parse_checkpoint(note->text);
    if (!keys_.empty() && !key_chain_.accepts(*note, stored.size)) {
      if (bad_signatures_++ == 0) first_bad_signature_ = where;
      if (first_signed_ > 0 && first_late_bad_.empty()) first_late_bad_ = where;
      if (report_.signed_size == 0 && checkpoint.ok() && checkpoint->root != tree_.root()) early_root_differs_ = true;
      return;
    }
    if (!checkpoint.ok()) return find(Code::LOG_TAMPERED, checkpoint.error().detail, where);
    if (checkpoint->origin != log_.origin() || checkpoint->size != stored.size) {
      return find(Code::LOG_TAMPERED, "检查点的日志名称或长度与其位置不符", where);
    }
    if (checkpoint->root != tree_.root()) {
      if (bad_roots_++ > 0) return;  // after one entry was changed it is every checkpoint
      return find(Code::LOG_TAMPERED, "前 " + std::to_string(stored.size) + " 条得出的根哈希与已签名的不符", where);
    }
    report_.signed_size = stored.size;
    if (first_signed_ == 0) first_signed_ = stored.size;
    sm_.own_note(*note, stored.size);
    lines_.note(stored, *note, where);
    if (policy_ != nullptr) check_cosignatures(*note, where);
  }

  // A witness of the policy whose line does not verify: garbled, or somebody else's work.
  void check_cosignatures(const ledger::Note& note, const std::string& where) {
    if (policy_->judge(note).quorum) {
      report_.witnessed_size = report_.signed_size;
      first_unwitnessed_ = 0;
    }
    for (const ledger::Witness& witness : policy_->witnesses()) {
      const bool claimed = std::any_of(note.signatures.begin(), note.signatures.end(), [&](const auto& line) {
        return line.name == witness.key.name && line.key_id == witness.key.id();
      });
      if (!claimed || ledger::cosigned_at(note, witness.key)) continue;
      find(Code::LOG_SIGNATURE, "见证方 " + witness.name + " 的签名无效", where);
    }
  }

  // The end of the log that only its own key vouches for. A little is always on its way to the witnesses.
  void check_unwitnessed() {
    if (policy_ == nullptr || !policy_->asks_for_any() || report_.witnessed_size == tree_.size()) return;
    if (report_.by_earlier_keys) return;  // nothing of it was judged
    if (report_.witnessed_size == 0) {
      return find(Code::LOG_UNWITNESSED, "没有一个检查点达到见证策略所要求的见证");
    }
    if (report_.last_time - first_unwitnessed_ <= kWitnessedWithin) return;
    find(Code::LOG_UNWITNESSED,
         "末尾 " + std::to_string(tree_.size() - report_.witnessed_size) + " 条没有见证，历时超过十分钟",
         place_of(report_.base + report_.witnessed_size));
  }

  // What stands beside what was read: nothing may.
  void check_rows() {
    std::uint64_t tiles = 0;
    for (std::uint64_t hashes = log_.size(); hashes > 0; hashes /= ledger::kTileWidth) {
      tiles += (hashes + ledger::kTileWidth - 1) / ledger::kTileWidth;
    }
    const auto expect = [this](std::uint64_t rows, std::uint64_t wanted, const char* table) {
      if (rows <= wanted) return;
      find(Code::LOG_TAMPERED, "表中有 " + std::to_string(rows) + " 行，应为 " + std::to_string(wanted) + " 行", table);
    };
    expect(log_.counts().entries, log_.size(), ledger::layout::kEntries);
    expect(log_.counts().tiles, tiles, ledger::layout::kTiles);
    expect(log_.counts().trees, log_.sm3_row() ? 2 : 1, ledger::layout::kTree);
  }

  // Checkpoints before the first that the auditor's keys signed, by keys that only the log names: neither good nor bad.
  // In a shard that may be all of them: whether a later one leads to the auditor's keys, verify_shards() sees.
  void set_unjudged_apart() {
    if (bad_signatures_ == 0 || key_chain_.claims().empty()) return;
    std::uint64_t early = 0;
    std::string first_forged;
    for (auto note = log_.checkpoint_from(0); note && (first_signed_ == 0 || note->size < first_signed_);
         note = log_.checkpoint_from(note->size + 1)) {
      ++early;
      const auto parsed = ledger::parse_note(note->note);
      if (parsed.ok() && key_chain_.claimed(*parsed)) {
        ++report_.unjudged_checkpoints;
        report_.unjudged_size = note->size;
      } else if (first_forged.empty()) {
        first_forged = "checkpoint#" + std::to_string(note->size);
      }
    }
    if (first_signed_ == 0) {
      report_.by_earlier_keys = report_.unjudged_checkpoints == early && !early_root_differs_;
      if (!report_.by_earlier_keys) report_.unjudged_checkpoints = 0;
      return;
    }
    bad_signatures_ -= std::min(bad_signatures_, report_.unjudged_checkpoints);
    if (report_.unjudged_checkpoints == early) first_forged = first_late_bad_;
    if (!first_forged.empty()) first_bad_signature_ = first_forged;
    if (early_root_differs_) find(Code::LOG_TAMPERED, "更早的检查点的根哈希与条目不符");
  }

  // One finding however many there are: with the wrong key it is every checkpoint.
  void judge_keys() {
    const auto say = [this](Code code, std::string detail, std::string where) {
      auto found = error(code, std::move(detail), std::move(where));
      if (report_.by_earlier_keys) return report_.wrong_key.push_back(std::move(found));
      report_.findings.add(std::move(found));
    };
    if (bad_signatures_ > 0) {
      const bool all = bad_signatures_ == report_.checkpoints;
      say(Code::LOG_SIGNATURE,
          std::to_string(report_.checkpoints) + " 个检查点中有 " + std::to_string(bad_signatures_) +
              " 个没有所给公钥的有效签名，所指为其中第一个" +
              (all ? "；无一有效，很可能是公钥给错了：请先核对 --key 是这份日志的公钥，且次序与目录相同" : ""),
          first_bad_signature_);
    }
    if (!key_chain_.knows_one()) say(Code::LOG_SIGNATURE, "所给的公钥不是日志的 KEY 条目所记的任何一把", {});
  }

  void check_form(std::uint64_t index, BytesView bytes) {
    const Status decoded = ledger::decode(bytes, entry_);
    if (!decoded.ok()) return find(decoded.error().code, decoded.error().detail, place_of(report_.base + index));
    ++kinds_[static_cast<std::uint8_t>(entry_.kind)];
    if (report_.first_time == 0) report_.first_time = entry_.time;
    if (entry_.time + kOrderly < report_.last_time) ++report_.clock_steps_back;
    report_.last_time = entry_.time;
    if (first_unwitnessed_ == 0) first_unwitnessed_ = entry_.time;
    chain_.entry(index, entry_);
    key_chain_.entry(index, entry_);
    payloads_.entry(report_.base + index, entry_);
    if (entry_.blob_bytes > 0) check_blob(entry_, place_of(report_.base + index));
  }

  void check_blob(const ledger::Entry& entry, const std::string& where) {
    ++report_.blobs;
    const auto blob = log_.blob(entry.blob);
    if (!blob.ok()) return find(blob.error().code, blob.error().detail, where);
    if (blob->size() != entry.blob_bytes) find(Code::LOG_TAMPERED, "大内容文件与条目所记的长度不符", where);
  }

  void compare_tiles() {
    tree_.take_changed([this](const ledger::TileId& tile, BytesView computed) {
      const std::string where = ledger::tile_path(tile, ledger::kTileWidth);
      const auto stored = log_.tile(tile);
      if (!stored || stored->size() < computed.size()) return find(Code::LOG_INCOMPLETE, "哈希块缺失或不完整", where);
      if (stored->size() != ledger::tile_width(tile, log_.size()) * ledger::kHashBytes && !log_.may_have_grown()) {
        return find(Code::LOG_TAMPERED, "哈希块的长度与日志的长度不符", where);
      }
      if (tile.level > 0) {
        if (BytesView(*stored).substr(0, computed.size()) != computed) {
          find(Code::LOG_TAMPERED, "上层哈希块与条目不符", where);
        }
        return;
      }
      for (std::size_t at = 0; at < computed.size(); at += ledger::kHashBytes) {
        const BytesView hash = computed.substr(at, ledger::kHashBytes);
        const BytesView kept = BytesView(*stored).substr(at, ledger::kHashBytes);
        if (hash != kept) mismatches_.add(tile.number * ledger::kTileWidth + at / ledger::kHashBytes, hash, kept);
      }
    });
  }

  const LogReader& log_;
  const ledger::VerifyKeys& keys_;
  const ledger::WitnessPolicy* const policy_;
  LogReport& report_;
  Chain chain_;
  KeyChain key_chain_;
  SmPass sm_;
  NoteLines lines_;
  PayloadPass& payloads_;  // of all shards
  ledger::TreeWriter tree_;
  ledger::Entry entry_;  // the one that is looked at, here because its memory is used again
  std::optional<LogReader::Note> next_note_;
  std::array<std::uint64_t, 256> kinds_{};  // by number: a name for each entry would be looked up ten million times
  Mismatches mismatches_;
  TimeUs first_unwitnessed_ = 0;  // the time of the first entry beyond the last quorum
  std::uint64_t bad_roots_ = 0;
  std::uint64_t bad_signatures_ = 0;
  std::string first_bad_signature_;
  std::string first_late_bad_;       // the first behind a good one
  std::uint64_t first_signed_ = 0;   // size of the first checkpoint with a good signature
  bool early_root_differs_ = false;  // of a checkpoint before that one
};

LogReport verify_part(const LogReader::Part& part, const ledger::VerifyKeys& keys, const Progress& progress,
                      const ledger::WitnessPolicy* policy, const Certificates* certificates,
                      const crypto::Sm2VerifyKey* sm2_key, PayloadPass& payloads) {
  const LogReader& log = *part.log;
  LogReport report;
  report.folder = log.folder();
  report.origin = log.origin();
  report.size = log.size();
  report.base = log.base();
  report.root = log.root();
  report.signatures_checked = !keys.empty();
  report.witnesses_checked = policy != nullptr;
  Pass pass(log, keys, policy, certificates, sm2_key, payloads, report);
  const Status read = log.for_each(0, log.size(), [&](std::uint64_t index, BytesView bytes) {
    if (progress && index % 4096 == 0) progress(index, log.size());
    return pass.entry(index, bytes);
  });
  if (!read.ok()) report.findings.add(read.error());
  if (progress) progress(log.size(), log.size());
  pass.finish();
  return report;
}

// Shards that only older keys signed: those from which a later shard leads to the auditor's. Without such a shard the
// key was the wrong one. That the shard behind quotes their end, check_links() sees.
void judge_earlier_keys(std::vector<LogReport>& reports) {
  ledger::VerifyKeys led_from;
  for (auto report = reports.rbegin(); report != reports.rend(); ++report) {
    const auto& keys = report->earlier_keys;
    if (report->by_earlier_keys) {
      report->by_earlier_keys =
          std::any_of(keys.begin(), keys.end(), [&](const crypto::VerifyKey& key) { return led_from.has(key); });
      if (!report->by_earlier_keys) report->tell_wrong_key();
    }
    if (report->signed_size == 0 && !report->by_earlier_keys) continue;
    for (const crypto::VerifyKey& key : keys) led_from.add(key);
  }
}

}  // namespace

void Findings::add(Error found) {
  ++counts[found.code];
  if (listed.size() < kListed) listed.push_back(std::move(found));
}

void LogReport::tell_wrong_key() {
  by_earlier_keys = false;
  unjudged_checkpoints = 0;
  for (Error& found : wrong_key) findings.add(std::move(found));
  wrong_key.clear();
}

LogReport verify(const LogReader& log, const ledger::VerifyKeys& keys, const Progress& progress,
                 const ledger::WitnessPolicy* policy, const Certificates* certificates,
                 const crypto::Sm2VerifyKey* sm2_key) {
  PayloadPass payloads(log);
  std::vector<LogReport> one{verify_part({&log, {}}, keys, progress, policy, certificates, sm2_key, payloads)};
  payloads.finish(one);
  judge_earlier_keys(one);
  return std::move(one[0]);
}

std::vector<LogReport> verify_shards(const LogReader& log, const ledger::VerifyKeys& keys, const Progress& progress,
                                     const ledger::WitnessPolicy* policy, const Certificates* certificates,
                                     const crypto::Sm2VerifyKey* sm2_key) {
  PayloadPass payloads(log);
  std::vector<LogReport> reports;
  ledger::VerifyKeys trusted = keys;
  for (const LogReader::Part& part : log.parts()) {
    reports.push_back(verify_part(part, trusted, progress, policy, certificates, sm2_key, payloads));
    trusted = reports.back().log_keys;
  }
  payloads.finish(reports);
  judge_earlier_keys(reports);
  check_links(log.parts(), reports);
  return reports;
}

}  // namespace chuanyu::audit
