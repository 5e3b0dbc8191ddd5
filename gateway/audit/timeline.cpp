#include "gateway/audit/timeline.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "gateway/audit/versions.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/canonical_json.h"

namespace chuanyu::audit {
namespace {

bool names_it(const nlohmann::json& document, const char* field, const std::string& number) {
  const auto found = document.find(field);
  if (found == document.end()) return false;
  if (found->is_array()) return std::find(found->begin(), found->end(), nlohmann::json(number)) != found->end();
  return found->is_string() && found->get_ref<const std::string&>() == number;
}

// Whether a record or message is of the case or the application, by the fields that say so.
bool speaks_of(const Result<std::string>& text, const Subject& subject) {
  if (!text.ok()) return false;
  const auto document = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return false;
  if (!subject.application_no.empty()) return names_it(document, "projectNo", subject.application_no);
  for (const char* field : {"caseNo", "caseNos", "caseId"}) {
    if (names_it(document, field, subject.case_no)) return true;
  }
  return false;
}

class Gathering {
 public:
  Gathering(const std::vector<OpenedLog>& logs, const Subject& subject) : logs_(logs), subject_(subject) {
    if (subject.exchange) members_.insert(*subject.exchange);
  }

  Result<Timeline> run() {
    for (std::size_t i = 0; i < logs_.size(); ++i) CHUANYU_CHECK(look_through(i));
    follow_answers();
    for (std::size_t i = 0; i < logs_.size(); ++i) CHUANYU_CHECK(gather(i));
    if (timeline_.steps.empty()) return error(Code::CLIENT_NOT_FOUND, "所给日志中没有与之有关的条目");
    // By time, so that two logs read as one story; each keeps its own order whatever its clock did.
    std::stable_sort(timeline_.steps.begin(), timeline_.steps.end(), [](const Step& a, const Step& b) {
      return a.log == b.log ? a.index < b.index : a.entry.time < b.entry.time;
    });
    return std::move(timeline_);
  }

 private:
  bool by_number() const { return !subject_.exchange; }

  // Which exchanges speak of it, and which answer which.
  Status look_through(std::size_t number) {
    const OpenedLog& log = logs_[number];
    Versions versions(*log.log, log.bodies);
    CHUANYU_CHECK(log.log->for_each_hashed(0, log.log->size(), [&](std::uint64_t index, BytesView bytes) -> Status {
      const auto entry = ledger::decode(bytes);
      if (!entry.ok()) return {};  // verify() names it
      versions.see(index, *entry);
      if (entry->kind == ledger::EntryKind::recovery) timeline_.holes.push_back({number, index, entry->time});
      if (entry->slot == 0 || ledger::is_own(entry->kind)) return {};
      if (log.bodies == nullptr) return ++timeline_.sealed, Status{};
      const auto opened = log.bodies->body(*entry);
      if (!opened.ok() && opened.error().code == Code::LOCAL_PAYLOAD_ERASED) return ++timeline_.erased, Status{};
      if (!opened.ok()) return error(opened.error().code, opened.error().detail, place_of(index));
      look_into(*entry, *opened);
      return {};
    }));
    if (const auto directory = versions.latest_directory()) {
      for (const auto& [uscc, party] : directory->parties()) timeline_.names[uscc] = party.name;
    }
    return {};
  }

  void look_into(const ledger::Entry& entry, BytesView bytes) {
    const std::string& number = subject_.case_no.empty() ? subject_.application_no : subject_.case_no;
    v1::LogBody body;
    if (!body.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
    const auto answered = Uuid::from_bytes(body.in_reply_to());
    if (answered && *answered != entry.exchange) answers_.emplace_back(entry.exchange, *answered);
    if (!by_number() || bytes.find(number) == BytesView::npos) return;  // spares what cannot match
    bool found = !body.query().record_id().empty() && body.query().record_id() == number;
    found =
        found || (!body.message().empty() && speaks_of(schemas::message_to_json(entry.what, body.message()), subject_));
    const auto kind = schemas::parse_kind(entry.what);
    for (int i = 0; kind.ok() && !found && i < body.canonical_size(); ++i) {
      found = speaks_of(schemas::to_json(*kind, body.canonical(i)), subject_);
    }
    if (found) members_.insert(entry.exchange);
  }

  void follow_answers() {
    for (bool more = true; more;) {
      more = false;
      for (const auto& [answer, question] : answers_) {
        if (members_.contains(answer) != members_.contains(question)) {
          members_.insert(answer);
          members_.insert(question);
          more = true;
        }
      }
    }
  }

  Status gather(std::size_t number) {
    const LogReader& log = *logs_[number].log;
    Fates fates(log);
    return log.for_each_hashed(0, log.size(), [&](std::uint64_t index, BytesView bytes) -> Status {
      auto entry = ledger::decode(bytes);
      if (!entry.ok() || ledger::is_own(entry->kind) || !members_.contains(entry->exchange)) return {};
      const auto answer = std::find_if(answers_.begin(), answers_.end(),
                                       [&](const auto& pair) { return pair.first == entry->exchange; });
      std::optional<Uuid> in_reply_to;
      if (answer != answers_.end()) in_reply_to = answer->second;
      CHUANYU_TRY(Fate fate, fates.of(index, *entry));
      timeline_.steps.push_back({number, index, *std::move(entry), in_reply_to, std::move(fate)});
      return {};
    });
  }

  const std::vector<OpenedLog>& logs_;
  const Subject& subject_;
  Timeline timeline_;
  std::set<Uuid> members_;
  std::vector<std::pair<Uuid, Uuid>> answers_;  // exchange, the one that it answers
};

}  // namespace

Result<Timeline> timeline(const std::vector<OpenedLog>& logs, const Subject& subject) {
  return Gathering(logs, subject).run();
}

}  // namespace chuanyu::audit
