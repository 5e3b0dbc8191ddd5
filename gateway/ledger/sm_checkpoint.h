// gateway/ledger/sm_checkpoint.h: what the SM profile (国密) adds to checkpoints: a second signature line, SM2 with
// SM3, and the checkpoints of the second tree, over the same entries with SM3, under an origin of its own.
//
// Formats: FORMAT.md §3. The line is a C2SP signed-note signature of a type that the specification assigns to nobody,
// so other people's programs pass it over. Pure but for the random numbers of SM2; threads: plain values.
#pragma once

#include <string>
#include <string_view>

#include "gateway/crypto/sm2.h"
#include "gateway/ledger/checkpoint.h"

namespace chuanyu::ledger {

// The origin of the second tree.
std::string sm3_origin(std::string_view origin);

std::uint32_t sm2_key_id(std::string_view name, const crypto::Sm2VerifyKey& key);
std::string to_sm2_vkey(std::string_view name, const crypto::Sm2VerifyKey& key);  // NAME+KEYID+BASE64
struct NamedSm2Key {
  std::string name;
  crypto::Sm2VerifyKey key;
};
Result<NamedSm2Key> parse_sm2_vkey(std::string_view text);  // CONFIG_VALUE

// A signature line over a note's text, with its line feed.
std::string sm2_line(std::string_view note_text, std::string_view name, const crypto::Sm2SigningKey& key);
enum class Sm2Signature : std::uint8_t {
  absent,  // no line of that name and key
  good,
  bad  // at least one line of that name and key is wrong: it spoils the note
};
Sm2Signature sm2_signature(const Note& note, std::string_view name, const crypto::Sm2VerifyKey& key);

// A whole note with that line only: a checkpoint of the second tree.
std::string sign_sm3_checkpoint(const Checkpoint& checkpoint, const crypto::Sm2SigningKey& key);

}  // namespace chuanyu::ledger
