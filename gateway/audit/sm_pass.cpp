#include "gateway/audit/sm_pass.h"

#include "gateway/ledger/sm_checkpoint.h"

namespace chuanyu::audit {

using ledger::Sm2Signature;

SmPass::SmPass(const LogReader& log, const crypto::Sm2VerifyKey* key, LogReport& report, Find find)
    : log_(log),
      key_(key),
      report_(report),
      find_(std::move(find)),
      origin_(ledger::sm3_origin(log.origin())),
      next_(log.sm3_checkpoint_from(0)) {
  report_.sm2_checked = key != nullptr;
  if (!log.sm3_row()) return;
  const auto row = ledger::layout::decode_sm3_tree_row(*log.sm3_row());
  if (row.ok()) row_size_ = row->frontier.size();
  if (!row.ok()) find_(Code::LOG_TAMPERED, "SM3 树行：" + row.error().detail, "tree#sm3");
}

void SmPass::entry(BytesView bytes) {
  if (!next_ && !row_size_) return;  // nothing is left that the tree would be needed for
  tree_.append(ledger::sm3_leaf_hash(bytes));
  check_place();
}

void SmPass::own_note(const ledger::Note& note, std::uint64_t size) {
  if (key_ == nullptr) return;
  const Sm2Signature found = ledger::sm2_signature(note, log_.origin(), *key_);
  if (found == Sm2Signature::good) report_.sm2_signed_size = size;
  if (found == Sm2Signature::bad) bad_signature("checkpoint#" + std::to_string(size));
}

// What was stored of the tree at the size that it has now.
void SmPass::check_place() {
  if (row_size_ == tree_.size()) check_row();
  while (next_ && next_->size == tree_.size()) {
    check_note(*next_);
    next_ = log_.sm3_checkpoint_from(next_->size + 1);
  }
}

void SmPass::check_row() {
  row_size_.reset();
  if (ledger::layout::encode_sm3({origin_, tree_}) == *log_.sm3_row()) return;
  find_(Code::LOG_TAMPERED, "SM3 树行与条目不符", "tree#sm3");
}

void SmPass::check_note(const LogReader::Note& stored) {
  const std::string where = "sm3-checkpoint#" + std::to_string(stored.size);
  ++report_.sm3_checkpoints;
  const auto note = ledger::parse_note(stored.note);
  if (!note.ok()) return find_(Code::LOG_SIGNATURE, note.error().detail, where);
  if (key_ != nullptr && ledger::sm2_signature(*note, origin_, *key_) != Sm2Signature::good) {
    return bad_signature(where);
  }
  const auto checkpoint = ledger::parse_checkpoint(note->text);
  if (!checkpoint.ok()) return find_(Code::LOG_TAMPERED, checkpoint.error().detail, where);
  if (checkpoint->origin != origin_ || checkpoint->size != stored.size) {
    return find_(Code::LOG_TAMPERED, "SM3 检查点的日志名称或长度与其位置不符", where);
  }
  if (checkpoint->root != tree_.root()) {
    return find_(Code::LOG_TAMPERED, "前 " + std::to_string(stored.size) + " 条得出的 SM3 根哈希与已签名的不符", where);
  }
  report_.sm3_size = stored.size;
}

void SmPass::bad_signature(std::string where) {
  if (bad_++ == 0) first_bad_ = std::move(where);
}

void SmPass::finish() {
  check_place();
  if (row_size_) find_(Code::LOG_INCOMPLETE, "SM3 树行的长度大于日志长度", "tree#sm3");
  if (next_) {
    find_(Code::LOG_INCOMPLETE, "有长度为 " + std::to_string(next_->size) + " 的 SM3 检查点，日志没有这么多条",
          "sm3-checkpoint#" + std::to_string(next_->size));
  }
  if (bad_ > 0) {
    find_(Code::LOG_SIGNATURE,
          "有 " + std::to_string(bad_) + " 处没有所给 SM2 公钥的有效签名，所指为其中第一处" +
              (report_.sm2_signed_size == 0 ? "；请先核对 --sm2-key 是这份日志的公钥，且次序与目录相同" : ""),
          first_bad_);
  } else if (key_ != nullptr && report_.checkpoints > 0 && report_.sm2_signed_size == 0) {
    find_(Code::LOG_SIGNATURE, "没有一个检查点带有所给 SM2 公钥的签名：请核对 --sm2-key，或日志从未启用 SM2 签名", {});
  }
}

}  // namespace chuanyu::audit
