// Private to gateway/audit: do the entries stand on what was recorded before them?
//
// Each decision names a policy and a directory, each conversion a mapping: an earlier entry must have recorded that
// version, with the content that its digest says. A certificate that acted must have been valid at the time of the
// entry; the log holds fingerprints only, so whoever audits brings the certificates. Memory: the number of versions and
// certificates.
#pragma once

#include <functional>
#include <set>

#include "gateway/audit/verify.h"
#include "gateway/audit/versions.h"

namespace chuanyu::audit {

class Chain {
 public:
  using Find = std::function<void(Code code, std::string detail, std::string where)>;
  // `certificates`: nullptr when none were given.
  Chain(const LogReader& log, const Certificates* certificates, LogReport& report, Find find)
      : versions_(log, nullptr), certificates_(certificates), report_(report), find_(std::move(find)) {}

  void entry(std::uint64_t index, const ledger::Entry& entry);

 private:
  void check_content(const ledger::Entry& entry, std::uint64_t index) const;
  void check_versions(const ledger::Entry& entry, std::uint64_t index);
  void check_certificate(const ledger::Entry& entry, std::uint64_t index);
  // One finding for each version, however many entries name it.
  void missing(const char* what, const std::string& id, std::uint64_t index);

  Versions versions_;
  const Certificates* certificates_;
  LogReport& report_;
  Find find_;
  std::set<std::string> told_;
  crypto::Digest last_policy_{};
  crypto::Digest last_directory_{};
  ledger::MappingRef last_in_;
  ledger::MappingRef last_out_;
};

}  // namespace chuanyu::audit
