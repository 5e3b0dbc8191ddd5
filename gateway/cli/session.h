// gateway/cli/session.h: one connection to a gateway, and how its answers become output and exit codes. Private to this
// room.
//
// Threads: one. Ownership: borrows the streams. Failure: every method that talks returns an Answer whose `exit` says
// how it went.
#pragma once

#include <iosfwd>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/cli/cli.h"
#include "gateway/transport/client.h"

namespace chuanyu::cli {

using Json = nlohmann::ordered_json;  // keys stay in the gateway's order

// --url --cert --key --trust --crl, or the same from a profile file (--as FILE, CHUANYU_PROFILE).
struct Connection {
  std::string profile;
  std::string url;
  std::string cert;
  std::string key;
  std::string trust;
  std::string crl;
  int timeout_seconds = 90;
  std::string level;  // of receipts: durable | signed | witnessed; empty: the gateway's default

  // Reads `profile` for what the command line did not give; relative paths are relative to the profile.
  Status complete();
};

struct Purpose {
  std::string matter;
  std::string basis;
  std::string grant;
  std::string operator_name;
  std::string cause;

  Json to_json() const;                               // for JSON envelopes; what was not given is left out
  std::vector<transport::Header> to_headers() const;  // Chuanyu-*, percent-encoded
};

struct Answer {
  int exit = kOk;
  int status = 0;  // 0: no HTTP answer
  transport::Response response;
  Json body;  // null when the body is not JSON
};

class Session {
 public:
  Session(Connection connection, bool json, std::ostream& out, std::ostream& err);
  ~Session();

  // Connects at the first call. A failure is reported here; the caller only passes answer.exit on. With `quiet` nothing
  // is printed.
  Answer call(const std::string& method, const std::string& target, std::vector<transport::Header> headers = {},
              Bytes body = {}, bool quiet = false);
  Answer post_json(const std::string& target, const Json& body, std::vector<transport::Header> headers);

  bool json() const { return json_; }
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  const Connection& connection() const { return connection_; }
  std::string negotiated() const;  // TLS version and cipher suite; empty before a call, and without TLS

  // With --json: prints the body and returns true, so that a command is done.
  bool printed(const Answer& answer);
  // Writes an answer's bytes to a file ("-": to out); the exit code.
  int write_file(const std::string& path, BytesView bytes);
  // The Idempotency-Key header; makes a key when none was given and says so on err.
  transport::Header idempotency(const std::string& given);
  // Prints code, title, place, advice of a local failure and returns the exit code for it.
  int fail(const Error& failure);

 private:
  void report(const Answer& answer);

  Connection connection_;
  bool json_;
  std::ostream& out_;
  std::ostream& err_;
  std::unique_ptr<transport::Client> client_;
};

// The text of a member of any scalar type, empty when it is not there. `path` is a JSON pointer.
std::string text_at(const Json& object, const std::string& path);

}  // namespace chuanyu::cli
