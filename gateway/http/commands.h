// gateway/http/commands.h: requests read into the exchange's commands: every field checked before anything is done.
// Threads: pure functions. Failure: CLIENT_* and RECORD_* with the place in the request.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/exchange/erasure.h"
#include "gateway/exchange/publish.h"
#include "gateway/exchange/push.h"
#include "gateway/exchange/query.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

using Caller = std::shared_ptr<const identity::Principal>;

// `tail`: "<kind>/<id>" or, when the route fixed the kind, "<id>".
Result<exchange::PublishCommand> publish_command(transport::Request& request, Caller caller, std::string_view tail,
                                                 const exchange::World& world);
// `tail`: the kind. The command reads from the request's stream.
Result<exchange::ImportCommand> import_command(transport::Request& request, Caller caller, std::string_view tail,
                                               const exchange::World& world);
Result<exchange::PushCommand> push_command(transport::Request& request, Caller caller, const exchange::World& world);
Result<exchange::EraseCommand> erase_command(const transport::Request& request, Caller caller);
Result<exchange::QueryCommand> query_command(transport::Request& request, Caller caller);

// Whether Accept asks for the native document of the caller's profile. CLIENT_NOT_ACCEPTABLE for anything but that or
// JSON.
Result<bool> wants_document(const transport::Request& request, const identity::Principal& caller, adapters::Kind kind,
                            const exchange::World& world);

struct InboxPage {
  std::uint64_t after = 0;
  std::size_t limit = 100;
  std::chrono::milliseconds wait{0};
};
struct QuarantinePage {
  std::string after;  // as an earlier page said; empty: from the start
  std::size_t limit = 100;
};
Result<QuarantinePage> quarantine_page(const transport::Request& request);
Result<InboxPage> inbox_page(const transport::Request& request);

}  // namespace chuanyu::http
