// gateway/app/world.h: directory, policy and adapters as the configuration names them.
// Threads: any. Failure: every error of every file at once.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/exchange/desk.h"
#include "gateway/federation/link.h"
#include "gateway/transport/server.h"

namespace chuanyu::app {

std::variant<std::shared_ptr<const exchange::World>, std::vector<Error>> load_world(const config::Config& config);
transport::TlsFiles tls_files(const config::Config& config);
// Where a peer is and who it must be. CONFIG_VALUE when the directory does not know it.
Result<transport::ClientOptions> peer_client(const config::Config& config, const config::Peer& peer,
                                             const identity::Directory& directory);

}  // namespace chuanyu::app
