#include "gateway/ledger/cosignature.h"

#include <algorithm>

#include "gateway/ledger/lines.h"

namespace chuanyu::ledger {
namespace {

constexpr std::size_t kTimeBytes = 8;

std::string signed_message(std::string_view note_text, std::uint64_t seconds) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(note_text);
}

Error bad_request(const char* detail) { return error(Code::PEER_PROTOCOL, detail); }

// Whether the tree of the request continues the one that was seen.
bool continues(const AddCheckpoint& request, const Seen& seen, const Checkpoint& now) {
  if (request.old_size == 0) return request.proof.empty();
  if (request.old_size == now.size) return request.proof.empty();  // the roots were compared
  return verify_consistency(request.old_size, now.size, seen.root, now.root, request.proof);
}

}  // namespace

NoteSignature cosign(std::string_view note_text, std::string_view witness, const crypto::SigningKey& key,
                     std::uint64_t seconds) {
  NoteSignature made{std::string(witness), key_id(witness, key.verify_key(), KeyType::cosignature), {}};
  append_u64(made.signature, seconds);
  made.signature += key.sign({}, signed_message(note_text, seconds));
  return made;
}

std::optional<std::uint64_t> cosigned_at(const Note& note, const NamedKey& witness) {
  const std::uint32_t id = witness.id();
  std::optional<std::uint64_t> newest;
  for (const NoteSignature& line : note.signatures) {
    if (line.name != witness.name || line.key_id != id || line.signature.size() <= kTimeBytes) continue;
    const std::uint64_t seconds = read_u64(line.signature);
    const BytesView signature = BytesView(line.signature).substr(kTimeBytes);
    if (seconds >> 63 != 0 || !witness.key.verify({}, signed_message(note.text, seconds), signature)) continue;
    newest = std::max(newest.value_or(0), seconds);
  }
  return newest;
}

std::string to_text(const AddCheckpoint& request) {
  std::string text = "old " + std::to_string(request.old_size) + "\n";
  for (const Digest& hash : request.proof) text += to_base64(crypto::view(hash)) + "\n";
  return text + "\n" + request.note;
}

Result<AddCheckpoint> parse_add_checkpoint(std::string_view text) {
  constexpr std::string_view kOld = "old ";
  const auto first = take_line(text);
  if (!first || !first->starts_with(kOld)) return bad_request("首行应为 old 与原长度");
  const auto old_size = decimal(first->substr(kOld.size()));
  if (!old_size) return bad_request("原长度有误");
  auto proof = take_hashes(text, kMaxProofLines);
  if (!proof) return bad_request("一致性证明有误或缺少空行");
  return AddCheckpoint{*old_size, std::move(*proof), std::string(text)};
}

Result<std::vector<NoteSignature>> parse_cosignatures(std::string_view text) {
  // As the specification suggests: behind some text it is a note.
  auto note = parse_note("cosigned\n\n" + std::string(text));
  if (!note.ok()) return error(Code::PEER_PROTOCOL, "见证方的应答不是签名行：" + note.error().detail);
  return std::move(note->signatures);
}

Result<std::uint64_t> parse_seen_size(std::string_view text) {
  const auto line = take_line(text);
  const auto size = line && text.empty() ? decimal(*line) : std::nullopt;
  if (!size) return bad_request("见证方给出的长度有误");
  return *size;
}

Result<Judgement> judge(const AddCheckpoint& request, const LogKeys& keys, const LastSeen& seen) {
  Judgement made;
  auto note = parse_note(request.note);
  if (!note.ok()) return made;
  made.note = std::move(*note);
  auto checkpoint = parse_checkpoint(made.note.text);
  if (!checkpoint.ok()) return made;
  made.checkpoint = std::move(*checkpoint);
  const Checkpoint& now = made.checkpoint;
  const VerifyKeys log_keys = keys(now.origin);
  made.status = 404;
  if (log_keys.empty()) return made;
  made.status = 403;
  if (!is_signed_by(made.note, now.origin, log_keys)) return made;
  made.status = 400;
  if (request.old_size > now.size) return made;
  CHUANYU_TRY(const Seen last, seen(now.origin));
  made.seen_size = last.size;
  made.evidence = now.size == last.size && last.size > 0 && now.root != last.root;
  made.status = 409;
  if (request.old_size != last.size || made.evidence) return made;
  made.evidence = !continues(request, last, now);
  made.status = made.evidence ? 422 : 200;
  return made;
}

}  // namespace chuanyu::ledger
