// gateway/audit/witness.h: chuanyu-audit witness: the auditors' own witness, a process of its own with a key of its
// own.
//
// Cosigns the checkpoints of the logs it is told to watch (C2SP tlog-witness over mutual TLS) and keeps what
// contradicts itself as evidence. It needs nothing of the gateways but their public log keys. Threads: runs until
// SIGTERM or SIGINT. Failure: exit codes of audit.h.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "gateway/base/result.h"

namespace chuanyu::audit {

struct WitnessArguments {
  std::string folder;  // the witness book
  std::string name;
  std::string key;                // file: Ed25519 private key
  std::vector<std::string> logs;  // verifier keys: NAME+ID+BASE64; the name may end in '/'
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string certificate, tls_key, trust, crl;
};

// Prints "ready https=PORT" and the witness's verifier key, then serves.
Status serve_witness(const WitnessArguments& arguments, std::ostream& out);
// What the book in that folder holds: logs, sizes, times, evidence. Not while a witness runs on it.
Status show_witness(const std::string& folder, bool json, std::ostream& out, bool& evidence);

}  // namespace chuanyu::audit
