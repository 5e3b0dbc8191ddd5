#include "gateway/ledger/checkpoint.h"

#include <algorithm>

#include "gateway/ledger/lines.h"

namespace chuanyu::ledger {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // em dash, space
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kMaxNoteBytes = 1'000'000;

Error bad_note(const char* detail) { return error(Code::LOG_SIGNATURE, detail); }
Error bad_checkpoint(const char* detail) { return error(Code::LOG_INCOMPLETE, detail); }

Result<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return bad_note("签名行应以破折号开头");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return bad_note("签名行缺少密钥名或签名");
  NoteSignature made;
  made.name = line.substr(0, space);
  const auto bytes = from_base64(line.substr(space + 1));
  if (!is_origin(made.name) || !bytes || bytes->size() <= kKeyIdBytes) return bad_note("签名行有误");
  made.key_id = read_u32(*bytes);
  made.signature = bytes->substr(kKeyIdBytes);
  return made;
}

}  // namespace

bool is_origin(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return c == '+' || static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
  });
}

std::uint32_t key_id(std::string_view name, const crypto::VerifyKey& key, KeyType type) {
  const char kind[] = {'\n', static_cast<char>(type)};
  return read_u32(crypto::view(crypto::sha256({name, BytesView(kind, sizeof kind), key.raw()})));
}

std::string to_vkey(std::string_view name, const crypto::VerifyKey& key, KeyType type) {
  Bytes id;
  append_u32(id, key_id(name, key, type));
  return std::string(name) + "+" + to_hex(id) + "+" + to_base64(std::string(1, static_cast<char>(type)) + key.raw());
}

Result<NamedKey> parse_vkey(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return error(Code::CONFIG_VALUE, "公钥应写作 名称+密钥号+Base64");
  const std::string_view name = text.substr(0, first);
  const auto raw = from_base64(text.substr(second + 1));
  const KeyType type = raw && !raw->empty() ? static_cast<KeyType>(raw->front()) : KeyType();
  if (!is_origin(name) || (type != KeyType::log && type != KeyType::cosignature)) {
    return error(Code::CONFIG_VALUE, "公钥的名称或编码有误，或不是 Ed25519");
  }
  CHUANYU_TRY(auto key, crypto::VerifyKey::from_raw(BytesView(*raw).substr(1)));
  NamedKey made{std::string(name), std::move(key), type};
  Bytes id;
  append_u32(id, made.id());
  if (to_hex(id) != text.substr(first + 1, second - first - 1)) {
    return error(Code::CONFIG_VALUE, "公钥与其密钥号不符");
  }
  return made;
}

Result<Note> parse_note(std::string_view note) {
  if (note.size() > kMaxNoteBytes || !is_utf8(note)) return bad_note("过长，或不是 UTF-8");
  const bool has_control =
      std::any_of(note.begin(), note.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; });
  if (has_control) return bad_note("含有控制字符");
  // The text ends at the last empty line.
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return bad_note("正文与签名之间缺少空行");
  Note made;
  made.text = note.substr(0, blank + 1);
  std::string_view rest = note.substr(blank + 2);
  if (rest.empty()) return bad_note("没有签名行");
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line) return bad_note("最后一行缺少换行");
    CHUANYU_TRY(NoteSignature signature, parse_signature(*line));
    made.signatures.push_back(std::move(signature));
  }
  return made;
}

std::string to_line(const NoteSignature& signature) {
  Bytes bytes;
  append_u32(bytes, signature.key_id);
  return std::string(kDash) + signature.name + " " + to_base64(bytes + signature.signature) + "\n";
}

void VerifyKeys::add(crypto::VerifyKey key) {
  if (!has(key)) keys_.push_back(std::move(key));
}

bool VerifyKeys::has(const crypto::VerifyKey& key) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const auto& one) { return one.raw() == key.raw(); });
}

bool is_signed_by(const Note& note, std::string_view name, const VerifyKeys& keys) {
  bool found = false;
  for (const crypto::VerifyKey& key : keys) {
    const std::uint32_t id = key_id(name, key);
    for (const NoteSignature& line : note.signatures) {
      if (line.name != name || line.key_id != id) continue;
      if (!key.verify({}, note.text, line.signature)) return false;
      found = true;
    }
  }
  return found;
}

std::string to_text(const Checkpoint& checkpoint) {
  std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                     to_base64(crypto::view(checkpoint.root)) + "\n";
  for (const std::string& line : checkpoint.extensions) text += line + "\n";
  return text;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  Checkpoint made;
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  if (!root) return bad_checkpoint("检查点应有名称、长度与根哈希三行");
  if (!is_origin(*origin)) return bad_checkpoint("检查点的名称有误");
  made.origin = *origin;
  const auto number = decimal(*size);
  if (!number) return bad_checkpoint("检查点的长度有误");
  made.size = *number;
  const auto hash = base64_digest(*root);
  if (!hash) return bad_checkpoint("检查点的根哈希有误");
  made.root = *hash;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line || line->empty()) return bad_checkpoint("检查点的附加行有误");
    made.extensions.emplace_back(*line);
  }
  return made;
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::SigningKey& key) {
  return to_text(checkpoint) + "\n" + log_line(checkpoint, key);
}

std::string log_line(const Checkpoint& checkpoint, const crypto::SigningKey& key) {
  return to_line({checkpoint.origin, key_id(checkpoint.origin, key.verify_key()), key.sign({}, to_text(checkpoint))});
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin, const VerifyKeys& keys) {
  CHUANYU_TRY(const Note opened, parse_note(note));
  if (!is_signed_by(opened, origin, keys)) return error(Code::LOG_SIGNATURE, "没有该密钥的有效签名");
  CHUANYU_TRY(Checkpoint checkpoint, parse_checkpoint(opened.text));
  if (checkpoint.origin != origin) return bad_checkpoint("检查点属于另一日志");
  return checkpoint;
}

}  // namespace chuanyu::ledger
