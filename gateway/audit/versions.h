// gateway/audit/versions.h: policy, directory and mappings as the log recorded them, read by the gateway's own code.
//
// see() is given the log's own entries in order; a version that was not seen yet is not found, so an entry that names a
// later one is told. Each version is read once, when it is asked for: memory follows their number, not the log's
// length. Threads: one. `log` and `bodies` outlive it. Failure, of the questions: LOG_INCOMPLETE for a version that no
// earlier entry recorded, LOG_TAMPERED for content that is not what its digest says, LOCAL_KEY_FILE for
// content that is sealed while no key was given, LOCAL_PAYLOAD_ERASED, LOG_VERSION for a mapping that is a program (its
// content is not in the log) or that this program cannot read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "gateway/audit/body.h"
#include "gateway/audit/log_reader.h"
#include "gateway/base/result.h"
#include "gateway/identity/directory.h"
#include "gateway/policy/policy.h"

namespace chuanyu::audit {

class Versions {
 public:
  // `bodies`: nullptr without a key.
  Versions(const LogReader& log, const BodyOpener* bodies) : log_(log), bodies_(bodies) {}

  void see(std::uint64_t index, const ledger::Entry& entry);

  using PolicyPtr = std::shared_ptr<const policy::Policy>;
  using DirectoryPtr = std::shared_ptr<const identity::Directory>;
  using AdapterPtr = std::shared_ptr<const adapters::Adapter>;
  Result<PolicyPtr> policy(const crypto::Digest& digest);
  Result<DirectoryPtr> directory(const crypto::Digest& digest);
  Result<AdapterPtr> mapping(const ledger::MappingRef& mapping);

  // How identifiers of an agency's records were checked, by the configuration recorded last, and by the one before it:
  // a command that was under way when it changed kept the old one. Empty: no configuration that can be read was
  // recorded.
  std::vector<adapters::GetOptions> checks_of(const std::string& uscc);

  // Whether an earlier entry recorded it; says nothing of its content.
  bool has_policy(const crypto::Digest& digest) const { return policies_.contains(digest); }
  bool has_directory(const crypto::Digest& digest) const { return directories_.contains(digest); }
  bool has_mapping(const ledger::MappingRef& mapping) const { return mappings_.contains(key_of(mapping)); }
  bool any() const { return !policies_.empty() || !directories_.empty() || !mappings_.empty(); }
  // The directory recorded last; nullptr when there is none that can be read. For names.
  DirectoryPtr latest_directory();

 private:
  using MappingKey = std::pair<std::string, std::uint64_t>;
  template <typename Value>
  struct Version {
    explicit Version(std::uint64_t entry) : index(entry) {}
    std::uint64_t index;
    std::optional<Result<Value>> value;
  };
  static MappingKey key_of(const ledger::MappingRef& mapping) { return {mapping.id, mapping.fingerprint}; }
  using Checks = std::map<std::string, adapters::GetOptions>;  // by USCC; "*" for every agency without its own
  const Checks& checks(std::uint64_t index);
  Result<Bytes> content(std::uint64_t index) const;
  Result<Bytes> content(std::uint64_t index, const crypto::Digest& digest) const;

  const LogReader& log_;
  const BodyOpener* bodies_;
  std::map<crypto::Digest, Version<PolicyPtr>> policies_;
  std::map<crypto::Digest, Version<DirectoryPtr>> directories_;
  std::map<MappingKey, Version<AdapterPtr>> mappings_;
  std::optional<crypto::Digest> latest_directory_;
  std::vector<std::uint64_t> configurations_;  // entries: the last one and the one before
  std::map<std::uint64_t, Checks> checks_;
};

}  // namespace chuanyu::audit
