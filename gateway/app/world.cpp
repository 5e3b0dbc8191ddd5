#include "gateway/app/world.h"

#include <utility>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/sm_checkpoint.h"
#include "gateway/ledger/succession.h"
#include "schemas/canonical_json.h"

namespace chuanyu::app {
namespace {

// The value, or its errors added to the list.
template <typename T>
T take(std::variant<T, std::vector<Error>> loaded, std::vector<Error>& errors) {
  if (auto* found = std::get_if<std::vector<Error>>(&loaded)) {
    errors.insert(errors.end(), found->begin(), found->end());
    return {};
  }
  return std::get<T>(std::move(loaded));
}

adapters::CheckAction action_of(const std::string& word) {
  if (word == "warn") return adapters::CheckAction::warn;
  return word == "quarantine" ? adapters::CheckAction::quarantine : adapters::CheckAction::reject;
}

void check_profiles(const exchange::World& world, std::vector<Error>& errors) {
  for (const auto& [uscc, party] : world.directory->parties()) {
    for (const auto& [kind, profile] : party.profiles) {
      const auto adapter = world.adapters->find(profile);
      if (!adapter || adapters::to_string(adapter->profile().kind) != kind) {
        std::string where = uscc;
        where.append("/").append(kind);
        errors.push_back(error(Code::CONFIG_VALUE, "名录登记的格式 " + profile + " 没有对应的映射", std::move(where)));
      }
    }
  }
}

void check_retention(const config::Config& config, std::vector<Error>& errors) {
  for (const auto& [kind, months] : config.retention.kinds) {
    if (schemas::parse_kind(kind).ok() || schemas::find_message_type(kind) != nullptr) continue;
    errors.push_back(error(Code::CONFIG_VALUE, "没有这种记录或消息：" + kind, "/retention/kinds/" + kind));
  }
}

void check_gateway(const config::Config& config, const exchange::World& world, std::vector<Error>& errors) {
  if (world.directory->find_gateway(config.gateway.id) != nullptr) return;
  errors.push_back(error(Code::CONFIG_VALUE, "名录中没有网关 " + config.gateway.id + " 的系统", "/gateway/id"));
}

// The old key names its successor.
std::string succession_of(const config::Config& config, std::vector<Error>& errors) {
  const auto old = crypto::SigningKey::from_pem_file(config.keys.old_log_key);
  const auto now = crypto::SigningKey::from_pem_file(config.keys.log_key);
  if (!old.ok()) errors.push_back(old.error());
  if (!old.ok() || !now.ok()) return {};
  if (old->verify_key().raw() == now->verify_key().raw()) {
    errors.push_back(error(Code::CONFIG_VALUE, "old_log_key 与 log_key 是同一把私钥", "/keys/old_log_key"));
  }
  return ledger::succession_line(config.gateway.origin, *old, now->verify_key()) + "\n";
}

// The public keys in force, for the log: who verifies it later must know which key signed when.
std::string keys_of(const config::Config& config, std::vector<Error>& errors) {
  std::string text;
  const auto own = [&](const char* what, const std::string& name, const std::string& file, ledger::KeyType type) {
    const auto key = crypto::SigningKey::from_pem_file(file);
    if (!key.ok()) return errors.push_back(key.error());
    text += std::string(what) + " " + ledger::to_vkey(name, key->verify_key(), type) + "\n";
  };
  own("log", config.gateway.origin, config.keys.log_key, ledger::KeyType::log);
  if (!config.keys.old_log_key.empty()) text += succession_of(config, errors);
  if (!config.keys.sm2_log_key.empty()) {
    const auto key = crypto::Sm2SigningKey::from_pem_file(config.keys.sm2_log_key);
    if (!key.ok()) errors.push_back(key.error());
    if (key.ok()) text += "log-sm2 " + ledger::to_sm2_vkey(config.gateway.origin, key->verify_key()) + "\n";
  }
  if (!config.witness.key.empty()) {
    own("witness", config.witness.name, config.witness.key, ledger::KeyType::cosignature);
  }
  for (const config::Peer& peer : config.peers) {
    const auto keys = crypto::VerifyKey::all_from_pem_file(peer.log_key);
    if (!keys.ok()) errors.push_back(keys.error());
    for (std::size_t i = 0; keys.ok() && i < keys->size(); ++i) {
      text += "peer " + peer.id + " " + to_base64((*keys)[i].raw()) + "\n";
    }
  }
  return text + "kek-epoch " + std::to_string(config.keys.kek_epoch) + "\n";
}

}  // namespace

std::variant<std::shared_ptr<const exchange::World>, std::vector<Error>> load_world(const config::Config& config) {
  std::vector<Error> errors;
  auto world = std::make_shared<exchange::World>();
  world->directory = take(identity::Directory::load(config.directory), errors);
  world->policy = take(policy::Policy::load(config.policy), errors);
  world->adapters = take(adapters::Registry::load(config.adapters, {config.plugins_in_process, ""}), errors);
  for (const auto& [uscc, rules] : config.checks) {
    for (const auto& [check, word] : rules) world->checks[uscc].checks[check] = action_of(word);
  }
  check_retention(config, errors);
  world->keys = keys_of(config, errors);
  world->config = config.text;
  if (errors.empty()) {
    check_gateway(config, *world, errors);
    check_profiles(*world, errors);
  }
  if (!errors.empty()) return errors;
  return std::shared_ptr<const exchange::World>(std::move(world));
}

transport::TlsFiles tls_files(const config::Config& config) {
  transport::TlsFiles files;
  files.certificate_chain = config.tls.certificate;
  files.private_key = config.tls.key;
  files.trust = config.tls.trust;
  files.crl = config.tls.crl;
  files.allow_tls12 = config.tls.allow_tls12;
  files.ciphersuites = config.tls.ciphersuites;
  files.groups = config.tls.groups;
  files.signature_algorithms = config.tls.signature_algorithms;
  return files;
}

Result<transport::ClientOptions> peer_client(const config::Config& config, const config::Peer& peer,
                                             const identity::Directory& directory) {
  transport::ClientOptions options;
  options.url = peer.url;
  options.files = tls_files(config);
  if (const identity::System* system = directory.find_gateway_system(peer.id)) {
    options.expected_urn = identity::to_string(system->urn);
    options.pins = system->pins;
    return options;
  }
  return error(Code::CONFIG_VALUE, "名录中没有对端网关 " + peer.id + " 的系统", "/peers");
}

}  // namespace chuanyu::app
