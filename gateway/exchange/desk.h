// gateway/exchange/desk.h: what every verb of the exchange works with: the journal, the state, and the world in force.
//
// A World (directory, policy, adapters) is immutable; a request keeps the one it began with, a reload puts another in
// its place and logs what changed. Threads: any. Ownership: the desk borrows journal, state, waiters and clock; they
// outlive it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "adapters/adapter.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/signature.h"
#include "gateway/exchange/state.h"
#include "gateway/exchange/waiters.h"
#include "gateway/identity/directory.h"
#include "gateway/identity/principal.h"
#include "gateway/journal/journal.h"
#include "gateway/policy/policy.h"

namespace chuanyu::v1 {
class LogBody;
}

namespace chuanyu::exchange {

struct World {
  std::shared_ptr<const identity::Directory> directory;
  std::shared_ptr<const policy::Policy> policy;
  std::shared_ptr<const adapters::Registry> adapters;
  std::map<std::string, adapters::GetOptions> checks;  // by USCC; "*" for every agency without its own
  std::string keys;    // which public keys sign what, and the epoch of the key-encryption key: lines for people
  std::string config;  // the configuration file as it was read

  const adapters::GetOptions& checks_of(const std::string& uscc) const;
  // The adapter for what an agency speaks; nullptr when it has no profile of the kind or the profile is not loaded.
  std::shared_ptr<const adapters::Adapter> adapter(const identity::Party& party, std::string_view kind) const;
};

struct Settings {
  std::string gateway;                              // own id
  std::map<std::string, ledger::VerifyKeys> peers;  // gateway id -> keys its envelopes and receipts may be signed with
  TimeUs default_expiry = TimeUs{7 * 86'400} * 1'000'000;
  std::chrono::milliseconds query_wait{5'000};
  std::chrono::milliseconds query_wait_max{60'000};
  std::size_t query_records = 100;  // at most this many records in an answer
};

// What a repetition of a command is told by.
struct Stamp {
  Bytes idempotency;        // token of (agency, key); empty: nothing tells it
  Bytes request_digest;     // of everything the command says, 16 bytes
  crypto::Digest native{};  // keyed digest of the native bytes
};

// A command whose record was put into quarantine and that runs again: for the same agency, as the same exchange.
struct Rerun {
  std::uint64_t index = 0;  // the entry that put it there
  Uuid exchange;
  std::uint64_t row = 0;  // of an import
  Stamp stamp;            // the first command's
  std::shared_ptr<const World> world;
  const identity::Party* agency = nullptr;  // of the world's directory
};

// Who asks for something, why, and under which key a repetition is told.
struct Command {
  std::shared_ptr<const identity::Principal> principal;
  policy::Purpose purpose;
  std::string idempotency_key;
  std::shared_ptr<const Rerun> rerun{};  // none: a new command

  // Who it is for. An operator may run again what an agency asked for.
  const identity::Party& party() const { return rerun ? *rerun->agency : principal->party(); }
};

// A command that took no effect. When it got as far as the log, `exchange` names its entry there.
struct Failure {
  Error error;
  Uuid exchange;
  std::string peer_code;  // the other gateway's code, when it refused
};
template <typename T>
using Reply = std::function<void(std::variant<T, Failure>)>;  // called once, on any thread

// A command that takes effect once, however often its key comes. Exactly one of the last four is called.
struct Once {
  Stamp stamp;
  journal::Draft draft;
  std::function<bool(const storage::ReadTxn& state)>
      holds;  // asked on the writer thread; false: not now. Empty: always
  std::function<void(const journal::Receipt& receipt)> appended;  // on the writer thread
  std::function<void(const Uuid& earlier)> repeated;              // the same command was there before
  std::function<void()> stale;                                    // `holds` said no
  std::function<void(Failure failure)> failed;
};

class Desk {
 public:
  Desk(Settings settings, journal::Journal& journal, const State& state, Waiters& waiters, const Clock& clock);

  std::shared_ptr<const World> world() const;
  // Logs every part that differs from what the log has in force (POLICY, DIRECTORY, MAPPING, KEY, ADMIN entries), with
  // who asked for it, then swaps.
  Status put_in_force(std::shared_ptr<const World> world, const std::string& who);

  Stamp stamp(const Command& command, std::string_view verb_and_target, BytesView bytes) const;
  // The earlier exchange of this key; CLIENT_IDEMPOTENCY_CONFLICT when it said something else; nothing when the key is
  // new.
  Result<std::optional<Uuid>> repeated(const storage::ReadTxn& txn, const Stamp& stamp) const;
  Result<std::optional<Uuid>> repeated(const Stamp& stamp) const;
  // A first look that waits for nothing; submit_once() looks again.
  Result<std::optional<Uuid>> repeated_of_late(const Stamp& stamp) const;

  // An entry with everything that command and world say of it.
  ledger::Entry entry(ledger::EntryKind kind, const Command& command, const World& world, const Uuid& exchange,
                      std::string_view what) const;
  v1::LogBody body(const Command& command, const Stamp& stamp) const;
  // The exchange that a command opens.
  Uuid exchange_of(const Command& command) const;
  // Whether what is run again is still in quarantine; of a new command (no rerun): yes.
  bool still_held(const storage::ReadTxn& state_now, const Rerun* rerun) const;
  // Policy's word on it, written into the entry. False: refused.
  bool decide(const World& world, policy::Verb verb, std::string_view what, const identity::Party& from,
              const identity::Party* to, std::string_view to_home, const policy::Purpose& purpose,
              ledger::Entry& entry) const;

  void submit_once(Once once) const;
  // Logs a refusal (denied) or something that could not be understood (failed) and then reports it.
  void refuse(ledger::EntryKind kind, ledger::Entry entry, v1::LogBody body, Error error,
              const std::function<void(Failure)>& report) const;

  // Submits all in order and waits for the last commit; the first failure. Not on the writer thread.
  Status submit_and_wait(std::vector<journal::Command> commands) const;

  // The receipt of an entry that is in the log.
  Result<journal::Receipt> receipt(std::uint64_t index) const;
  crypto::Digest digest_of(const std::vector<BytesView>& parts) const;  // keyed, parts told apart
  Bytes token(std::string_view purpose, std::string_view value) const;  // 16 bytes
  // Of this gateway's log at that entry: what the positions of its streams count in.
  Bytes log_id(std::uint64_t index) const;

  const Settings settings;
  journal::Journal& journal;
  const State& state;
  Waiters& waiters;
  const Clock& clock;

 private:
  mutable std::mutex world_mutex_;
  std::shared_ptr<const World> world_;
};

// Purpose is mandatory (809号 Art 20): the first missing part as CLIENT_PURPOSE_MISSING with its pointer.
Status check_purpose(const policy::Purpose& purpose, std::string_view what);

// Body bytes for a draft.
Bytes serialise(const v1::LogBody& body);
std::vector<adapters::Note> notes_of(const v1::LogBody& body);

}  // namespace chuanyu::exchange
