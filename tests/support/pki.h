// tests/support/pki.h: a small PKI in a temporary folder, for tests of TLS: a root, an issuing CA, leaves, CRLs.
//
// Threads: one. Failure: aborts; a test cannot go on without it.
#pragma once

#include <memory>
#include <string>

namespace chuanyu::test {

struct Leaf {
  std::string urn = "urn:chuanyu:agency:510000:12510000MCDEM0019R:app";  // empty: no SAN URI
  std::string dns = "localhost";                                         // 127.0.0.1 is added too
  long not_before = -3600;                                               // seconds from now
  long not_after = 24 * 3600;
  bool server = true;  // EKU serverAuth beside clientAuth
};

class Pki {
 public:
  // PKIs of the same name have CAs of the same names with other keys.
  explicit Pki(const std::string& name = "test");
  ~Pki();
  Pki(const Pki&) = delete;
  Pki& operator=(const Pki&) = delete;

  // Writes <name>.chain.crt (leaf, issuing CA) and <name>.key (0600).
  void issue(const std::string& name, const Leaf& leaf = {});
  void revoke(const std::string& name);  // and writes the CRLs
  // crl.pem: CRLs of the root and of the issuing CA, good for `seconds` (negative: stale already).
  void write_crl(long seconds = 24 * 3600);
  void write_crl_of_root_only();

  std::string chain(const std::string& name) const { return folder_ + "/" + name + ".chain.crt"; }
  std::string key(const std::string& name) const { return folder_ + "/" + name + ".key"; }
  std::string trust() const { return folder_ + "/trust.pem"; }
  std::string crl() const { return folder_ + "/crl.pem"; }
  const std::string& folder() const { return folder_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string folder_;
};

}  // namespace chuanyu::test
