// gateway/ledger/checkpoint.h: what a log says of itself at one size, signed: C2SP tlog-checkpoint in a C2SP
// signed-note.
//
//   chuanyu/sc/2026q4\n 1042\n <base64 root>\n [extension lines] \n — chuanyu/sc/2026q4 <base64 key id ‖ signature>\n
//
// The key's name is the log's origin. Signature lines by others (witnesses, a second algorithm) are kept and passed
// over. Pure, threads: plain values. Failure: LOG_SIGNATURE for text that is no note or carries no valid signature by
// the key, LOG_INCOMPLETE for a valid note that is no checkpoint of the origin.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/signature.h"

namespace chuanyu::ledger {

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  crypto::Digest root{};
  std::vector<std::string> extensions;  // further lines, not interpreted
  bool operator==(const Checkpoint&) const = default;
};

// Whose signature counts for a log: nobody's that is known, one key's, or several keys' when one took over from
// another.
class VerifyKeys {
 public:
  VerifyKeys() = default;
  VerifyKeys(crypto::VerifyKey key) { keys_.push_back(std::move(key)); }  // NOLINT(google-explicit-constructor)
  explicit VerifyKeys(std::vector<crypto::VerifyKey> keys) : keys_(std::move(keys)) {}
  void add(crypto::VerifyKey key);  // once
  bool has(const crypto::VerifyKey& key) const;
  bool empty() const { return keys_.empty(); }
  std::size_t size() const { return keys_.size(); }
  auto begin() const { return keys_.begin(); }
  auto end() const { return keys_.end(); }

 private:
  std::vector<crypto::VerifyKey> keys_;
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes signature;
};

struct Note {
  std::string text;  // what is signed, with its last line feed
  std::vector<NoteSignature> signatures;
};

// An origin is not empty and has no space, no plus sign and no control character.
bool is_origin(std::string_view name);

// What a key signs: C2SP's signature types. Values stand in key ids: never renumber.
enum class KeyType : std::uint8_t {
  log = 1,          // Ed25519 over the note's text
  cosignature = 4,  // Ed25519, cosignature/v1: gateway/ledger/cosignature.h
};

// signed-note: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key).
std::uint32_t key_id(std::string_view name, const crypto::VerifyKey& key, KeyType type = KeyType::log);
// signed-note's text form of a verifier key, NAME+KEYID+BASE64: what an operator hands to witnesses and auditors.
std::string to_vkey(std::string_view name, const crypto::VerifyKey& key, KeyType type = KeyType::log);
struct NamedKey {
  std::string name;
  crypto::VerifyKey key;
  KeyType type = KeyType::log;

  std::uint32_t id() const { return key_id(name, key, type); }
};
Result<NamedKey> parse_vkey(std::string_view text);  // CONFIG_VALUE

Result<Note> parse_note(std::string_view note);
std::string to_line(const NoteSignature& signature);  // with its line feed
// True when a signature line of that name and one of the keys is valid. A wrong signature by any of them spoils the
// note, whatever else stands there.
bool is_signed_by(const Note& note, std::string_view name, const VerifyKeys& keys);

std::string to_text(const Checkpoint& checkpoint);           // the note's text, without signatures
Result<Checkpoint> parse_checkpoint(std::string_view text);  // LOG_INCOMPLETE
std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::SigningKey& key);
// A further signature line, by another key of the log.
std::string log_line(const Checkpoint& checkpoint, const crypto::SigningKey& key);
Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin, const VerifyKeys& keys);

}  // namespace chuanyu::ledger
