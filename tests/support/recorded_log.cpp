#include "tests/support/recorded_log.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapters/content.h"

namespace chuanyu::testing {
namespace {

using ledger::EntryKind;

constexpr const char* kPolicy = R"({"version": "1", "rules": [
  {"id": "push-all", "effect": "allow", "verbs": ["push"], "what": ["credit", "licence", "case"],
   "from": {"region": ["51"]}, "matters": ["case-assist"], "why": "试验"}]})";
constexpr const char* kDirectory = R"({"version": "1", "parties": [
  {"uscc": "12510000MCDEM0019R", "name": "四川省大数据中心", "region": "510000", "home": "sc",
   "systems": [{"urn": "urn:chuanyu:gateway:510000:12510000MCDEM0019R:gw",
                "pins": ["0000000000000000000000000000000000000000000000000000000000000001",
                         "0000000000000000000000000000000000000000000000000000000000000002"]}]},
  {"uscc": "11510900MBDEM0023P", "name": "遂宁市市场监督管理局", "region": "510900", "home": "sc",
   "profiles": {"credit": "sc.credit.v1", "licence": "sc.licence.v1", "case": "sc.case.v1"},
   "systems": [{"urn": "urn:chuanyu:agency:510900:11510900MBDEM0023P:app"}]},
  {"uscc": "11500152MBDEM0074W", "name": "重庆市潼南区市场监督管理局", "region": "500152", "home": "sc",
   "profiles": {"credit": "cq.credit.v1", "licence": "cq.licence.v1", "case": "cq.case.v1"},
   "systems": [{"urn": "urn:chuanyu:agency:500152:11500152MBDEM0074W:app"}]}]})";

std::string profile_of(const char* province, adapters::Kind kind) {
  return std::string(province) + "." + std::string(adapters::to_string(kind)) + ".v1";
}

ledger::MappingRef ref_of(const adapters::Profile& profile) {
  return {profile.id, profile.mapping_version, profile.fingerprint};
}

}  // namespace

const adapters::Registry& RecordedLog::mappings() {
  static const auto kRegistry = [] {
    auto loaded = adapters::Registry::load(std::string(CHUANYU_SOURCE_DIR) + "/adapters");
    if (loaded.index() != 0) std::abort();
    return std::get<0>(loaded);
  }();
  return *kRegistry;
}

std::vector<RecordedLog::Push> RecordedLog::fixtures() {
  std::vector<Push> found;
  for (const auto& [kind, file] : {std::pair{adapters::Kind::credit, "sc_credit.gb18030.csv"},
                                   {adapters::Kind::licence, "sc_licence.json"},
                                   {adapters::Kind::enforcement_case, "sc_case.gb18030.xml"}}) {
    std::ifstream in(std::string(CHUANYU_SOURCE_DIR) + "/adapters/sichuan/fixtures/" + file, std::ios::binary);
    const std::string document{std::istreambuf_iterator<char>(in), {}};
    const auto reader = mappings().find(profile_of("sc", kind))->reader();
    reader->feed(document, true);
    for (auto record = reader->next(); record.ok() && !record->bytes.empty(); record = reader->next())
      found.push_back({kind, std::string(record->bytes)});
  }
  return found;
}

RecordedLog::RecordedLog(const std::string& folder, bool versions, journal::Projection* projection)
    : kek_file_(folder + ".kek") {
  std::ofstream(kek_file_) << std::string(32, 'K');
  chmod(kek_file_.c_str(), 0600);
  std::filesystem::create_directories(folder);
  journal::Options options;
  options.folder = folder;
  options.origin = "chuanyu/sc/1";
  options.gateway = "sc";
  options.key_encryption_key = Secret(std::string(32, 'K'));
  options.log_key = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  options.clock = &clock_;
  options.disk_refuse_percent = 100;
  auto opened = journal::Journal::open(std::move(options), projection != nullptr ? *projection : state_);
  if (!opened.ok()) std::abort();
  journal_ = *std::move(opened);
  policy_ = crypto::sha256(kPolicy);
  directory_ = crypto::sha256(kDirectory);
  if (versions) record_versions();
}

RecordedLog::~RecordedLog() = default;

void RecordedLog::close() {
  size_ = journal_->size();
  journal_.reset();
}

void RecordedLog::record_versions() {
  journal::Draft draft;
  draft.entry.kind = EntryKind::shard_open;
  draft.entry.exchange = Uuid::make(clock_.now());
  journal_->append(draft);
  draft.entry.kind = EntryKind::policy;
  draft.entry.policy = policy_;
  draft.entry.content = kPolicy;
  journal_->append(draft);
  draft.entry.policy = {};
  draft.entry.kind = EntryKind::directory;
  draft.entry.directory = directory_;
  draft.entry.content = kDirectory;
  journal_->append(draft);
  draft.entry.directory = {};
  draft.entry.content.clear();
  draft.entry.kind = EntryKind::mapping;
  for (const auto& adapter : mappings().all()) {
    draft.entry.mapping_in = ref_of(adapter->profile());
    draft.body = adapters::content_of(*mappings().plan(adapter->profile().id));  // long: sealed
    journal_->append(draft);
  }
}

void RecordedLog::push(const Push& record, const Change& change) {
  const auto from = mappings().find(profile_of("sc", record.kind));
  const auto to = mappings().find(profile_of("cq", record.kind));
  const auto canonical = from->get(record.native);
  const auto native = canonical.ok() ? to->create(canonical->bytes) : Result<adapters::Converted>(canonical.error());
  if (!native.ok()) std::abort();
  ledger::Entry entry;
  entry.kind = EntryKind::accepted;
  entry.time = clock_.now();
  entry.exchange = Uuid::make(entry.time);
  entry.from = kSichuan;
  entry.to = kChongqing;
  entry.what = adapters::to_string(record.kind);
  entry.matter = "case-assist";
  entry.policy = policy_;
  entry.directory = directory_;
  entry.allowed = true;
  entry.rule = "push-all";
  entry.mapping_in = ref_of(from->profile());
  entry.mapping_out = ref_of(to->profile());
  entry.native_in = journal_->keyed_digest(record.native);
  v1::LogBody body;
  body.set_operator_name("经办人");
  body.set_native_in(record.native);
  body.add_canonical(canonical->bytes);
  body.add_native_out(native->bytes);
  if (change) change(entry, body);
  journal_->append({std::move(entry), body.SerializeAsString()});
}

}  // namespace chuanyu::testing
