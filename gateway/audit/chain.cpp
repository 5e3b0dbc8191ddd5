#include "gateway/audit/chain.h"

#include <filesystem>

namespace chuanyu::audit {

using ledger::EntryKind;

void Chain::entry(std::uint64_t index, const ledger::Entry& entry) {
  versions_.see(index, entry);
  if (ledger::is_own(entry.kind)) return check_content(entry, index);
  check_versions(entry, index);
  check_certificate(entry, index);
}

// What is too long stands in the sealed body: rederive with the key looks at that.
void Chain::check_content(const ledger::Entry& entry, std::uint64_t index) const {
  const bool policy = entry.kind == EntryKind::policy;
  if (!policy && entry.kind != EntryKind::directory) return;
  ++report_.versions;
  if (entry.content.empty()) return;
  if (crypto::sha256(entry.content) == (policy ? entry.policy : entry.directory)) return;
  find_(Code::LOG_TAMPERED, policy ? "策略的内容与其摘要不符" : "名录的内容与其摘要不符",
        place_of(report_.base + index));
}

void Chain::check_versions(const ledger::Entry& entry, std::uint64_t index) {
  // Most entries name what the one before them named.
  if (entry.policy != last_policy_ && entry.policy != crypto::Digest{} && !versions_.has_policy(entry.policy))
    missing("策略", to_hex(crypto::view(entry.policy)), index);
  if (entry.directory != last_directory_ && entry.directory != crypto::Digest{} &&
      !versions_.has_directory(entry.directory))
    missing("名录", to_hex(crypto::view(entry.directory)), index);
  last_policy_ = entry.policy;
  last_directory_ = entry.directory;
  const auto check = [&](const ledger::MappingRef& mapping, ledger::MappingRef& last) {
    if (mapping.id.empty() || mapping == last) return;
    if (!versions_.has_mapping(mapping)) missing("映射", mapping.id + " " + mapping.version, index);
    last = mapping;
  };
  check(entry.mapping_in, last_in_);
  check(entry.mapping_out, last_out_);
}

void Chain::missing(const char* what, const std::string& id, std::uint64_t index) {
  if (!told_.insert(what + id).second) return;
  find_(Code::LOG_INCOMPLETE, std::string("所用的") + what + " " + id + " 此前没有记录；所指为第一处",
        place_of(report_.base + index));
}

void Chain::check_certificate(const ledger::Entry& entry, std::uint64_t index) {
  if (entry.principal == crypto::Digest{}) return;
  const auto known = certificates_ == nullptr ? Certificates::const_iterator() : certificates_->find(entry.principal);
  if (certificates_ == nullptr || known == certificates_->end()) {
    ++report_.certificates_unknown;
    return;
  }
  ++report_.certificates_checked;
  if (entry.time >= known->second.not_before && entry.time <= known->second.not_after) return;
  const std::string id = to_hex(crypto::view(entry.principal));
  if (!told_.insert(id).second) return;
  find_(Code::LOG_TAMPERED, "证书 " + id + " 在该时刻不在有效期内；所指为第一处", place_of(report_.base + index));
}

Result<Certificates> read_certificates(const std::string& folder) {
  Certificates found;
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator it(folder, failed);
       !failed && it != std::filesystem::recursive_directory_iterator(); it.increment(failed)) {
    const std::string extension = it->path().extension().string();
    if (!it->is_regular_file() || (extension != ".crt" && extension != ".pem" && extension != ".cer")) continue;
    auto certificate = crypto::parse_certificate_pem_file(it->path().string());
    if (certificate.ok()) found.insert_or_assign(certificate->fingerprint, *std::move(certificate));
  }
  if (failed) return error(Code::CONFIG_UNREADABLE, "不能读取证书目录：" + failed.message(), folder);
  if (found.empty()) return error(Code::CONFIG_UNREADABLE, "目录中没有证书（.crt、.pem、.cer）", folder);
  return found;
}

}  // namespace chuanyu::audit
