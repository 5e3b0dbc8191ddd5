// gateway/config/config.h: the configuration file of chuanyu-gateway (配置文件).
//
// One JSON file; // and /* */ comments are allowed, unknown and repeated keys are not. Relative paths are relative to
// the file; in a Config they are ready to be opened. Secrets stand in files of their own, never in the configuration.
// Members carry the names of the keys; durations lose the suffix _ms.
// Threads: plain values. Failure: load() reports every error it finds at once, `where` = "file#/json/pointer"; it opens
// no socket and changes nothing on disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/base/error.h"

namespace chuanyu::config {

// This gateway (本网关).
struct Gateway {
  std::string id;      // [a-z0-9-]{1,16}: "sc", "cq"
  std::string uscc;    // of the organisation that runs it
  std::string name;    // shown to people
  std::string region;  // 6 digits
  std::string origin;  // of its log's checkpoints: "chuanyu.sc/2026q4"
};

struct Listen {
  std::string address = "127.0.0.1";        // of the mutual TLS listener; IPv4 or IPv6
  std::uint16_t port = 8443;                // 0: any, printed when ready
  std::string admin_address = "127.0.0.1";  // plain HTTP: /healthz /readyz /metrics
  std::uint16_t admin_port = 9443;
};

struct Tls {
  std::string certificate;  // file: PEM, leaf first
  std::string key;          // file: PEM, mode 0600
  std::string trust;        // file: PEM bundle of root CAs
  std::string crl;          // file: PEM bundle
  bool allow_tls12 = false;
  std::string ciphersuites;  // empty: OpenSSL's defaults, also below
  std::string groups;
  std::string signature_algorithms;
};

struct Keys {
  std::string log_key;          // file: Ed25519 private key, mode 0600
  std::string old_log_key;      // file: the key before, while log_key takes over from it; empty: no rotation
  std::string sm2_log_key;      // file: SM2 private key, mode 0600: a second signature; empty: Ed25519 alone
  std::string kek;              // file: 32 raw bytes, mode 0600
  std::uint32_t kek_epoch = 1;  // goes up when the kek is changed
};

// Which algorithms protect the log (密码算法).
struct Crypto {
  std::string profile = "international";  // or "sm" (国密): SM4 and SM3 for new payloads, an SM3 tree signed with SM2
};

// The other gateway (对端网关); its URN and key pins come from the directory.
struct Peer {
  std::string id;
  std::string url;      // https://host:port
  std::string log_key;  // file: its public log-signing key
  std::string
      log_origin;  // of its log, or what its shards' names begin with ("chuanyu.cq/"); empty: not witnessed here
  std::chrono::milliseconds retry_min{200};
  std::chrono::milliseconds retry_max{30'000};
};

struct Limits {
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 10'000;
  std::size_t header_count = 100;
  std::size_t header_bytes = 16 * 1024;
  std::size_t target_bytes = 4 * 1024;
  std::size_t body_bytes = 1024 * 1024;
  std::uint64_t stream_bytes = std::uint64_t{4} << 30;
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds request{30'000};
  std::chrono::milliseconds idle{75'000};
  std::chrono::milliseconds write{30'000};
  std::chrono::milliseconds stream_stall{30'000};
  std::uint32_t requests_per_second = 0;  // of one principal; 0: unlimited
  std::chrono::milliseconds query_wait_max{30'000};
  std::uint32_t query_records = 100;  // most records in one answer
};

struct ThreadCounts {
  unsigned loops = 0;    // 0: one a core
  unsigned workers = 0;  // 0: one a core, at least 2
  unsigned stream_workers = 2;
};

struct Exchange {
  std::uint32_t default_expiry_hours = 168;
  std::chrono::milliseconds query_wait{5'000};
};

// Who sees this gateway's log, and how it sees others' (见证).
struct Witness {
  std::string policy;                     // file: C2SP tlog-policy; empty: nobody is asked
  std::string name;                       // of this gateway as a witness
  std::string key;                        // file: Ed25519 private key, mode 0600; empty: this gateway is no witness
  std::chrono::milliseconds every{1000};  // between rounds
  std::uint32_t grace_seconds = 14'400;   // without a quorum: from then on new exchanges are refused
  std::uint32_t entangle_seconds = 60;    // between entries about what was cosigned for others
};

// The log itself.
struct Log {
  std::string shard = "quarterly";  // when a shard is closed and the next one opened; or "never"
};

struct Disk {
  int refuse_percent = 90;                       // of the file system of `data`
  std::uint32_t ballast_mb = 1024;               // MiB kept in reserve, given up when the disk is all but full; 0: none
  std::uint32_t scrub_entries_per_second = 500;  // how fast the log is read again and compared with its tree; 0: never
};

// How long contents are kept (保存期限): chuanyu-gateway --retention erases what is older. Months; 0: for ever.
struct Retention {
  static constexpr unsigned kLeast = 42;  // three years, and six months' margin
  unsigned keep_months = 0;
  std::map<std::string, unsigned> kinds;  // record kind or message type -> months, instead
};

struct Config {
  std::string path;  // of the file it was read from
  std::string text;  // the file
  Gateway gateway;
  std::string data;  // folder, made at start-up when missing
  Listen listen;
  Tls tls;
  Keys keys;
  Crypto crypto;
  std::string directory;           // file
  std::string policy;              // file
  std::string adapters;            // folder
  std::string plugins_in_process;  // file: plug-ins that need no worker process (adapters/README.md); empty: none
  std::string accepted_mappings;   // file: mappings that may break with the version before; empty: none
  std::vector<Peer> peers;         // none: hub mode
  Witness witness;
  // What a failed identifier check does, by source: USCC or "*" -> check name -> reject | quarantine | warn.
  std::map<std::string, std::map<std::string, std::string>> checks;
  Limits limits;
  ThreadCounts threads;
  Exchange exchange;
  Log log;
  Disk disk;
  Retention retention;
  std::string log_level = "info";
};

using Loaded = std::variant<Config, std::vector<Error>>;

// Reads `path` and checks that every file it names is there, can be read and, for secrets, by its owner only.
Loaded load(const std::string& path);

// The same for a text in memory. `path` says where relative paths start and stands in errors.
enum class Files { check, ignore };
Loaded parse(std::string_view text, const std::string& path, Files files);

// A whole configuration with every key, its default and a comment in Chinese: what --print-default-config writes.
std::string_view default_text();

}  // namespace chuanyu::config
