#include "gateway/app/gateway.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "gateway/app/versions.h"
#include "gateway/app/witnesses.h"
#include "gateway/app/world.h"
#include "gateway/base/log.h"
#include "gateway/crypto/aead.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/key_file.h"
#include "gateway/exchange/desk.h"
#include "gateway/exchange/erasure.h"
#include "gateway/exchange/projection.h"
#include "gateway/federation/link.h"
#include "gateway/federation/witnessing.h"
#include "gateway/http/routes.h"
#include "gateway/journal/recovery.h"
#include "gateway/journal/rotate.h"
#include "gateway/journal/state.h"
#include "gateway/ledger/shard.h"
#include "gateway/storage/durable_file.h"
#include "gateway/transport/server.h"

namespace chuanyu::app {
namespace {

constexpr std::chrono::seconds kDrain{30};
constexpr std::chrono::seconds kHour{3600};
constexpr std::chrono::seconds kMinute{60};
constexpr std::chrono::seconds kLastWords{2};
constexpr int kExitRestart = 75;  // EX_TEMPFAIL: the supervisor is to start it again

Result<exchange::Settings> settings_of(const config::Config& config) {
  exchange::Settings settings;
  settings.gateway = config.gateway.id;
  for (const config::Peer& peer : config.peers) {
    CHUANYU_TRY(auto keys, crypto::VerifyKey::all_from_pem_file(peer.log_key));
    settings.peers.emplace(peer.id, ledger::VerifyKeys(std::move(keys)));
  }
  settings.default_expiry = TimeUs{config.exchange.default_expiry_hours} * 3'600 * 1'000'000;
  settings.query_wait = config.exchange.query_wait;
  settings.query_wait_max = config.limits.query_wait_max;
  settings.query_records = config.limits.query_records;
  return settings;
}

transport::ServerOptions server_options(const config::Config& config) {
  transport::ServerOptions options;
  options.address = config.listen.address;
  options.port = config.listen.port;
  options.files = tls_files(config);
  const config::Limits& from = config.limits;
  transport::Limits& to = options.limits;
  to.connections = from.connections;
  to.connections_per_address = from.connections_per_address;
  to.header_count = from.header_count;
  to.header_bytes = from.header_bytes;
  to.target_bytes = from.target_bytes;
  to.body_bytes = from.body_bytes;
  to.stream_bytes = from.stream_bytes;
  to.handshake = from.handshake;
  to.request = from.request;
  to.idle = from.idle;
  to.write = from.write;
  to.stream_stall = from.stream_stall;
  options.loops = config.threads.loops;
  options.workers = config.threads.workers;
  options.stream_workers = config.threads.stream_workers;
  options.streams = http::Routes::streams;
  options.body_limit = http::Routes::body_limit;
  return options;
}

Result<journal::Options> journal_options(const config::Config& config, const Clock& clock) {
  journal::Options options;
  options.folder = config.data;
  options.origin = config.gateway.origin;
  options.gateway = config.gateway.id;
  CHUANYU_TRY(options.key_encryption_key, crypto::read_raw_key_file(config.keys.kek, crypto::kAeadKeyBytes));
  options.key_epoch = config.keys.kek_epoch;
  CHUANYU_TRY(crypto::SigningKey key, crypto::SigningKey::from_pem_file(config.keys.log_key));
  options.log_key = std::make_shared<const crypto::SigningKey>(std::move(key));
  if (!config.keys.old_log_key.empty()) {
    CHUANYU_TRY(crypto::SigningKey old, crypto::SigningKey::from_pem_file(config.keys.old_log_key));
    options.old_log_key = std::make_shared<const crypto::SigningKey>(std::move(old));
  }
  if (config.crypto.profile == "sm") options.profile = ledger::Profile::sm;
  if (!config.keys.sm2_log_key.empty()) {
    CHUANYU_TRY(crypto::Sm2SigningKey sm2, crypto::Sm2SigningKey::from_pem_file(config.keys.sm2_log_key));
    options.sm2_log_key = std::make_shared<const crypto::Sm2SigningKey>(std::move(sm2));
  }
  options.clock = &clock;
  options.disk_refuse_percent = config.disk.refuse_percent;
  options.ballast_bytes = std::uint64_t{config.disk.ballast_mb} << 20;
  options.scrub_entries_per_second = config.disk.scrub_entries_per_second;
  // One wake-up of the event loops for a group of answers.
  options.around_answers = [](const std::function<void()>& all) {
    const transport::AnswerBatch together;
    all();
  };
  return options;
}

}  // namespace

// Members are in the order in which they depend on one another; they end in the reverse order.
struct Gateway::Impl {
  explicit Impl(const config::Config& config_in, std::function<void()> look_in = {})
      : config(config_in), look(std::move(look_in)), projection(state, waiters) {}

