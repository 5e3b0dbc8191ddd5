#include "gateway/federation/witnessing.h"

#include <algorithm>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/metrics.h"
#include "gateway/ledger/cosignature.h"

namespace chuanyu::federation {
namespace {

constexpr std::chrono::milliseconds kBackoffMin{1'000};
constexpr std::chrono::milliseconds kBackoffMax{60'000};
constexpr TimeUs kSecond = 1'000'000;

struct Metrics {
  metrics::Gauge witnessed = metrics::gauge("chuanyu_log_witnessed_entries", "Entries that a quorum has witnessed");
  metrics::Gauge pending = metrics::gauge("chuanyu_log_unwitnessed_entries", "Signed entries beyond the last quorum");
  metrics::Gauge held = metrics::gauge("chuanyu_log_held", "1 while new exchanges are refused for want of witnesses");
  metrics::Counter disputes =
      metrics::counter("chuanyu_witness_disputes_total", "Answers of witnesses that saw another log than this");
};
Metrics& counters() {
  static Metrics made;
  return made;
}

// "https://host:port/prefix" -> "/prefix/add-checkpoint"
std::string target_of(const std::string& url) {
  const std::size_t host = url.find("://");
  const std::size_t path = host == std::string::npos ? host : url.find('/', host + 3);
  std::string prefix = path == std::string::npos ? std::string() : url.substr(path);
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix + "/add-checkpoint";
}

}  // namespace

Witnessing::Witnessing(exchange::Desk& desk, witness::Book* book, WitnessingOptions options)
    : desk_(desk), book_(book), options_(std::move(options)) {
  build(std::exchange(options_.clients, {}));
  view_.asked = options_.policy.asks_for_any();
  view_.witnessed = desk_.journal.base();
  pending_since_ = std::chrono::steady_clock::now();
  // Where the last quorum stands is in the log itself.
  const auto last = desk_.journal.cosigned_checkpoint();
  const auto note = ledger::parse_note(last.ok() ? *last : std::string());
  if (!note.ok()) return;
  const auto verdict = options_.policy.judge(*note);
  const auto checkpoint = ledger::parse_checkpoint(note->text);
  if (!verdict.quorum || !checkpoint.ok()) return;
  view_.witnessed += checkpoint->size;
  view_.since = verdict.since;
  const TimeUs waited = desk_.clock.now() - static_cast<TimeUs>(verdict.since) * kSecond;
  pending_since_ -= std::chrono::microseconds(std::max<TimeUs>(waited, 0));
}

Witnessing::~Witnessing() { stop(); }

void Witnessing::build(std::map<std::string, transport::ClientOptions> clients) {
  asked_.clear();
  for (const ledger::Witness& witness : options_.policy.witnesses()) {
    const auto client = clients.find(witness.name);
    if (client == clients.end()) continue;
    asked_.push_back({witness, std::move(client->second), nullptr, 0, {}, {}, {}, 0});
  }
}

void Witnessing::first_round() { round(); }

// Asks to be woken when a checkpoint is stored, again and again until the waiters stop.
void Witnessing::watch() {
  const auto far = exchange::Waiters::Clock::now() + std::chrono::hours(24);
  desk_.waiters.wait(exchange::Waiters::kSigned, far, [this](exchange::Wake wake) {
    if (wake == exchange::Wake::stopping) return;
    watch();
    const std::lock_guard lock(mutex_);
    changed_ = true;
    wake_.notify_all();
  });
}

void Witnessing::start() {
  watch();
  entangle_at_ = std::chrono::steady_clock::now() + options_.entangle;
  thread_ = std::thread([this] { run(); });
}

void Witnessing::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (calling_) calling_->cancel();
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Witnessing::reload(ledger::WitnessPolicy policy, std::map<std::string, transport::ClientOptions> clients) {
  const std::lock_guard lock(mutex_);
  next_ = WitnessingOptions{std::move(policy), std::move(clients), options_.every, options_.grace, options_.entangle};
  changed_ = true;
  wake_.notify_all();
}

Witnessing::View Witnessing::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

Result<ledger::ProvenEntry> Witnessing::prove(std::uint64_t index) const {
  ledger::WitnessPolicy policy;
  {
    const std::lock_guard lock(mutex_);
    if (!view_.asked) return error(Code::CLIENT_NOT_FOUND, "本网关没有见证策略，不提供经见证的回执");
    if (index >= view_.witnessed) return error(Code::CLIENT_NOT_FOUND, "还没有经见证的检查点");
    policy = options_.policy;
  }
  return desk_.journal.prove(index, [&policy](const std::string& checkpoint) {
    const auto note = ledger::parse_note(checkpoint);
    return note.ok() && policy.judge(*note).quorum;
  });
}

void Witnessing::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      // Also without news: a witness that was away is asked again, and the grace period runs.
      wake_.wait_for(lock, options_.every * 5, [this] { return changed_ || stopping_; });
      if (stopping_) return;
      changed_ = false;
      if (next_) {
        options_ = *std::exchange(next_, std::nullopt);  // read by others under the lock
        build(std::exchange(options_.clients, {}));
        view_.asked = options_.policy.asks_for_any();
        tried_ = 0;
      }
    }
    round();
    entangle();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, options_.every, [this] { return stopping_; });
  }
}

