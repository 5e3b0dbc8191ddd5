#include "gateway/audit/witness.h"

#include <pthread.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/base/log.h"
#include "gateway/storage/page_check.h"
#include "gateway/terminal/text.h"
#include "gateway/transport/server.h"
#include "gateway/witness/book.h"

namespace chuanyu::audit {
namespace {

constexpr std::string_view kAddCheckpoint = "/add-checkpoint";
constexpr std::chrono::seconds kDrain{5};

Result<std::vector<witness::WatchedLog>> watched(const std::vector<std::string>& vkeys) {
  std::vector<witness::WatchedLog> logs;
  for (const std::string& text : vkeys) {
    auto key = ledger::parse_vkey(text);
    if (!key.ok()) return error(key.error().code, key.error().detail, "--log");
    if (key->type != ledger::KeyType::log) return error(Code::CONFIG_VALUE, "应为日志的公钥，不是见证方的", "--log");
    logs.push_back({std::move(key->name), std::move(key->key)});
  }
  return logs;
}

transport::ServerOptions server_options(const WitnessArguments& arguments) {
  transport::ServerOptions options;
  options.address = arguments.address;
  options.port = arguments.port;
  options.files.certificate_chain = arguments.certificate;
  options.files.private_key = arguments.tls_key;
  options.files.trust = arguments.trust;
  options.files.crl = arguments.crl;
  options.limits.connections = 256;
  options.limits.body_bytes = std::size_t{64} * 1024;
  options.loops = 1;
  options.workers = 2;
  return options;
}

transport::Response respond(witness::Book& book, const transport::Request& request) {
  transport::Response response;
  if (!request.path.ends_with(kAddCheckpoint)) {
    return transport::problem(error(Code::CLIENT_ROUTE_UNKNOWN, "见证方只提供 POST …/add-checkpoint"));
  }
  if (request.method != "POST") return transport::problem(error(Code::CLIENT_METHOD_NOT_ALLOWED));
  witness::Answer answer = book.add_checkpoint(request.body);
  log::info("witness.asked", {{"status", answer.status}, {"remote", request.remote}});
  response.status = answer.status;
  response.headers = {{"Content-Type", std::move(answer.content_type)}};
  response.body = std::move(answer.body);
  return response;
}

}  // namespace

Status serve_witness(const WitnessArguments& arguments, std::ostream& out) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: all of them inherit it

  const SystemClock clock;
  CHUANYU_TRY(crypto::SigningKey key, crypto::SigningKey::from_pem_file(arguments.key));
  CHUANYU_TRY(auto logs, watched(arguments.logs));
  witness::BookOptions options{arguments.folder, arguments.name,
                               std::make_shared<const crypto::SigningKey>(std::move(key)), std::move(logs), &clock};
  CHUANYU_TRY(const auto book, witness::Book::open(std::move(options)));
  CHUANYU_TRY(const auto server,
              transport::Server::start(server_options(arguments),
                                       [&](const transport::Request& request, transport::Responder responder) {
                                         responder.send(respond(*book, request));
                                       }));
  out << "ready https=" << server->port() << "\n"
      << "vkey " << book->vkey() << "\n"
      << std::flush;
  int signal = 0;
  ::sigwait(&signals, &signal);
  server->drain(kDrain);
  return {};
}

Status show_witness(const std::string& folder, bool json, std::ostream& out, bool& evidence) {
  if (!std::filesystem::exists(folder + "/data.mdb")) return error(Code::CONFIG_UNREADABLE, "这里没有见证簿", folder);
  CHUANYU_CHECK(storage::check_pages(folder));
  const SystemClock clock;
  CHUANYU_TRY(const auto book, witness::Book::open({folder, "", nullptr, {}, &clock, /*read_only=*/true}));
  CHUANYU_TRY(const auto kept, book->kept());
  CHUANYU_TRY(const auto contradictions, book->evidence());
  evidence = !contradictions.empty();
  const auto time = [](std::uint64_t seconds) { return to_rfc3339(static_cast<TimeUs>(seconds) * 1'000'000); };
  if (json) {
    nlohmann::ordered_json report{{"logs", nlohmann::json::array()}, {"evidence", nlohmann::json::array()}};
    for (const auto& one : kept) {
      report["logs"].push_back(
          {{"origin", one.origin}, {"size", one.size}, {"time", time(one.seconds)}, {"checkpoint", one.note}});
    }
    for (const auto& one : contradictions) {
      report["evidence"].push_back({{"origin", one.origin}, {"seen", one.seen}, {"then", one.then}});
    }
    out << report.dump(2) << "\n";
    return {};
  }
  std::vector<terminal::Row> rows;
  for (const auto& one : kept) {
    rows.push_back({terminal::printable(one.origin), std::to_string(one.size), time(one.seconds)});
  }
  out << terminal::table({"日志", "已见长度", "最后见证"}, rows);
  for (const auto& one : contradictions) {
    out << "\n日志 " << terminal::printable(one.origin) << " 前后矛盾。此前所见：\n"
        << one.seen << "\n后来所称：\n"
        << one.then;
  }
  if (!evidence) out << "没有发现前后矛盾。\n";
  return {};
}

}  // namespace chuanyu::audit
