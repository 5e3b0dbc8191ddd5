// gateway/http/answers.h: how the exchange's answers look as HTTP responses (schemas/openapi.yaml).
// Threads: pure functions.
#pragma once

#include <string>

#include "gateway/exchange/erasure.h"
#include "gateway/exchange/inbox.h"
#include "gateway/exchange/publish.h"
#include "gateway/exchange/push.h"
#include "gateway/exchange/query.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

class JsonOut;

// The member "notes".
void add_notes(JsonOut& out, const std::vector<adapters::Note>& notes);

transport::Response respond(const exchange::Failure& failure);
transport::Response respond(const exchange::Published& published, const std::string& gateway);
transport::Response respond(const exchange::Imported& imported, const std::string& gateway);
transport::Response respond(const exchange::Pushed& pushed, const std::string& gateway);
// `document`: answer with the native document itself instead of the JSON envelope.
transport::Response respond(const exchange::Answer& answer, const exchange::World& world, const std::string& gateway,
                            bool document);
transport::Response respond(const std::vector<exchange::InboxItem>& items, std::uint64_t after,
                            const exchange::World& world);
transport::Response respond(const exchange::ExchangeView& view, const exchange::Answer* answer,
                            const exchange::World& world, const std::string& gateway);
transport::Response respond(const exchange::Erased& erased, const std::string& gateway);
transport::Response respond_acknowledged(const Uuid& exchange, const journal::Receipt& receipt,
                                         const std::string& gateway);

}  // namespace chuanyu::http
