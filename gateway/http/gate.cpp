#include "gateway/http/gate.h"

#include <algorithm>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/metrics.h"

namespace chuanyu::http {
namespace {

constexpr std::size_t kRemembered = 16'384;  // connections; beyond it the gone ones are forgotten

void count_refusal(const transport::Request& request, const Error& why) {
  metrics::counter("chuanyu_refused_total", "Requests refused at the gate",
                   {{"code", std::string(to_string(why.code))}})
      .add();
  log::warn("gate.refused", {{"code", to_string(why.code)}, {"remote", request.remote}, {"path", request.path}});
}

}  // namespace

Result<Gate::Known> Gate::admit(const transport::Request& request, RoleMask roles) {
  Result<Known> known = recognise(request);
  if (known.ok() && (mask((*known)->role()) & roles) == 0) {
    known = error(Code::CLIENT_ROLE_FORBIDDEN,
                  "角色 " + std::string(identity::to_string((*known)->role())) + " 不能调用此接口");
  }
  if (known.ok() && rate_ > 0 && !spend(identity::to_string((*known)->urn()))) {
    known = error(Code::CLIENT_TOO_MANY_REQUESTS, "每秒至多 " + std::to_string(rate_) + " 次");
  }
  if (!known.ok()) count_refusal(request, known.error());
  return known;
}

Result<Gate::Known> Gate::recognise(const transport::Request& request) {
  if (!request.peer) return error(Code::CLIENT_IDENTITY_INVALID, "连接没有客户端证书");
  const auto world = desk_.world();
  {
    const std::shared_lock lock(mutex_);
    const auto found = seen_.find(request.peer.get());
    if (found != seen_.end() && found->second.directory == world->directory &&
        found->second.certificate.lock() == request.peer) {
      return found->second.verdict;
    }
  }
  auto principal = world->directory->authenticate(*request.peer, desk_.settings.gateway);
  Result<Known> verdict = principal.ok()
                              ? Result<Known>(std::make_shared<const identity::Principal>(std::move(*principal)))
                              : Result<Known>(principal.error());
  if (!verdict.ok()) record_refusal(request, verdict.error());
  const std::unique_lock lock(mutex_);
  if (seen_.size() >= kRemembered) {
    std::erase_if(seen_, [](const auto& row) { return row.second.certificate.expired(); });
  }
  seen_.insert_or_assign(request.peer.get(), Seen{request.peer, world->directory, verdict});
  return verdict;
}

void Gate::record_refusal(const transport::Request& request, const Error& why) const {
  ledger::Entry entry;
  entry.kind = ledger::EntryKind::denied;
  entry.time = desk_.clock.now();
  entry.exchange = Uuid::make(entry.time);
  entry.gateway = desk_.settings.gateway;
  entry.principal = request.peer->certificate().fingerprint;
  entry.what = "connection";
  entry.result = to_string(why.code);
  entry.directory = desk_.world()->directory->digest();
  desk_.journal.submit({desk_.journal.prepare({std::move(entry), {}}), {}, [](const journal::Outcome&) {}});
}

bool Gate::spend(const std::string& urn) {
  const std::lock_guard lock(bucket_mutex_);
  const auto now = std::chrono::steady_clock::now();
  Bucket& bucket = buckets_.try_emplace(urn, Bucket{static_cast<double>(rate_), now}).first->second;
  const std::chrono::duration<double> passed = now - bucket.filled;
  bucket.tokens = std::min<double>(rate_, bucket.tokens + passed.count() * rate_);
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace chuanyu::http
