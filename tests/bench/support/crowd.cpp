#include <poll.h>

#include <array>

#include <csignal>

#include "tests/bench/support/link.h"
#include "tests/bench/support/load.h"

namespace chuanyu::bench {

struct Crowd::Member {
  Link link;
  bool trickles = false;
  bool open = false;
  bool begun = false;
};

namespace {

constexpr std::string_view kBeginning = "PUT /v1/records/case/slow HTTP/1.1\r\nHost: gateway\r\nX: ";

bool is_ended(const Link& link) {
  pollfd probe{link.fd(), POLLIN, 0};
  return ::poll(&probe, 1, 0) > 0;
}

}  // namespace

Crowd::Crowd(Options options) : options_(std::move(options)) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  const auto context = options_.target.tls ? make_client_context(options_.target) : nullptr;
  for (unsigned i = 0; i < options_.idle + options_.trickling; ++i) {
    auto member = std::make_unique<Member>();
    member->trickles = i >= options_.idle;
    member->open = member->link.open(options_.target, context.get());
    members_.push_back(std::move(member));
  }
  thread_ = std::thread([this] { run(); });
}

Crowd::~Crowd() {
  stop_ = true;
  thread_.join();
}

unsigned Crowd::connected() const {
  unsigned count = 0;
  for (const auto& member : members_) count += member->open ? 1 : 0;
  return count;
}

// Goes round all members once in `between_bytes`, in small steps, so that the bytes do not come all at once.
void Crowd::run() {
  pin_to_core(options_.core);
  const auto context = options_.target.tls ? make_client_context(options_.target) : nullptr;
  constexpr std::size_t kSteps = 50;
  for (std::size_t step = 0; !stop_; step = (step + 1) % kSteps) {
    for (std::size_t i = step; i < members_.size(); i += kSteps) {
      Member& member = *members_[i];
      std::array<char, 512> drop;
      // Tickets of TLS 1.3 can be read and are nothing; the end of the connection is.
      if (is_ended(member.link) && member.link.read(drop.data(), drop.size()) != 0) {
        ++reopened_;
        member.begun = false;
        member.link.open(options_.target, context.get());
        continue;
      }
      if (!member.trickles) continue;
      const std::string_view bytes = member.begun ? "x" : kBeginning;
      member.begun = true;
      member.link.write(bytes.data(), bytes.size());
    }
    std::this_thread::sleep_for(options_.between_bytes / kSteps);
  }
}

}  // namespace chuanyu::bench
