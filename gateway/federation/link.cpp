#include "gateway/federation/link.h"

#include <algorithm>
#include <random>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/metrics.h"

namespace chuanyu::federation {
namespace {

constexpr std::size_t kParcel = 64;
constexpr std::chrono::milliseconds kIdle{60'000};  // even without news: expiry is looked at
constexpr std::string_view kMediaType = "application/x-protobuf";

}  // namespace

Link::Link(exchange::Desk& desk, LinkOptions options)
    : desk_(desk), options_(std::move(options)), departures_(desk, options_.peer) {}

Link::~Link() { stop(); }

void Link::start() {
  watch();
  thread_ = std::thread([this] { run(); });
}

void Link::reload(transport::ClientOptions client) {
  const std::lock_guard lock(mutex_);
  options_.client = std::move(client);
  renew_ = true;
}

void Link::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (client_) client_->cancel();
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

// Asks to be woken at the next change of the outbox, again and again until the waiters stop.
void Link::watch() {
  const auto far = exchange::Waiters::Clock::now() + std::chrono::hours(24);
  desk_.waiters.wait(exchange::Waiters::outbox_topic(options_.peer), far, [this](exchange::Wake wake) {
    if (wake == exchange::Wake::stopping) return;
    watch();
    const std::lock_guard lock(mutex_);
    changed_ = true;
    wake_.notify_all();
  });
}

void Link::rest(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, at_most, [this] { return changed_ || stopping_; });
}

void Link::run() {
  std::minstd_rand random{std::random_device{}()};
  std::chrono::milliseconds backoff = options_.retry_min;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      changed_ = false;
    }
    const Result<bool> sent = deliver_some();
    report(sent.ok() ? Status() : Status(sent.error()));
    if (sent.ok()) {
      backoff = options_.retry_min;
      if (!*sent) rest(kIdle);
      continue;
    }
    if (const Status swept = departures_.sweep(); !swept.ok()) {
      log::error("peer.sweep", {{"peer", options_.peer}, {"why", swept.error().to_text()}});
    }
    // Waits out the whole pause: news of more to send is no reason to ask a peer that is away.
    std::uniform_int_distribution<std::int64_t> jitter(backoff.count() / 2, backoff.count());
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(jitter(random)), [this] { return stopping_; });
    backoff = std::min(backoff * 2, options_.retry_max);
  }
}

Result<bool> Link::deliver_some() {
  CHUANYU_TRY(const exchange::Departures::Parcel parcel, departures_.next(kParcel));
  if (parcel.rows.empty()) return false;
  std::shared_ptr<transport::Client> client;
  {
    const std::lock_guard lock(mutex_);
    if (renew_ || !client_) {
      CHUANYU_TRY(auto made, transport::Client::make(options_.client));
      client_ = std::move(made);
      renew_ = false;
    }
    client = client_;
  }
  auto answer = client->call("POST", "/peer/v1/envelopes", {{"Content-Type", std::string(kMediaType)}}, parcel.batch);
  if (!answer.ok()) return answer.error();
  if (answer->status != 200) {
    return error(Code::PEER_UNREACHABLE, "对端网关应答 HTTP " + std::to_string(answer->status));
  }
  CHUANYU_CHECK(departures_.settle(parcel, answer->body));
  static metrics::Counter delivered =
      metrics::counter("chuanyu_peer_envelopes_total", "Envelopes settled by the peer's receipts");
  delivered.add(static_cast<double>(parcel.rows.size()));
  return true;
}

// A change of state is worth a line; a peer that stays away is not worth one per try.
void Link::report(const Status& status) {
  const std::string now = status.ok() ? std::string() : status.error().to_text();
  metrics::gauge("chuanyu_peer_up", "1 when the last exchange with the peer went well", {{"peer", options_.peer}})
      .set(status.ok() ? 1 : 0);
  const bool was_up = up_.exchange(status.ok());
  if (status.ok() && (!was_up || !last_error_.empty())) log::info("peer.up", {{"peer", options_.peer}});
  if (!status.ok() && now != last_error_) log::warn("peer.down", {{"peer", options_.peer}, {"why", now}});
  last_error_ = now;
}

}  // namespace chuanyu::federation
