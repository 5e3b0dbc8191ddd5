#include "gateway/http/levels.h"

#include <atomic>
#include <utility>

namespace chuanyu::http {
namespace {

using journal::Level;

constexpr std::chrono::milliseconds kSignedWithin{2'000};  // a checkpoint comes every 100 ms
constexpr std::chrono::milliseconds kWitnessedWithin{5'000};

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::durable: return "durable";
    case Level::signed_: return "signed";
    case Level::witnessed: return "witnessed";
  }
  return {};
}

Result<Level> wanted_level(const transport::Request& request) {
  const std::string_view word = request.header("Chuanyu-Ack");
  if (word.empty()) return Level::durable;
  for (const Level level : {Level::durable, Level::signed_, Level::witnessed}) {
    if (word == to_string(level)) return level;
  }
  return error(Code::CLIENT_FIELD_INVALID, "须为 durable、signed 或 witnessed", "Chuanyu-Ack");
}

struct Levels::Wait {
  Level wanted;
  journal::Receipt receipt;
  std::function<void(journal::Receipt)> then;
  exchange::Waiters::Clock::time_point deadline;
  std::atomic<bool> answered{false};

  void answer(Level level, std::string proof) {
    if (answered.exchange(true)) return;
    receipt.level = level;
    receipt.proof = std::move(proof);
    then(std::move(receipt));
  }
};

Result<std::string> Levels::proof(Level level, std::uint64_t index) const {
  CHUANYU_TRY(const ledger::ProvenEntry proven,
              level == Level::witnessed ? witnesses_.witnessing->prove(index) : desk_.journal.prove(index));
  return ledger::to_text(proven);
}

void Levels::await(Level wanted, journal::Receipt receipt, std::function<void(journal::Receipt)> then) const {
  if (wanted == Level::durable) return then(std::move(receipt));
  const auto within = wanted == Level::signed_ ? kSignedWithin : kWitnessedWithin;
  const auto wait = std::make_shared<Wait>();
  wait->wanted = wanted;
  wait->receipt = std::move(receipt);
  wait->then = std::move(then);
  wait->deadline = exchange::Waiters::Clock::now() + within;
  // First the watch, then the look: what is stored in between is not missed. Not here: this may be the writer thread.
  watch(wait);
  desk_.waiters.post([this, wait] { look(wait, false); });
}

void Levels::watch(const std::shared_ptr<Wait>& wait) const {
  desk_.waiters.wait(exchange::Waiters::kSigned, wait->deadline, [this, wait](exchange::Wake wake) {
    if (wait->answered) return;
    if (wake == exchange::Wake::changed) watch(wait);
    look(wait, wake != exchange::Wake::changed);
  });
}

void Levels::look(const std::shared_ptr<Wait>& wait, bool last) const {
  if (wait->answered) return;
  auto found = proof(wait->wanted, wait->receipt.index);
  if (found.ok()) return wait->answer(wait->wanted, *std::move(found));
  if (!last) return;
  auto lesser = proof(Level::signed_, wait->receipt.index);
  if (lesser.ok()) return wait->answer(Level::signed_, *std::move(lesser));
  wait->answer(Level::durable, {});
}

}  // namespace chuanyu::http
