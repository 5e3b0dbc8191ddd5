// gateway/crypto/sm2.h: SM2 signatures with SM3 (GB/T 32918.2-2016), and the files keys live in.
//
// The signer's distinguishing ID is the standard's default, "1234567812345678". A signature is r ‖ s, 32 bytes each.
// Threads: keys are immutable, any thread. Failure: LOCAL_KEY_FILE with the path, LOCAL_CRYPTO for bytes that are no
// key.
#pragma once

#include <memory>
#include <string>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"

namespace chuanyu::crypto {

class Sm2VerifyKey {
 public:
  static Result<Sm2VerifyKey> from_raw(BytesView point);               // 0x04 ‖ x ‖ y, 65 bytes
  static Result<Sm2VerifyKey> from_pem_file(const std::string& path);  // SubjectPublicKeyInfo
  bool verify(BytesView message, BytesView signature) const;
  const Bytes& raw() const { return raw_; }
  std::string to_pem() const;

 private:
  friend class Sm2SigningKey;
  struct Impl;
  std::shared_ptr<const Impl> impl_;
  Bytes raw_;
};

class Sm2SigningKey {
 public:
  static Sm2SigningKey generate();
  // PKCS#8 PEM; refuses a file that others can read (mode & 077).
  static Result<Sm2SigningKey> from_pem_file(const std::string& path);
  Bytes sign(BytesView message) const;  // 64 bytes
  const Sm2VerifyKey& verify_key() const { return verify_key_; }
  Status write_pem_file(const std::string& path) const;  // mode 0600, must not exist

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
  Sm2VerifyKey verify_key_;
};

}  // namespace chuanyu::crypto
