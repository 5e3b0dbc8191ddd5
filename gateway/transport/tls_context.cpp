#include "gateway/transport/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <ctime>

#include "gateway/base/log.h"
#include "gateway/transport/tls_session.h"

namespace chuanyu::transport {
namespace {

constexpr long kCachedSessions = 2048;
constexpr long kSessionSeconds = 3600;

// No file's passphrase is ever asked for on a terminal.
int refuse_passphrase(char*, int, int, void*) { return -1; }

Error file_error(Code code, std::string detail, const std::string& path) {
  ERR_clear_error();
  return error(code, std::move(detail), path);
}

Status check_readable(const std::string& path, std::string_view what) {
  if (BIO* file = BIO_new_file(path.c_str(), "r"); file != nullptr) {
    BIO_free(file);
    return {};
  }
  return file_error(Code::CONFIG_UNREADABLE, std::string(what).append("不能打开"), path);
}

// Calls `take` with each object that `read` finds in the PEM file; how many there were.
template <typename Read, typename Take>
int read_pem_objects(const std::string& path, Read read, Take take) {
  BIO* file = BIO_new_file(path.c_str(), "r");
  int count = 0;
  while (auto* object = read(file, nullptr, refuse_passphrase, nullptr)) {
    ++count;
    take(object);
  }
  BIO_free(file);
  ERR_clear_error();
  return count;
}

Status load_own_certificate(SSL_CTX* context, const TlsFiles& files) {
  CHUANYU_CHECK(check_readable(files.certificate_chain, "证书文件"));
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_chain.c_str()) != 1) {
    return file_error(Code::CONFIG_SYNTAX, "证书文件不是 PEM 格式的证书链（本证书在前）", files.certificate_chain);
  }
  struct stat status {};
  if (stat(files.private_key.c_str(), &status) != 0) {
    return file_error(Code::LOCAL_KEY_FILE, "私钥文件不能打开", files.private_key);
  }
  if ((status.st_mode & 077) != 0) {
    return file_error(Code::LOCAL_KEY_FILE, "私钥文件的权限过宽，应为 0600", files.private_key);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    // The key's form, or not the key of this certificate.
    return file_error(Code::LOCAL_KEY_FILE, "私钥不是 PEM 格式，或与证书不配", files.private_key);
  }
  // A key of another type is taken without a word and leaves the context without a certificate.
  if (SSL_CTX_check_private_key(context) != 1 || SSL_CTX_get0_certificate(context) == nullptr) {
    return file_error(Code::LOCAL_KEY_FILE, "私钥与证书不配（类型不同）", files.private_key);
  }
  return {};
}

Status load_trust(SSL_CTX* context, const TlsFiles& files, bool client, TlsFacts& facts) {
  CHUANYU_CHECK(check_readable(files.trust, "信任的根证书文件"));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  facts.roots = read_pem_objects(files.trust, PEM_read_bio_X509, [&](X509* root) {
    X509_STORE_add_cert(store, root);
    if (!client) SSL_CTX_add_client_CA(context, root);  // tells clients which certificate to choose
    X509_free(root);
  });
  if (facts.roots == 0) return file_error(Code::CONFIG_SYNTAX, "文件中没有 PEM 格式的根证书", files.trust);
  if (files.crl.empty()) {
    log::warn("tls.no_crl", {{"advice", "revocation is not checked; only for tests"}});
    return {};
  }
  CHUANYU_CHECK(check_readable(files.crl, "吊销列表文件"));
  facts.crls = read_pem_objects(files.crl, PEM_read_bio_X509_CRL, [&](X509_CRL* crl) {
    X509_STORE_add_crl(store, crl);
    const TimeUs next = to_time(X509_CRL_get0_nextUpdate(crl));
    if (facts.crl_next_update == 0 || next < facts.crl_next_update) facts.crl_next_update = next;
    X509_CRL_free(crl);
  });
  if (facts.crls == 0) return file_error(Code::CONFIG_SYNTAX, "文件中没有 PEM 格式的吊销列表", files.crl);
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

Status set_algorithms(SSL_CTX* context, const TlsFiles& files) {
  SSL_CTX_set_min_proto_version(context, files.allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  if (!files.ciphersuites.empty() && SSL_CTX_set_ciphersuites(context, files.ciphersuites.c_str()) != 1) {
    return file_error(Code::CONFIG_VALUE, "不认识的 TLS 密码套件", files.ciphersuites);
  }
  if (!files.groups.empty() && SSL_CTX_set1_groups_list(context, files.groups.c_str()) != 1) {
    return file_error(Code::CONFIG_VALUE, "不认识的 TLS 密钥交换组", files.groups);
  }
  if (!files.signature_algorithms.empty() &&
      SSL_CTX_set1_sigalgs_list(context, files.signature_algorithms.c_str()) != 1) {
    return file_error(Code::CONFIG_VALUE, "不认识的 TLS 签名算法", files.signature_algorithms);
  }
  return {};
}

}  // namespace

TimeUs to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<TimeUs>(timegm(&parts)) * 1'000'000;
}

Code code_of_verify_result(long verify_result) {
  switch (verify_result) {
    case X509_V_ERR_CERT_REVOKED: return Code::TLS_REVOKED;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return Code::TLS_EXPIRED;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN: return Code::TLS_CRL_UNAVAILABLE;
    default: return Code::TLS_UNTRUSTED;
  }
}

Result<TlsFacts> configure(SSL_CTX* context, const TlsFiles& files, bool client) {
  TlsFacts facts;
  SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
  if (!client || !files.certificate_chain.empty()) {
    CHUANYU_CHECK(load_own_certificate(context, files));
    facts.certificate_expires = to_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context)));
  }
  CHUANYU_CHECK(load_trust(context, files, client, facts));
  CHUANYU_CHECK(set_algorithms(context, files));
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return facts;
}

Status check(const TlsFiles& files) {
  const auto loaded = TlsContext::load_server(files);
  return loaded.ok() ? Status() : Status(loaded.error());
}

Result<std::shared_ptr<const TlsContext>> TlsContext::load_server(const TlsFiles& files) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return file_error(Code::LOCAL_CRYPTO, "OpenSSL 不能建立 TLS 环境", {});
  std::shared_ptr<TlsContext> made(new TlsContext(context));
  CHUANYU_TRY(made->facts_, configure(context, files, false));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  TlsSession::install_verification(context);
  // Stateful tickets: a stateless one carries the client's certificate, which would be parsed again at each resumption.
  // A cache in this process also means that reload() ends every session.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, kCachedSessions);
  SSL_CTX_set_timeout(context, kSessionSeconds);
  constexpr unsigned char kContextId[] =
      "chuanyu";  // without one, resumption with a client certificate is a fatal alert
  SSL_CTX_set_session_id_context(context, kContextId, sizeof kContextId - 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);  // one system call for a record instead of two
  return std::shared_ptr<const TlsContext>(std::move(made));
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace chuanyu::transport
