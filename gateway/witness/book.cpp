#include "gateway/witness/book.h"

#include <algorithm>

#include "gateway/base/log.h"
#include "gateway/ledger/shard.h"

namespace chuanyu::witness {
namespace {

constexpr const char* kSeen = "seen";
constexpr const char* kEvidence = "evidence";
constexpr std::size_t kMaxEvidence = 1'000;  // enough to convict; a log could send more for ever
constexpr TimeUs kSecond = 1'000'000;

// u64 size ‖ root ‖ u64 seconds ‖ note
constexpr std::size_t kHead = 8 + 32 + 8;

Bytes encode(const ledger::Checkpoint& checkpoint, std::uint64_t seconds, const std::string& note) {
  Bytes row;
  append_u64(row, checkpoint.size);
  row += crypto::view(checkpoint.root);
  append_u64(row, seconds);
  return row + note;
}

ledger::Seen seen_of(BytesView row) {
  ledger::Seen seen{read_u64(row), {}};
  std::copy_n(row.begin() + 8, seen.root.size(), seen.root.begin());
  return seen;
}

const char* sentence(int status) {
  switch (status) {
    case 403: return "没有该日志公钥的有效签名\n";
    case 404: return "不为这一日志见证\n";
    case 422: return "与此前所见不一致：一致性证明不成立\n";
    default: return "请求不合 C2SP tlog-witness\n";
  }
}

Answer told(int status, std::string body) { return {status, "text/plain; charset=utf-8", std::move(body)}; }

}  // namespace

Result<std::unique_ptr<Book>> Book::open(BookOptions options) {
  storage::Options storage;
  storage.folder = options.folder;
  storage.tables = {kSeen, kEvidence};
  storage.map_bytes = std::uint64_t{1} << 30;
  storage.read_only = options.read_only;
  CHUANYU_TRY(auto environment, storage::Environment::open(storage));
  return std::unique_ptr<Book>(new Book(std::move(options), std::move(environment)));
}

Book::Book(BookOptions options, std::unique_ptr<storage::Environment> environment)
    : options_(std::move(options)),
      environment_(std::move(environment)),
      seen_(environment_->table(kSeen)),
      evidence_(environment_->table(kEvidence)) {}

std::string Book::vkey() const {
  return ledger::to_vkey(options_.name, options_.key->verify_key(), ledger::KeyType::cosignature);
}

void Book::watch(std::vector<WatchedLog> logs) {
  const std::lock_guard guard(mutex_);
  options_.logs = std::move(logs);
}

ledger::VerifyKeys Book::keys_of(const std::string& origin) const {
  ledger::VerifyKeys keys;
  for (const WatchedLog& log : options_.logs) {
    if (ledger::covers(log.origin, origin)) keys.add(log.key);
  }
  return keys;
}

Answer Book::add_checkpoint(std::string_view text) {
  const auto request = ledger::parse_add_checkpoint(text);
  if (!request.ok()) return told(400, request.error().detail + "\n");
  const std::lock_guard guard(mutex_);
  auto made = answer(*request);
  if (made.ok()) return *std::move(made);
  log::error("witness.book", {{"code", to_string(made.error().code)}, {"detail", made.error().detail}});
  return told(500, "见证簿不能写入\n");
}

Result<Answer> Book::answer(const ledger::AddCheckpoint& request) {
  CHUANYU_TRY(auto txn, environment_->write());
  const auto keys = [this](const std::string& origin) { return keys_of(origin); };
  const auto last = [&](const std::string& origin) -> Result<ledger::Seen> {
    const auto row = txn.get(seen_, origin);
    CHUANYU_CHECK(txn.status());
    return row ? seen_of(*row) : ledger::Seen{};
  };
  CHUANYU_TRY(const ledger::Judgement judgement, ledger::judge(request, keys, last));
  if (judgement.evidence) {
    log::error(
        "witness.contradiction",
        {{"log", judgement.checkpoint.origin}, {"seen", judgement.seen_size}, {"now", judgement.checkpoint.size}});
    keep_evidence(txn, judgement, request.note);
    CHUANYU_CHECK(txn.commit());
  }
  if (judgement.status == 409) {
    return Answer{409, "text/x.tlog.size", std::to_string(judgement.seen_size) + "\n"};
  }
  if (judgement.status != 200) return told(judgement.status, sentence(judgement.status));
  // A log that goes on in a later shard has nothing more to say in this one: it forgot, as a restored backup does.
  auto other = txn.cursor(seen_);
  for (bool more = other.first(); more; more = other.next()) {
    if (!ledger::is_later_shard(other.key(), judgement.checkpoint.origin)) continue;
    return told(422, "已见过该日志的后一卷 " + std::string(other.key()) + "\n");
  }
  const auto seconds = static_cast<std::uint64_t>(options_.clock->now() / kSecond);
  const std::string line = ledger::to_line(ledger::cosign(judgement.note.text, options_.name, *options_.key, seconds));
  // Durable before it leaves: a witness that forgot what it cosigned could cosign something else.
  txn.put(seen_, judgement.checkpoint.origin, encode(judgement.checkpoint, seconds, request.note + line));
  CHUANYU_CHECK(txn.commit());
  return told(200, line);
}

Result<bool> Book::remember(const std::string& text) {
  CHUANYU_TRY(const ledger::Note note, ledger::parse_note(text));
  CHUANYU_TRY(const ledger::Checkpoint checkpoint, ledger::parse_checkpoint(note.text));
  const crypto::VerifyKey& own = options_.key->verify_key();
  const auto seconds = ledger::cosigned_at(note, {options_.name, own, ledger::KeyType::cosignature});
  const std::lock_guard guard(mutex_);
  if (!ledger::is_signed_by(note, checkpoint.origin, keys_of(checkpoint.origin)) || !seconds) {
    return error(Code::LOG_SIGNATURE, "不是本见证方为所见证的日志签过的检查点", checkpoint.origin);
  }
  CHUANYU_TRY(auto txn, environment_->write());
  const auto row = txn.get(seen_, checkpoint.origin);
  if (row && seen_of(*row).size >= checkpoint.size) return false;
  txn.put(seen_, checkpoint.origin, encode(checkpoint, *seconds, text));
  CHUANYU_CHECK(txn.commit());
  return true;
}

void Book::keep_evidence(storage::WriteTxn& txn, const ledger::Judgement& judgement, const std::string& note) const {
  const std::string& origin = judgement.checkpoint.origin;
  const auto row = txn.get(seen_, origin);
  if (!row || txn.count(evidence_) >= kMaxEvidence) return;
  const Bytes seen(row->substr(kHead));
  Bytes both;
  append_u32(both, static_cast<std::uint32_t>(seen.size()));
  both += seen + note;
  // LMDB's keys are short; the text of the contradiction names it, so a repetition takes no room.
  txn.put(evidence_, crypto::view(crypto::sha256({origin, BytesView("\n"), judgement.note.text})), both);
}

Result<std::vector<Kept>> Book::kept() const {
  CHUANYU_TRY(const auto txn, environment_->read());
  std::vector<Kept> made;
  auto cursor = txn.cursor(seen_);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const BytesView row = cursor.value();
    made.push_back(
        {std::string(cursor.key()), read_u64(row), read_u64(row.substr(kHead - 8)), std::string(row.substr(kHead))});
  }
  CHUANYU_CHECK(txn.status());
  return made;
}

Result<std::vector<Evidence>> Book::evidence() const {
  CHUANYU_TRY(const auto txn, environment_->read());
  std::vector<Evidence> made;
  auto cursor = txn.cursor(evidence_);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const BytesView row = cursor.value();
    const std::uint32_t size = read_u32(row);
    Evidence& one = made.emplace_back();
    one.seen = row.substr(4, size);
    one.then = row.substr(4 + std::size_t{size});
    one.origin = one.then.substr(0, one.then.find('\n'));
  }
  CHUANYU_CHECK(txn.status());
  return made;
}

}  // namespace chuanyu::witness
