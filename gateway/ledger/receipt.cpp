#include "gateway/ledger/receipt.h"

#include "gateway/ledger/lines.h"

namespace chuanyu::ledger {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kMaxHashes = 64;

Error bad_receipt(const char* detail) { return error(Code::LOG_INCOMPLETE, detail); }

}  // namespace

std::string to_text(const ProvenEntry& receipt) {
  std::string text(kFirstLine);
  text += "\n" + std::string(kExtra) + to_base64(receipt.entry) + "\n";
  text += std::string(kIndex) + std::to_string(receipt.index) + "\n";
  for (const Digest& hash : receipt.proof) text += to_base64(crypto::view(hash)) + "\n";
  return text + "\n" + receipt.checkpoint;
}

Result<ProvenEntry> parse_receipt(std::string_view text) {
  ProvenEntry made;
  if (take_line(text) != kFirstLine) return error(Code::CONFIG_VALUE, "不是回执：首行应为 c2sp.org/tlog-proof@v1");
  const auto extra = take_line(text);
  if (!extra || !extra->starts_with(kExtra)) return bad_receipt("回执缺少 extra 一行（条目）");
  auto entry = from_base64(extra->substr(kExtra.size()));
  if (!entry) return bad_receipt("回执的条目不是 Base64");
  made.entry = std::move(*entry);
  const auto index_line = take_line(text);
  const auto index =
      index_line && index_line->starts_with(kIndex) ? decimal(index_line->substr(kIndex.size())) : std::nullopt;
  if (!index) return bad_receipt("回执缺少序号");
  made.index = *index;
  auto proof = take_hashes(text, kMaxHashes);
  if (!proof) return bad_receipt("回执的包含证明有误");
  made.proof = std::move(*proof);
  made.checkpoint = text;
  return made;
}

Result<Checkpoint> open_receipt(const ProvenEntry& receipt, std::string_view log, const VerifyKeys& keys) {
  CHUANYU_TRY(Checkpoint checkpoint, open_checkpoint(receipt.checkpoint, log, keys));
  if (receipt.index >= checkpoint.size) return bad_receipt("检查点早于该条目");
  if (!verify_inclusion(receipt.index, checkpoint.size, leaf_hash(receipt.entry), receipt.proof, checkpoint.root)) {
    return error(Code::LOG_TAMPERED, "条目与包含证明不符");
  }
  return checkpoint;
}

}  // namespace chuanyu::ledger
