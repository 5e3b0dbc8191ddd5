// Private to gateway/crypto: keys in PEM, whatever their algorithm. Threads: any. Failure: LOCAL_KEY_FILE with the
// path.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/crypto/openssl.h"

namespace chuanyu::crypto {

Result<PkeyPtr> read_public_pem(const std::string& path);                // SubjectPublicKeyInfo
Result<std::vector<PkeyPtr>> read_public_pems(const std::string& path);  // one behind the other, at least one
Result<PkeyPtr> read_private_pem(const std::string& path);               // PKCS#8; as read_private_file
Status write_private_pem(EVP_PKEY* key, const std::string& path);        // mode 0600, must not exist
std::string public_pem(EVP_PKEY* key);

}  // namespace chuanyu::crypto
