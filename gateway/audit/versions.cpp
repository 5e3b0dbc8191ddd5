#include "gateway/audit/versions.h"

#include <nlohmann/json.hpp>

#include "adapters/content.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

Error unknown(const char* what) { return error(Code::LOG_INCOMPLETE, std::string("此前的日志没有这一版") + what); }

// The value, or why this program cannot read what the gateway read.
template <typename T>
Result<T> taken(std::variant<T, std::vector<Error>> parsed, std::uint64_t index) {
  if (auto* value = std::get_if<T>(&parsed)) return std::move(*value);
  return error(Code::LOG_VERSION, "本程序读不懂日志记录的这一版：" + std::get<1>(parsed).front().to_text(),
               place_of(index));
}

}  // namespace

void Versions::see(std::uint64_t index, const ledger::Entry& entry) {
  // Put in force once more it is the same version: the first entry stands for it.
  if (entry.kind == EntryKind::policy) policies_.try_emplace(entry.policy, index);
  if (entry.kind == EntryKind::mapping) mappings_.try_emplace(key_of(entry.mapping_in), index);
  if (entry.kind == EntryKind::admin && entry.what == "config") {
    configurations_.insert(configurations_.begin(), index);
    if (configurations_.size() > 2) configurations_.pop_back();
  }
  if (entry.kind != EntryKind::directory) return;
  directories_.try_emplace(entry.directory, index);
  latest_directory_ = entry.directory;
}

Result<Bytes> Versions::content(std::uint64_t index) const {
  CHUANYU_TRY(const Bytes bytes, log_.entry(index));
  CHUANYU_TRY(ledger::Entry entry, ledger::decode(bytes));
  if (entry.slot == 0) return std::move(entry.content);
  if (bodies_ == nullptr) return error(Code::LOCAL_KEY_FILE, "这一版的内容较长，已加密：请用 --kek", place_of(index));
  return bodies_->body(entry);
}

Result<Bytes> Versions::content(std::uint64_t index, const crypto::Digest& digest) const {
  CHUANYU_TRY(Bytes text, content(index));
  if (crypto::sha256(text) != digest) return error(Code::LOG_TAMPERED, "这一版的内容与其摘要不符", place_of(index));
  return text;
}

Result<Versions::PolicyPtr> Versions::policy(const crypto::Digest& digest) {
  const auto found = policies_.find(digest);
  if (found == policies_.end()) return unknown("策略");
  auto& [index, value] = found->second;
  if (!value) {
    value = [&, where = index]() -> Result<PolicyPtr> {
      CHUANYU_TRY(const Bytes text, content(where, digest));
      return taken(policy::Policy::parse(text), where);
    }();
  }
  return *value;
}

Result<Versions::DirectoryPtr> Versions::directory(const crypto::Digest& digest) {
  const auto found = directories_.find(digest);
  if (found == directories_.end()) return unknown("名录");
  auto& [index, value] = found->second;
  if (!value) {
    value = [&, where = index]() -> Result<DirectoryPtr> {
      CHUANYU_TRY(const Bytes text, content(where, digest));
      return taken(identity::Directory::parse(text), where);
    }();
  }
  return *value;
}

Result<Versions::AdapterPtr> Versions::mapping(const ledger::MappingRef& mapping) {
  const auto found = mappings_.find(key_of(mapping));
  if (found == mappings_.end()) return unknown("映射");
  auto& [index, value] = found->second;
  if (!value) {
    value = [&, where = index]() -> Result<AdapterPtr> {
      CHUANYU_TRY(const Bytes text, content(where));
      if (text.empty()) return error(Code::LOG_VERSION, "该格式由插件转换，其程序不在日志中", place_of(where));
      CHUANYU_TRY(AdapterPtr adapter, taken(adapters::adapter_of(text, place_of(where)), where));
      if (adapter->profile().fingerprint != mapping.fingerprint || adapter->profile().id != mapping.id) {
        return error(Code::LOG_VERSION, "映射的内容或本程序的规范记录定义与其指纹不符", place_of(where));
      }
      return adapter;
    }();
  }
  return *value;
}

const Versions::Checks& Versions::checks(std::uint64_t index) {
  const auto [known, first] = checks_.try_emplace(index);
  if (!first) return known->second;
  const auto text = content(index);
  const auto document = nlohmann::json::parse(text.ok() ? *text : "", nullptr, /*allow_exceptions=*/false,
                                              /*ignore_comments=*/true);
  if (!document.is_object() || !document.contains("checks")) return known->second;
  for (const auto& [uscc, rules] : document["checks"].items()) {
    for (const auto& [check, word] : rules.items()) {
      const auto action = word == "warn"         ? adapters::CheckAction::warn
                          : word == "quarantine" ? adapters::CheckAction::quarantine
                                                 : adapters::CheckAction::reject;
      known->second[uscc].checks[check] = action;
    }
  }
  return known->second;
}

std::vector<adapters::GetOptions> Versions::checks_of(const std::string& uscc) {
  std::vector<adapters::GetOptions> found;
  for (const std::uint64_t index : configurations_) {
    const Checks& all = checks(index);
    const auto own = all.contains(uscc) ? all.find(uscc) : all.find("*");
    found.push_back(own == all.end() ? adapters::GetOptions{} : own->second);
  }
  return found;
}

Versions::DirectoryPtr Versions::latest_directory() {
  if (!latest_directory_) return nullptr;
  const auto found = directory(*latest_directory_);
  return found.ok() ? *found : nullptr;
}

}  // namespace chuanyu::audit
