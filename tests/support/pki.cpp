#include "tests/support/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <vector>

namespace chuanyu::test {
namespace {

struct Identity {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

void must(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "test PKI: %s\n", what);
  std::abort();
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* new_certificate(const std::string& name, EVP_PKEY* key, long serial, long not_before, long not_after) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), not_before);
  X509_gmtime_adj(X509_getm_notAfter(certificate), not_after);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

Identity make_ca(const std::string& name, long serial, const Identity* issuer) {
  Identity ca;
  ca.key = EVP_EC_gen("P-256");
  ca.certificate = new_certificate(name, ca.key, serial, -3600, 365L * 24 * 3600);
  const Identity& signer = issuer != nullptr ? *issuer : ca;
  X509_set_issuer_name(ca.certificate, X509_get_subject_name(signer.certificate));
  add_extension(ca.certificate, signer.certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(ca.certificate, signer.certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  must(X509_sign(ca.certificate, signer.key, EVP_sha256()) > 0, "sign");
  return ca;
}

void write_file(const std::string& path, const std::vector<X509*>& certificates) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  must(file != nullptr, path.c_str());
  for (X509* certificate : certificates) PEM_write_X509(file, certificate);
  std::fclose(file);
}

void append_crl(std::FILE* file, const Identity& ca, const std::vector<ASN1_INTEGER*>& revoked, long seconds) {
  X509_CRL* crl = X509_CRL_new();
  X509_CRL_set_version(crl, 1);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca.certificate));
  ASN1_TIME* time = X509_gmtime_adj(nullptr, -7200);
  X509_CRL_set1_lastUpdate(crl, time);
  for (ASN1_INTEGER* serial : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, serial);
    X509_REVOKED_set_revocationDate(entry, time);
    X509_CRL_add0_revoked(crl, entry);
  }
  X509_gmtime_adj(time, seconds);
  X509_CRL_set1_nextUpdate(crl, time);
  ASN1_TIME_free(time);
  must(X509_CRL_sign(crl, ca.key, EVP_sha256()) > 0, "sign CRL");
  PEM_write_X509_CRL(file, crl);
  X509_CRL_free(crl);
}

}  // namespace

struct Pki::Impl {
  Identity root;
  Identity ca;
  long next_serial = 100;
  std::map<std::string, Identity> leaves;
  std::vector<ASN1_INTEGER*> revoked;
};

Pki::Pki(const std::string& name) : impl_(std::make_unique<Impl>()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "chuanyu-pki-XXXXXX").string();
  must(mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  folder_ = pattern;
  impl_->root = make_ca(name + " root", 1, nullptr);
  impl_->ca = make_ca(name + " issuing CA", 2, &impl_->root);
  write_file(trust(), {impl_->root.certificate});
  write_crl();
}

Pki::~Pki() {
  for (auto& [name, leaf] : impl_->leaves) {
    X509_free(leaf.certificate);
    EVP_PKEY_free(leaf.key);
  }
  for (const Identity& ca : {impl_->root, impl_->ca}) {
    X509_free(ca.certificate);
    EVP_PKEY_free(ca.key);
  }
  std::filesystem::remove_all(folder_);
}

void Pki::issue(const std::string& name, const Leaf& leaf) {
  Identity made;
  made.key = EVP_EC_gen("P-256");
  made.certificate = new_certificate(name, made.key, impl_->next_serial++, leaf.not_before, leaf.not_after);
  X509* issuer = impl_->ca.certificate;
  X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer));
  add_extension(made.certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(made.certificate, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(made.certificate, issuer, NID_ext_key_usage, leaf.server ? "clientAuth,serverAuth" : "clientAuth");
  std::string names = "DNS:" + leaf.dns + ",IP:127.0.0.1";
  if (!leaf.urn.empty()) names += ",URI:" + leaf.urn;
  add_extension(made.certificate, issuer, NID_subject_alt_name, names);
  must(X509_sign(made.certificate, impl_->ca.key, EVP_sha256()) > 0, "sign");
  write_file(chain(name), {made.certificate, issuer});
  std::FILE* file = std::fopen(key(name).c_str(), "w");
  chmod(key(name).c_str(), 0600);
  PEM_write_PrivateKey(file, made.key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  auto& slot = impl_->leaves[name];
  X509_free(slot.certificate);
  EVP_PKEY_free(slot.key);
  slot = made;
}

void Pki::revoke(const std::string& name) {
  impl_->revoked.push_back(X509_get_serialNumber(impl_->leaves.at(name).certificate));
  write_crl();
}

void Pki::write_crl(long seconds) {
  std::FILE* file = std::fopen(crl().c_str(), "w");
  append_crl(file, impl_->root, {}, seconds);
  append_crl(file, impl_->ca, impl_->revoked, seconds);
  std::fclose(file);
}

void Pki::write_crl_of_root_only() {
  std::FILE* file = std::fopen(crl().c_str(), "w");
  append_crl(file, impl_->root, {}, 24 * 3600);
  std::fclose(file);
}

}  // namespace chuanyu::test
