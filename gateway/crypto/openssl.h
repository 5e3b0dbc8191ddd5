// gateway/crypto/openssl.h: what the sources of this room share: owners of OpenSSL objects, and the end when it fails.
//
// Private to the room (not a public header): OpenSSL's types stand here and nowhere above.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace chuanyu::crypto {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>>;
using MacCtxPtr = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

inline const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// OpenSSL said no where only want of memory or a broken installation can make it: nothing sensible can follow.
inline void must(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "OpenSSL: %s: %s\n", what, ERR_reason_error_string(ERR_peek_last_error()));
  std::abort();
}

inline MdCtxPtr new_signature_context() {
  MdCtxPtr ctx(EVP_MD_CTX_new());
  must(ctx != nullptr, "signature");
  return ctx;
}

}  // namespace chuanyu::crypto
