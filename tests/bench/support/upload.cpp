#include "tests/bench/support/upload.h"

#include <poll.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "tests/bench/support/link.h"
#include "tests/bench/support/server.h"

namespace chuanyu::bench {
namespace {

constexpr std::size_t kChunk = 128 * 1024;
constexpr int kWaitMs = 50;

void send_all(Link& link, const std::string& bytes, const std::function<void()>& meanwhile) {
  for (std::size_t at = 0; at < bytes.size();) {
    const long count = link.write(bytes.data() + at, bytes.size() - at);
    if (count < 0) give_up("the gateway ended the import");
    at += static_cast<std::size_t>(count);
    if (count > 0) continue;
    pollfd ready{link.fd(), POLLOUT, 0};
    if (::poll(&ready, 1, kWaitMs) == 0) meanwhile();
  }
}

std::string receive(Link& link, const std::function<void()>& meanwhile) {
  std::string in;
  std::array<char, 16384> buffer;
  while (true) {
    const long count = link.read(buffer.data(), buffer.size());
    if (count < 0) give_up("the gateway ended the import without an answer: " + in);
    in.append(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t head = in.find("\r\n\r\n");
    const std::size_t length = in.find("ontent-Length:");
    if (head != std::string::npos && length < head) {
      const auto body = static_cast<std::size_t>(std::atoll(in.c_str() + length + 14));
      if (in.size() >= head + 4 + body) return in;
    }
    if (count > 0) continue;
    pollfd ready{link.fd(), POLLIN, 0};
    if (::poll(&ready, 1, kWaitMs) == 0) meanwhile();
  }
}

}  // namespace

Uploaded upload(const Target& target, const Records& records, std::uint64_t first, std::uint64_t count,
                const std::function<void()>& meanwhile) {
  const auto context = make_client_context(target);
  Link link;
  if (!context || !link.open(target, context.get())) give_up("cannot connect to the gateway");
  std::string chunk = "POST /v1/records/" + records.kind() + ":import HTTP/1.1\r\nHost: gateway\r\n";
  for (const auto& [name, value] : records.headers()) chunk += name + ": " + value + "\r\n";
  chunk += "Idempotency-Key: import-" + std::to_string(first) + "-" + std::to_string(count) + "\r\n";
  chunk += "Content-Length: " + std::to_string(records.document_bytes(count)) + "\r\n\r\n";
  const auto start = std::chrono::steady_clock::now();
  auto looked = start;
  chunk += records.head();
  for (std::uint64_t i = 0; i < count; ++i) {
    records.append_row(first + i, chunk);
    if (chunk.size() < kChunk) continue;
    send_all(link, chunk, meanwhile);
    chunk.clear();
    const auto now = std::chrono::steady_clock::now();
    if (now - looked < std::chrono::milliseconds(kWaitMs)) continue;
    looked = now;
    meanwhile();
  }
  chunk += records.tail();
  send_all(link, chunk, meanwhile);
  Uploaded out;
  out.answer = receive(link, meanwhile);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::size_t accepted = out.answer.find("\"accepted\":");
  if (accepted != std::string::npos) out.accepted = std::strtoull(out.answer.c_str() + accepted + 11, nullptr, 10);
  if (out.accepted != count) give_up("not every record was taken: " + out.answer.substr(0, 2000));
  return out;
}

}  // namespace chuanyu::bench
