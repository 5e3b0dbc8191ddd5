// tests/bench/exchange: PUT of one case of 1.5 KB at the gateway, beside nginx as a bare mutual-TLS reverse proxy.
//
// Both servers have one core to themselves, the load generator has another; same certificates, same CRLs, same 64
// connections, same requests. Rounds alternate, and a ratio is the median of the rounds' ratios, so that other work on
// the machine disturbs it little. The gateway maps, logs durably and answers; nginx passes a static answer on.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/bench/support/load.h"
#include "tests/bench/support/records.h"
#include "tests/bench/support/server.h"

namespace chuanyu::bench {
namespace {

constexpr int kServerCore = 0;
constexpr unsigned kConnections = 64;

// An answer as long as the gateway's.
constexpr const char* kAnswer =
    R"({"receipt":{"exchangeId":"019aa1c5-0000-7000-8000-000000000001","gateway":"cq","index":123456,"leaf":)"
    R"("0000000000000000000000000000000000000000000000000000000000000000","time":"2026-11-22T00:00:00.000000+08:00",)"
    R"("level":"durable"},"notes":[]})";

std::string nginx_config(const Workplace& place, std::uint16_t port, std::uint16_t upstream) {
  const auto number = [](std::uint16_t value) { return std::to_string(value); };
  return "user root;\nworker_processes 1;\ndaemon off;\npid " + place.folder() + "/nginx.pid;\nerror_log " +
         place.folder() + "/nginx.log warn;\nevents { worker_connections 4096; }\nhttp {\n  access_log off;\n" +
         "  keepalive_requests 100000000;\n  keepalive_timeout 600s;\n  client_body_buffer_size 64k;\n"
         "  client_body_temp_path " +
         place.folder() + "/body;\n  proxy_temp_path " + place.folder() +
         "/proxy;\n"
         "  fastcgi_temp_path " +
         place.folder() + "/f;\n  uwsgi_temp_path " + place.folder() +
         "/u;\n"
         "  scgi_temp_path " +
         place.folder() +
         "/s;\n"
         "  upstream answer { server 127.0.0.1:" +
         number(upstream) +
         "; keepalive 128; keepalive_requests 100000000; }\n"
         "  server { listen 127.0.0.1:" +
         number(upstream) + ";\n    location / { default_type application/json; return 201 '" + kAnswer +
         "'; } }\n  server { listen 127.0.0.1:" + number(port) + " ssl;\n    ssl_certificate " +
         place.pki("cq/gateway/cq-gw.chain.crt") + ";\n    ssl_certificate_key " + place.pki("cq/gateway/cq-gw.key") +
         ";\n    ssl_protocols TLSv1.3;\n    ssl_verify_client on;\n    ssl_verify_depth 4;\n    "
         "ssl_client_certificate " +
         place.pki("trust.pem") + ";\n    ssl_crl " + place.pki("crl.pem") +
         ";\n    location / { proxy_pass http://answer; proxy_http_version 1.1; proxy_set_header Connection \"\"; } "
         "}\n}\n";
}

struct Measured {
  LoadReport load;
  double cpu_us = 0;  // of the server for a request
};

// A figure of one server over the rounds.
struct Row {
  std::string name;
  std::vector<double> rates{}, cpu{}, p99{}, ratios{}, cpu_ratios{};
};

std::uint64_t taken = 0;  // record numbers: every PUT of this run its own

Measured measure(const Target& target, const Records& records, pid_t server, int seconds) {
  LoadOptions load;
  load.target = target;
  load.connections = kConnections;
  load.cores = {static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) - 1};
  load.warm_up = std::chrono::milliseconds(0);
  load.duration = std::chrono::seconds(seconds);
  const std::string path = "/v1/records/" + records.kind() + "/";
  load.next = [&](unsigned, std::uint64_t number, LoadRequest& request) {
    if (number == 0) {
      request.method = "PUT";
      request.headers = records.headers();
      request.headers.emplace_back("Idempotency-Key", "");
    }
    const std::uint64_t own = ++taken;  // one generator thread
    request.target = path + records.id(own);
    request.headers.back().second = "bench-" + std::to_string(own);
    request.body = records.record(own);
  };
  const double before = cpu_us(server);
  Measured out{run_load(load), 0};
  if (!out.load.error.empty()) give_up(out.load.error);
  if (out.load.requests == 0 || out.load.failures > 0) {
    give_up("answers that were not wanted: " + std::to_string(out.load.failures) + ", first status " +
            std::to_string(out.load.statuses.empty() ? 0 : out.load.statuses.rbegin()->first));
  }
  out.cpu_us = (cpu_us(server) - before) / static_cast<double>(out.load.requests);
  return out;
}

void note(Row& row, const Measured& measured, const Measured* beside, bool json) {
  row.rates.push_back(measured.load.requests_per_second);
  row.cpu.push_back(measured.cpu_us);
  row.p99.push_back(measured.load.p99_us);
  if (beside != nullptr) {
    row.ratios.push_back(measured.load.requests_per_second / beside->load.requests_per_second);
    row.cpu_ratios.push_back(beside->cpu_us / measured.cpu_us);
  }
  if (!json) {
    std::printf("%-22s %7.0f requests/s  server %6.1f µs CPU/request  p50 %6.0f µs  p99 %6.0f µs  generator %4.1f µs\n",
                row.name.c_str(), measured.load.requests_per_second, measured.cpu_us, measured.load.p50_us,
                measured.load.p99_us, measured.load.generator_cpu_us);
  }
}

int run(const Arguments& arguments) {
  const Workplace place(arguments.programs, arguments.folder);
  const std::string log = place.folder() + "/log";
  const Records json = Records::of("cq.case.v1");
  const Records xml = Records::of("sc.case.v1");

  Process cq(place.gateway("cq", "cq"), {kServerCore}, log);
  const std::uint16_t cq_port = ready_port(cq);
  Process sc(place.gateway("sc", "sc"), {kServerCore}, log);
  const std::uint16_t sc_port = ready_port(sc);

  const std::uint16_t port = free_port();
  const std::string config = place.folder() + "/nginx.conf";
  std::ofstream(config) << nginx_config(place, port, free_port());
  Process nginx({"nginx", "-p", place.folder(), "-c", config, "-e", place.folder() + "/nginx.log"}, {kServerCore}, log);
  std::vector<pid_t> workers;
  for (int i = 0; i < 200 && workers.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    workers = nginx.children();
  }
  if (workers.empty()) give_up("nginx did not start; its log is in " + place.folder());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));

  const Target to_nginx = place.target("cq", json.agency(), port);
  const Target to_cq = place.target("cq", json.agency(), cq_port);
  const Target to_sc = place.target("sc", xml.agency(), sc_port);
  measure(to_nginx, json, workers[0], 1);
  measure(to_cq, json, cq.pid(), 1);
  measure(to_sc, xml, sc.pid(), 1);

  Row proxy{.name = "nginx proxy"}, put{.name = "gateway, cq.case.v1"}, put_xml{.name = "gateway, sc.case.v1"};
  for (int round = 0; round < arguments.rounds; ++round) {
    const Measured bare = measure(to_nginx, json, workers[0], arguments.seconds);
    note(proxy, bare, nullptr, arguments.json);
    note(put, measure(to_cq, json, cq.pid(), arguments.seconds), &bare, arguments.json);
    note(put_xml, measure(to_sc, xml, sc.pid(), arguments.seconds), &bare, arguments.json);
  }
  cq.end(SIGTERM);
  sc.end(SIGTERM);
  nginx.end(SIGTERM);
  std::printf(
      "{\"put_vs_nginx_proxy\":%.3f,\"put_xml_vs_nginx_proxy\":%.3f,\"put_cpu_vs_nginx_proxy\":%.3f,"
      "\"put_xml_cpu_vs_nginx_proxy\":%.3f,\"put_per_second\":%.0f,\"put_xml_per_second\":%.0f,"
      "\"nginx_proxy_per_second\":%.0f,\"put_cpu_us\":%.1f,\"put_xml_cpu_us\":%.1f,\"nginx_proxy_cpu_us\":%.1f,"
      "\"put_p99_us\":%.0f,\"nginx_proxy_p99_us\":%.0f,\"body_bytes\":%zu,\"xml_body_bytes\":%zu}\n",
      median(put.ratios), median(put_xml.ratios), median(put.cpu_ratios), median(put_xml.cpu_ratios), median(put.rates),
      median(put_xml.rates), median(proxy.rates), median(put.cpu), median(put_xml.cpu), median(proxy.cpu),
      median(put.p99), median(proxy.p99), json.bytes(), xml.bytes());
  return 0;
}

}  // namespace
}  // namespace chuanyu::bench

int main(int argc, char** argv) {
  using namespace chuanyu::bench;
  return run(read_arguments(argc, argv,
                            "exchange [--json] [--seconds S] [--rounds N] [--programs DIR] [--dir DIR]\n"
                            "PUT of a 1.5 KB case at the gateway beside nginx as a mutual-TLS reverse proxy"));
}