  config::Config config;
  const std::function<void()> look;  // something was stored that a closed shard may have waited for
  std::atomic<bool> closing{false};
  SystemClock clock;
  exchange::State state;
  exchange::Waiters waiters;
  exchange::Projection projection;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<exchange::Desk> desk;
  std::unique_ptr<witness::Book> book;  // none: this gateway is no witness
  std::unique_ptr<federation::Witnessing> witnessing;
  std::unique_ptr<http::Routes> routes;
  std::vector<std::unique_ptr<federation::Link>> links;
  std::unique_ptr<transport::Server> server;
  std::unique_ptr<transport::Server> admin;
  std::mutex last_words;  // server is not reset under who is telling its clients

  // Shards::stay: a closed shard is not followed by the next, whatever its checkpoint.
  enum class Shards : std::uint8_t { go_on, stay };
  Status open(const exchange::World& world, const std::string& who, Shards shards);
  Status listen();
  void end_after(const Error& fatal);
  std::vector<Error> put_in_force(const std::shared_ptr<const exchange::World>& world, const std::string& who) const;
  std::vector<http::Check> checks() const;
  bool shard_complete() const;
};

// Its last checkpoint stands, and the witnesses say so today: they would know of a later shard that a restored backup
// has not.
bool Gateway::Impl::shard_complete() const {
  const auto complete = journal->complete();
  const auto view = witnessing->view();
  return complete.ok() && *complete && view.held.empty() && (view.confirmed || !view.asked);
}

Status Gateway::Impl::open(const exchange::World& world, const std::string& who, Shards shards) {
  CHUANYU_TRY(exchange::Settings settings, settings_of(config));
  CHUANYU_TRY(journal::Options options, journal_options(config, clock));
  options.who = who;
  options.on_fatal = [this](const Error& why) { end_after(why); };
  options.on_checkpoint = [this] {
    waiters.changed({exchange::Waiters::kSigned});
    if (closing && look) look();
  };
  CHUANYU_TRY(federation::WitnessingOptions asked, witnessing_options(config, *world.directory));
  options.closes_with = [policy = asked.policy](const std::string& checkpoint) {
    const auto note = ledger::parse_note(checkpoint);
    return note.ok() && policy.judge(*note).quorum;
  };
  options.opens_next = shards == Shards::go_on;
  CHUANYU_TRY(journal, journal::Journal::open(std::move(options), projection));
  desk = std::make_unique<exchange::Desk>(std::move(settings), *journal, state, waiters, clock);
  CHUANYU_CHECK(exchange::finish_erasures(*desk));
  CHUANYU_TRY(book, open_book(config, clock));
  witnessing = std::make_unique<federation::Witnessing>(*desk, book.get(), std::move(asked));
  witnessing->first_round();  // before anything is written: this may be an old copy
  routes = std::make_unique<http::Routes>(*desk, http::Witnesses{book.get(), witnessing.get()},
                                          config.limits.requests_per_second);
  for (const config::Peer& peer : config.peers) {
    CHUANYU_TRY(transport::ClientOptions client, peer_client(config, peer, *world.directory));
    links.push_back(std::make_unique<federation::Link>(
        *desk, federation::LinkOptions{peer.id, std::move(client), peer.retry_min, peer.retry_max}));
  }
  return {};
}

// The log has failed: nothing that was not durable has been answered, and recovery finds the rest. Who waits is told
// so, then the process ends whatever happens. On the writer thread, which must not wait.
void Gateway::Impl::end_after(const Error& fatal) {
  log::error("journal.fatal", {{"code", to_string(fatal.code)}, {"detail", fatal.detail}});
  std::thread([this] {
    const std::lock_guard lock(last_words);
    if (server) server->drain(kLastWords);
    std::_Exit(kExitRestart);
  }).detach();
}

Status Gateway::Impl::listen() {
  CHUANYU_TRY(auto started, transport::Server::start(server_options(config), [this](transport::Request request,
                                                                                    transport::Responder responder) {
                routes->handle(std::move(request), std::move(responder));
              }));
  {
    const std::lock_guard lock(last_words);
    server = std::move(started);
  }
  transport::ServerOptions options;
  options.address = config.listen.admin_address;
  options.port = config.listen.admin_port;
  options.tls = false;
  options.loops = 1;
  options.limits.connections = 100;
  CHUANYU_TRY(admin, transport::Server::start(
                         std::move(options), [this](const transport::Request& request, transport::Responder responder) {
                           responder.send(http::admin(request, [this] { return checks(); }));
                         }));
  for (const auto& link : links) link->start();
  witnessing->start();
  return {};
}

// Puts a world in the place of the one that the log has in force, unless records of that could no longer be read.
std::vector<Error> Gateway::Impl::put_in_force(const std::shared_ptr<const exchange::World>& world,
                                               const std::string& who) const {
  std::vector<Error> errors;
  const std::set<std::string> accepted = accepted_mappings(config.accepted_mappings, errors);
  if (!errors.empty()) return errors;
  const auto logged = exchange::mappings_in_log(*desk);
  if (!logged.ok()) return {logged.error()};
  for (const auto& [profile, versions] : *logged) {
    for (Error& found : breaking(*world->adapters, versions, accepted)) errors.push_back(std::move(found));
  }
  if (!errors.empty()) return errors;
  const Status in_force = desk->put_in_force(world, who);
  if (!in_force.ok()) errors.push_back(in_force.error());
  return errors;
}

std::vector<http::Check> Gateway::Impl::checks() const {
  std::vector<http::Check> list;
  list.push_back({"log", journal->healthy(), journal->healthy() ? "" : "交换日志不可用，见 journal.* 日志"});
  const auto refused = journal->refuses();
  list.push_back({"intake", !refused, refused ? refused->to_text() : ""});
  list.push_back({"adapters", !desk->world()->adapters->all().empty(), ""});
  return list;
}

std::variant<std::unique_ptr<Gateway>, std::vector<Error>> Gateway::start(const config::Config& config,
                                                                          const std::string& who,
                                                                          std::function<void()> look) {
  auto world = load_world(config);
  if (const auto* errors = std::get_if<std::vector<Error>>(&world)) return *errors;
  const auto& loaded = std::get<std::shared_ptr<const exchange::World>>(world);
  std::unique_ptr<Gateway> gateway;
  const auto open = [&](Impl::Shards shards) {
    gateway.reset();  // one at a time has the data folder
    gateway.reset(new Gateway(std::make_unique<Impl>(config, look)));
    return gateway->impl_->open(*loaded, who, shards);
  };
  if (const Status opened = open(Impl::Shards::stay); !opened.ok()) return std::vector<Error>{opened.error()};
  if (gateway->shard_complete()) {  // the witnesses have just said that nothing comes after it
    if (const Status opened = open(Impl::Shards::go_on); !opened.ok()) return std::vector<Error>{opened.error()};
  }
  Impl& impl = *gateway->impl_;
  if (auto errors = impl.put_in_force(loaded, "start " + who); !errors.empty()) return errors;
  if (const Status listening = impl.listen(); !listening.ok()) return std::vector<Error>{listening.error()};
  if (impl.journal->closed()) {  // by a process that ended before the next was opened
    impl.closing = true;
    if (impl.look) impl.look();
  }
  return gateway;
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() { drain(); }

std::uint16_t Gateway::port() const { return impl_->server->port(); }
std::uint16_t Gateway::admin_port() const { return impl_->admin->port(); }

Status Gateway::close_shard(const std::string& who) {
  impl_->closing = true;
  return impl_->journal->close_shard(who).status;
}

bool Gateway::shard_complete() const { return impl_->shard_complete(); }

std::chrono::seconds Gateway::keep_shards(const std::string& who) {
  const TimeUs now = impl_->clock.now();
  const auto quarter = ledger::quarter_in_china(now);
  if (impl_->config.log.shard == "never" || impl_->journal->closed()) return kHour;
  if (ledger::quarter_in_china(impl_->journal->opened()) >= quarter) {
    const bool soon = ledger::quarter_in_china(now + std::chrono::microseconds(kHour).count()) > quarter;
    return soon ? kMinute : kHour;
  }
  // Until the last checkpoint is witnessed nothing is taken: not begun while a witness is away.
  const auto view = impl_->witnessing->view();
  const bool missed = std::any_of(view.witnesses.begin(), view.witnesses.end(),
                                  [](const auto& witness) { return !witness.trouble.empty(); });
  if (missed || !view.held.empty()) return kMinute;
  if (const Status closed = close_shard(who); !closed.ok())
    log::warn("shard.not_closed", {{"why", closed.error().to_text()}});
  return kMinute;
}

std::vector<Error> Gateway::reload(const std::string& who) {
  std::vector<Error> errors;
  auto world = load_world(impl_->config);
  if (const auto* found = std::get_if<std::vector<Error>>(&world)) {
    errors = *found;
  } else if (const auto& fresh = std::get<std::shared_ptr<const exchange::World>>(world);
             fresh->keys != impl_->desk->world()->keys) {
    // They were read at the start: an entry that names others would speak of keys that nothing is signed with.
    errors.push_back(
        error(Code::CONFIG_VALUE, "签名密钥或对端公钥的文件有变动，须重启网关；其余改动这次也没有载入", "/keys"));
  } else {
    errors = impl_->put_in_force(fresh, "reload " + who);
  }
  if (const Status tls = impl_->server->reload(); !tls.ok()) errors.push_back(tls.error());
  const auto in_force = impl_->desk->world();
  for (std::size_t i = 0; i < impl_->links.size(); ++i) {
    auto client = peer_client(impl_->config, impl_->config.peers[i], *in_force->directory);
    if (client.ok()) {
      impl_->links[i]->reload(std::move(*client));
    } else {
      errors.push_back(client.error());
    }
  }
  auto asked = witnessing_options(impl_->config, *in_force->directory);
  if (asked.ok()) impl_->witnessing->reload(std::move(asked->policy), std::move(asked->clients));
  if (!asked.ok()) errors.push_back(asked.error());
  return errors;
}

void Gateway::drain() {
  // Long polls are answered with what there is, queries that wait for the other side with 202: the answer comes to the
  // inbox after the restart.
  impl_->waiters.hurry();
  if (impl_->server) impl_->server->drain(kDrain);
  for (const auto& link : impl_->links) link->stop();
  if (impl_->witnessing) impl_->witnessing->stop();
  impl_->waiters.stop();
  {
    const std::lock_guard lock(impl_->last_words);
    impl_->server.reset();
  }
  if (impl_->admin) impl_->admin->drain(std::chrono::seconds(1));
  impl_->admin.reset();
  if (impl_->journal) impl_->journal->stop();
}

std::variant<exchange::RetentionReport, std::vector<Error>> Gateway::retain(const config::Config& config,
                                                                            const std::string& who, bool dry_run) {
  const exchange::RetentionOrder order{{config.retention.keep_months, config.retention.kinds}, who, dry_run};
  if (order.rule.keeps_everything()) {
    return std::vector<Error>{error(Code::CONFIG_VALUE, "没有设定保存期限，不删除任何内容", "/retention/keep_months")};
  }
  auto world = load_world(config);
  if (const auto* errors = std::get_if<std::vector<Error>>(&world)) return *errors;
  const auto& loaded = std::get<std::shared_ptr<const exchange::World>>(world);
  Impl impl(config);
  if (const Status opened = impl.open(*loaded, "retention " + who, Impl::Shards::stay); !opened.ok())
    return std::vector<Error>{opened.error()};
  // The rule is part of the configuration: it stands in the log before what it erases.
  if (!dry_run) {
    if (auto errors = impl.put_in_force(loaded, "retention " + who); !errors.empty()) return errors;
  }
  auto report = exchange::retain(*impl.desk, order);
  impl.waiters.stop();
  impl.journal->stop();
  if (!report.ok()) return std::vector<Error>{report.error()};
  return *report;
}

std::vector<Error> check(const config::Config& config) {
  std::vector<Error> errors;
  auto world = load_world(config);
  if (const auto* found = std::get_if<std::vector<Error>>(&world)) errors = *found;
  const auto note = [&](const auto& result) {
    if (!result.ok()) errors.push_back(result.error());
  };
  accepted_mappings(config.accepted_mappings, errors);
  note(settings_of(config));
  note(crypto::read_raw_key_file(config.keys.kek, crypto::kAeadKeyBytes));
  note(crypto::SigningKey::from_pem_file(config.keys.log_key));
  note(transport::check(tls_files(config)));
  if (const auto* loaded = std::get_if<std::shared_ptr<const exchange::World>>(&world)) {
    for (const config::Peer& peer : config.peers) note(peer_client(config, peer, *(*loaded)->directory));
    note(witnessing_options(config, *(*loaded)->directory));
  }
  return errors;
}

Result<Rebuilt> rebuild_state(const config::Config& config) {
  const SystemClock clock;
  CHUANYU_TRY(journal::Options options, journal_options(config, clock));
  exchange::State state;
  exchange::Waiters waiters;
  exchange::Projection projection(state, waiters);
  CHUANYU_TRY(const journal::StateReport report, journal::rebuild_state(std::move(options), projection));
  return Rebuilt{report.entries, to_hex(crypto::view(report.digest))};
}

Result<std::string> close_shard(const config::Config& config, const std::string& who) {
  const SystemClock clock;
  CHUANYU_TRY(journal::Options options, journal_options(config, clock));
  options.who = who;
  options.opens_next = false;  // one step at a time
  exchange::State state;
  exchange::Waiters waiters;
  exchange::Projection projection(state, waiters);
  CHUANYU_TRY(const auto journal, journal::Journal::open(std::move(options), projection));
  if (journal->closed())
    return error(Code::LOCAL_SHARD_CLOSED, "本卷已封存：启动网关，经见证后即另起一卷", journal->origin());
  CHUANYU_CHECK(journal->close_shard(who).status);
  return journal->origin();
}

namespace {

// The note must be this log's, and say something that is not here.
Status check_note(const journal::Journal& journal, const ledger::VerifyKeys& keys, const std::string& text,
                  const std::string& file) {
  if (const auto parsed = ledger::parse_note(text); !parsed.ok()) {
    return error(Code::CONFIG_VALUE, "不是 C2SP 检查点：" + parsed.error().detail, file);
  }
  const auto seen = ledger::open_checkpoint(text, journal.origin(), keys);
  if (!seen.ok()) return error(Code::CONFIG_VALUE, "不是本日志（" + journal.origin() + "）签名的检查点", file);
  const auto note = ledger::parse_note(journal.checkpoint());
  const auto here = ledger::parse_checkpoint(note.ok() ? note->text : std::string());
  const bool more = !here.ok() || seen->size > here->size || (seen->size == here->size && seen->root != here->root);
  if (!more) return error(Code::CONFIG_VALUE, "这一检查点不比现有的日志长，说明不了日志落后", file);
  return {};
}

}  // namespace

Result<std::string> recover(const config::Config& config, const RecoveryOrder& order, const std::string& who) {
  const SystemClock clock;
  auto world = load_world(config);
  if (auto* errors = std::get_if<std::vector<Error>>(&world)) return errors->front();
  CHUANYU_TRY(journal::Options options, journal_options(config, clock));
  ledger::Recovery recovery{order.approver, order.reason, 0, {}, {}, {}};
  if (!order.witness_note.empty()) {
    CHUANYU_TRY(auto text, storage::read_file(order.witness_note));
    if (!text) return error(Code::CONFIG_UNREADABLE, "检查点文件不能打开", order.witness_note);
    recovery.note = *std::move(text);
    while (recovery.note.ends_with("\n\n")) recovery.note.pop_back();  // what a shell or a jq adds
  }
  {
    Gateway::Impl impl(config);
    CHUANYU_CHECK(impl.open(*std::get<0>(world), who, Gateway::Impl::Shards::stay));
    const auto view = impl.witnessing->view();
    const bool behind = view.held == to_string(Code::LOCAL_LOG_BEHIND);
    if (!behind && recovery.note.empty()) {
      return error(Code::CONFIG_VALUE,
                   "没有见证方说本日志落后：不需要恢复；见证方连不上时请用 --witness-note 给出其所存的检查点",
                   config.data);
    }
    if (!recovery.note.empty()) {
      CHUANYU_CHECK(check_note(*impl.journal, journal::log_keys(options), recovery.note, order.witness_note));
    }
    for (const auto& witness : view.witnesses) {
      if (witness.seen > 0) recovery.seen.push_back({witness.name, witness.seen});
    }
    impl.waiters.stop();
  }
  options.who = who;
  return journal::open_recovered(options, std::move(recovery));
}

Result<std::uint64_t> rotate_kek(const config::Config& config, const std::string& new_kek,
                                 const std::function<void(std::uint64_t done, std::uint64_t all)>& progress) {
  journal::Rotation rotation;
  rotation.folder = config.data;
  CHUANYU_TRY(rotation.old_key, crypto::read_raw_key_file(config.keys.kek, crypto::kAeadKeyBytes));
  CHUANYU_TRY(rotation.new_key, crypto::read_raw_key_file(new_kek, crypto::kAeadKeyBytes));
  rotation.new_epoch = config.keys.kek_epoch + 1;
  rotation.progress = progress;
  auto rotated = journal::rotate_keys(rotation);
  if (!rotated.ok() && rotated.error().code == Code::LOCAL_CRYPTO) {
    return error(Code::LOCAL_KEY_FILE,
                 "keys.kek 打不开数据密钥：已经换过的，请把 keys.kek、keys.kek_epoch 改为新的，不必再换",
                 config.keys.kek);
  }
  return rotated;
}

}  // namespace chuanyu::app
