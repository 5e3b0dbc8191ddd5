#include "gateway/audit/note_lines.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "gateway/ledger/sm_checkpoint.h"

namespace chuanyu::audit {

NoteLines::NoteLines(std::string origin, const crypto::Sm2VerifyKey* sm2_key, const ledger::WitnessPolicy* policy,
                     Find find)
    : origin_(std::move(origin)), sm2_key_(sm2_key), policy_(policy), find_(std::move(find)) {}

void NoteLines::note(const LogReader::Note& stored, const ledger::Note& note, const std::string& where) {
  const auto own = ledger::parse_note(std::string_view(stored.note).substr(0, stored.own_bytes));
  const std::size_t own_lines = own.ok() ? own->signatures.size() : 0;
  for (std::size_t i = 0; i < note.signatures.size(); ++i) {
    const ledger::NoteSignature& line = note.signatures[i];
    const bool of_the_log = i < own_lines;
    if (of_the_log && line.name == origin_) {
      own_.try_emplace(line.key_id, where);
    } else if (of_the_log) {
      find_(Code::LOG_SIGNATURE, "检查点的签名行不是日志自己的名称", where);
    } else if (!is_witness(line)) {
      find_(Code::LOG_SIGNATURE,
            "见证签名行的名称或密钥号不在见证策略中：被改动；或策略缺这一方，请补上（不必计入法定数）", where);
    }
  }
  if (!stored.rows_in_place)
    find_(Code::LOG_TAMPERED, "检查点旁的行不是其键所说的：见证签名或 SM3 检查点被改动", where);
}

// At the end, because a key may sign before the entry that names it. One key more may be the log's SM2 key: when the
// auditor was given none, or another, of which SmPass tells.
void NoteLines::finish(const ledger::VerifyKeys& keys) const {
  std::set<std::uint32_t> known;
  for (const crypto::VerifyKey& key : keys) known.insert(ledger::key_id(origin_, key));
  const auto sm2 = sm2_key_ == nullptr ? std::nullopt : std::optional(ledger::sm2_key_id(origin_, *sm2_key_));
  bool room = !sm2 || !own_.contains(*sm2);
  for (const auto& [id, where] : own_) {
    if (known.contains(id) || id == sm2 || std::exchange(room, false)) continue;
    find_(Code::LOG_SIGNATURE, "检查点有一行签名，其密钥不是日志的任何一把；所指为第一处", where);
  }
}

bool NoteLines::is_witness(const ledger::NoteSignature& line) const {
  if (policy_ == nullptr) return true;
  const auto& witnesses = policy_->witnesses();
  return std::any_of(witnesses.begin(), witnesses.end(), [&](const ledger::Witness& witness) {
    return line.name == witness.key.name && line.key_id == witness.key.id();
  });
}

}  // namespace chuanyu::audit
