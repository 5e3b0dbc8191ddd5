#include "gateway/app/witnesses.h"

#include <fstream>
#include <iterator>

#include "gateway/app/world.h"

namespace chuanyu::app {
namespace {

constexpr std::chrono::milliseconds kConnect{1'000};  // a witness that is away must not delay a start
constexpr std::chrono::milliseconds kAnswer{3'000};
constexpr std::size_t kMaxAnswer = 64 * 1024;

// As a peer when its URL is one of a peer's: its identity is pinned then. Otherwise by its certificate's name.
Result<transport::ClientOptions> client_of(const config::Config& config, const identity::Directory& directory,
                                           const std::string& url) {
  const std::size_t path = url.find('/', url.find("://") + 3);
  const std::string base = url.substr(0, path);
  transport::ClientOptions options;
  options.url = base;
  options.files = tls_files(config);
  for (const config::Peer& peer : config.peers) {
    if (peer.url != base) continue;
    CHUANYU_TRY(options, peer_client(config, peer, directory));
  }
  options.connect = kConnect;
  options.answer = kAnswer;
  options.max_answer_bytes = kMaxAnswer;
  return options;
}

}  // namespace

Result<federation::WitnessingOptions> witnessing_options(const config::Config& config,
                                                         const identity::Directory& directory) {
  federation::WitnessingOptions options;
  options.every = config.witness.every;
  options.grace = std::chrono::seconds(config.witness.grace_seconds);
  options.entangle = std::chrono::seconds(config.witness.entangle_seconds);
  if (config.witness.policy.empty()) {
    CHUANYU_TRY(options.policy, ledger::WitnessPolicy::parse("quorum none\n"));
    return options;
  }
  std::ifstream file(config.witness.policy, std::ios::binary);
  if (!file) return error(Code::CONFIG_UNREADABLE, "见证策略不能打开", config.witness.policy);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  auto policy = ledger::WitnessPolicy::parse(text);
  if (!policy.ok())
    return error(policy.error().code, policy.error().detail, config.witness.policy + "：" + policy.error().where);
  for (const ledger::Witness& witness : policy->witnesses()) {
    if (witness.url.empty()) continue;
    if (!witness.url.starts_with("https://")) {
      return error(Code::CONFIG_VALUE, "见证方 " + witness.name + " 的网址应以 https:// 开头", config.witness.policy);
    }
    CHUANYU_TRY(options.clients[witness.name], client_of(config, directory, witness.url));
  }
  options.policy = std::move(*policy);
  return options;
}

Result<std::unique_ptr<witness::Book>> open_book(const config::Config& config, const Clock& clock) {
  if (config.witness.key.empty()) return std::unique_ptr<witness::Book>();
  witness::BookOptions options;
  options.folder = config.data + "/witness";
  options.name = config.witness.name;
  options.clock = &clock;
  CHUANYU_TRY(crypto::SigningKey key, crypto::SigningKey::from_pem_file(config.witness.key));
  options.key = std::make_shared<const crypto::SigningKey>(std::move(key));
  for (const config::Peer& peer : config.peers) {
    if (peer.log_origin.empty()) continue;
    CHUANYU_TRY(auto log_keys, crypto::VerifyKey::all_from_pem_file(peer.log_key));
    for (crypto::VerifyKey& one : log_keys) options.logs.push_back({peer.log_origin, std::move(one)});
  }
  return witness::Book::open(std::move(options));
}

}  // namespace chuanyu::app
