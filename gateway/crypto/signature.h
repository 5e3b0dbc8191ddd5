// gateway/crypto/signature.h: Ed25519 (RFC 8032) signatures with a context, and the files keys live in.
//
// A signature is over context ‖ 0x00 ‖ message unless the context is empty (checkpoints are signed notes, whose format
// fixes the bytes). Threads: keys are immutable, any thread. Failure: LOCAL_KEY_FILE with the path.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"

namespace chuanyu::crypto {

class VerifyKey {
 public:
  static Result<VerifyKey> from_raw(BytesView thirty_two);
  static Result<VerifyKey> from_pem_file(const std::string& path);  // SubjectPublicKeyInfo
  // Every key of the file, in its order; at least one.
  static Result<std::vector<VerifyKey>> all_from_pem_file(const std::string& path);
  bool verify(std::string_view context, BytesView message, BytesView signature) const;
  const Bytes& raw() const { return raw_; }  // 32 bytes
  std::string to_pem() const;                // SubjectPublicKeyInfo

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
  Bytes raw_;
};

class SigningKey {
 public:
  static SigningKey generate();
  // PKCS#8 PEM; refuses a file that others can read (mode & 077).
  static Result<SigningKey> from_pem_file(const std::string& path);
  Bytes sign(std::string_view context, BytesView message) const;  // 64 bytes
  const VerifyKey& verify_key() const { return verify_key_; }
  Status write_pem_file(const std::string& path) const;  // mode 0600, must not exist

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
  VerifyKey verify_key_;
};

}  // namespace chuanyu::crypto