void Witnessing::round() {
  const std::string text = desk_.journal.checkpoint();
  const auto note = ledger::parse_note(text);
  const auto checkpoint = ledger::parse_checkpoint(note.ok() ? note->text : std::string());
  if (!checkpoint.ok()) return;  // nothing is signed yet
  const std::uint64_t size = checkpoint->size;
  const bool retry = std::any_of(asked_.begin(), asked_.end(), [](const Asked& a) { return !a.trouble.empty(); });
  if (size == tried_ && !retry) return judge_time();
  tried_ = size;
  ledger::Note cosigned = *note;
  std::string disputed;
  for (Asked& asked : asked_) {
    if (std::chrono::steady_clock::now() < asked.retry) continue;
    if (ask(asked, text, size, cosigned) == Verdict::disputed) disputed = asked.witness.name + "：" + asked.trouble;
  }
  settle(cosigned, size, note->signatures.size(), disputed);
  judge_time();
}

// Asks once, and once more when the witness remembers another size than we thought.
Witnessing::Verdict Witnessing::ask(Asked& asked, const std::string& note, std::uint64_t size, ledger::Note& cosigned) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto answer = post(asked, note, size);
    if (!answer.ok()) {
      asked.client.reset();
      away(asked, answer.error().to_text());
      return Verdict::away;
    }
    const auto seen = ledger::parse_seen_size(answer->body);
    if (attempt == 0 && answer->status == 409 && seen.ok() && *seen <= size && *seen != asked.known) {
      asked.known = *seen;
      continue;
    }
    return take(asked, *answer, cosigned);
  }
  away(asked, "见证方两次给出不同的长度");
  return Verdict::away;
}

Result<transport::Response> Witnessing::post(Asked& asked, const std::string& note, std::uint64_t size) {
  if (!asked.client) {
    CHUANYU_TRY(auto made, transport::Client::make(asked.options));
    asked.client = std::move(made);
  }
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return error(Code::LOCAL_DRAINING);
    calling_ = asked.client;
  }
  ledger::AddCheckpoint request{std::min(asked.known, size), {}, note};
  if (request.old_size > 0 && request.old_size < size) {
    CHUANYU_TRY(request.proof, desk_.journal.consistency(request.old_size, size));
  }
  return asked.client->call("POST", target_of(asked.witness.url), {{"Content-Type", "text/plain; charset=utf-8"}},
                            ledger::to_text(request));
}

Witnessing::Verdict Witnessing::take(Asked& asked, const transport::Response& answer, ledger::Note& cosigned) const {
  if (answer.status == 409) {
    asked.seen = ledger::parse_seen_size(answer.body).ok() ? *ledger::parse_seen_size(answer.body) : 0;
    return dispute(asked, "见证方已见到本卷 " + std::to_string(asked.seen) + " 条，比这里的多");
  }
  if (answer.status == 422) {
    return dispute(asked, "见证方称本日志与其所见不一致：" + answer.body.substr(0, answer.body.find('\n')));
  }
  if (answer.status != 200) {
    away(asked, "见证方应答 HTTP " + std::to_string(answer.status));
    return Verdict::away;
  }
  auto lines = ledger::parse_cosignatures(answer.body);
  ledger::Note both{cosigned.text, lines.ok() ? std::move(*lines) : std::vector<ledger::NoteSignature>()};
  if (!ledger::cosigned_at(both, asked.witness.key)) {
    away(asked, "见证方的应答没有其有效签名");
    return Verdict::away;
  }
  const std::uint32_t id = asked.witness.key.id();
  for (ledger::NoteSignature& line : both.signatures) {
    if (line.key_id == id && line.name == asked.witness.key.name) cosigned.signatures.push_back(std::move(line));
  }
  asked.known = ledger::parse_checkpoint(cosigned.text)->size;
  if (!asked.trouble.empty()) log::info("witness.back", {{"witness", asked.witness.name}});
  asked.trouble.clear();
  asked.seen = 0;
  asked.backoff = {};
  return Verdict::cosigned;
}

