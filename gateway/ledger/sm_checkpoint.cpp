#include "gateway/ledger/sm_checkpoint.h"

namespace chuanyu::ledger {
namespace {

// The type byte for what has none, and the identifier that then has to follow. Stands in key ids: never change.
constexpr std::string_view kType =
    "\xFF"
    "chuanyu/sm2-with-sm3";

}  // namespace

std::string sm3_origin(std::string_view origin) { return std::string(origin) + "/sm3"; }

std::uint32_t sm2_key_id(std::string_view name, const crypto::Sm2VerifyKey& key) {
  return read_u32(crypto::view(crypto::sha256({name, "\n", kType, key.raw()})));
}

std::string to_sm2_vkey(std::string_view name, const crypto::Sm2VerifyKey& key) {
  Bytes id;
  append_u32(id, sm2_key_id(name, key));
  return std::string(name) + "+" + to_hex(id) + "+" + to_base64(std::string(kType) + key.raw());
}

Result<NamedSm2Key> parse_sm2_vkey(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return error(Code::CONFIG_VALUE, "SM2 公钥应写作 名称+密钥号+Base64");
  const std::string_view name = text.substr(0, first);
  const auto raw = from_base64(text.substr(second + 1));
  if (!is_origin(name) || !raw || !raw->starts_with(kType)) {
    return error(Code::CONFIG_VALUE, "SM2 公钥的名称或编码有误，或不是 SM2 公钥");
  }
  auto key = crypto::Sm2VerifyKey::from_raw(BytesView(*raw).substr(kType.size()));
  if (!key.ok()) return error(Code::CONFIG_VALUE, key.error().detail);
  if (to_sm2_vkey(name, *key) != text) return error(Code::CONFIG_VALUE, "SM2 公钥与其密钥号不符");
  return NamedSm2Key{std::string(name), *std::move(key)};
}

std::string sm2_line(std::string_view note_text, std::string_view name, const crypto::Sm2SigningKey& key) {
  return to_line({std::string(name), sm2_key_id(name, key.verify_key()), key.sign(note_text)});
}

Sm2Signature sm2_signature(const Note& note, std::string_view name, const crypto::Sm2VerifyKey& key) {
  const std::uint32_t id = sm2_key_id(name, key);
  Sm2Signature found = Sm2Signature::absent;
  for (const NoteSignature& line : note.signatures) {
    if (line.name != name || line.key_id != id) continue;
    if (!key.verify(note.text, line.signature)) return Sm2Signature::bad;
    found = Sm2Signature::good;
  }
  return found;
}

std::string sign_sm3_checkpoint(const Checkpoint& checkpoint, const crypto::Sm2SigningKey& key) {
  const std::string text = to_text(checkpoint);
  return text + "\n" + sm2_line(text, checkpoint.origin, key);
}

}  // namespace chuanyu::ledger