Witnessing::Verdict Witnessing::dispute(Asked& asked, std::string trouble) const {
  away(asked, std::move(trouble));
  counters().disputes.add();
  return Verdict::disputed;
}

void Witnessing::away(Asked& asked, std::string trouble) const {
  if (trouble != asked.trouble) {
    log::warn("witness.trouble", {{"witness", asked.witness.name}, {"why", trouble}});
  }
  asked.trouble = std::move(trouble);
  asked.backoff = std::clamp(asked.backoff * 2, kBackoffMin, kBackoffMax);
  asked.retry = std::chrono::steady_clock::now() + asked.backoff;
}

// Stores what came, and says how far the log is witnessed now.
void Witnessing::settle(const ledger::Note& cosigned, std::uint64_t size, std::size_t lines_before,
                        const std::string& disputed) {
  const auto verdict = options_.policy.judge(cosigned);
  const bool witnessed = options_.policy.asks_for_any() && verdict.quorum;
  const std::uint64_t base = desk_.journal.base();
  {
    const std::lock_guard lock(mutex_);
    if (witnessed) {
      view_.witnessed = base + size;
      view_.since = verdict.since;
      view_.confirmed = true;
      pending_since_ = std::chrono::steady_clock::now();
    }
    view_.witnesses.clear();
    for (const Asked& asked : asked_) {
      const std::uint64_t known = std::max(asked.known, asked.seen);
      view_.witnesses.push_back({asked.witness.name, known == 0 ? 0 : base + known, asked.trouble, asked.seen});
    }
    counters().witnessed.set(static_cast<double>(view_.witnessed));
    counters().pending.set(static_cast<double>(base + size - std::min(base + size, view_.witnessed)));
  }
  if (cosigned.signatures.size() > lines_before) {
    desk_.journal.add_cosignatures(
        size, {cosigned.signatures.begin() + static_cast<std::ptrdiff_t>(lines_before), cosigned.signatures.end()});
  }
  if (witnessed) {
    hold(std::nullopt);
  } else if (!disputed.empty()) {
    hold(journal::Hold{error(Code::LOCAL_LOG_BEHIND, disputed), true});
  }
}

// Signed entries that no quorum has seen for the whole of the grace period.
void Witnessing::judge_time() {
  bool late = false;
  {
    const std::lock_guard lock(mutex_);
    if (!view_.asked || held_) return;
    const bool pending = desk_.journal.signed_size() > view_.witnessed;
    const auto now = std::chrono::steady_clock::now();
    if (!pending) pending_since_ = now;
    late = now - pending_since_ > options_.grace;
  }
  if (!late) return;
  hold(journal::Hold{error(Code::LOCAL_LOG_UNWITNESSED,
                           "已超过 " + std::to_string(options_.grace.count()) + " 秒没有足够的见证方见证本网关的日志"),
                     false});
}

void Witnessing::hold(std::optional<journal::Hold> why) {
  {
    const std::lock_guard lock(mutex_);
    if (!why && !held_) return;
    if (held_ && held_->whole) return;  // for good: only a start decides anew whose log this is
    if (why && held_ && !why->whole) return;
    held_ = why;
    view_.held = why ? std::string(to_string(why->why.code)) : std::string();
  }
  counters().held.set(why ? 1 : 0);
  if (why) log::error("witness.hold", {{"code", to_string(why->why.code)}, {"why", why->why.detail}});
  if (!why) log::info("witness.released");
  desk_.journal.hold(std::move(why));
}

// What this gateway cosigned for others, into its own log.
void Witnessing::entangle() {
  if (book_ == nullptr || std::chrono::steady_clock::now() < entangle_at_) return;
  entangle_at_ = std::chrono::steady_clock::now() + options_.entangle;
  const auto kept = book_->kept();
  if (!kept.ok()) return log::error("witness.book", {{"detail", kept.error().to_text()}});
  for (const witness::Kept& one : *kept) {
    std::uint64_t& written = entangled_[one.origin];
    if (one.size <= written) continue;
    ledger::Entry entry;
    entry.kind = ledger::EntryKind::peer_checkpoint;
    entry.time = desk_.clock.now();
    entry.exchange = Uuid::make(entry.time);
    entry.gateway = desk_.settings.gateway;
    entry.what = one.origin;
    entry.content = one.note;
    const journal::Outcome outcome = desk_.journal.append({std::move(entry), {}});
    if (outcome.status.ok()) written = one.size;
  }
}

}  // namespace chuanyu::federation
