// gateway/http/reports.h: how gaps and the quarantine look as HTTP responses (schemas/openapi.yaml).
// Threads: pure functions.
#pragma once

#include <vector>

#include "gateway/exchange/gaps.h"
#include "gateway/exchange/quarantine.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

transport::Response respond(const std::vector<exchange::Gap>& gaps, const exchange::World& world);
transport::Response respond(const std::vector<exchange::Held>& held, const std::string& cursor,
                            const exchange::World& world);
transport::Response respond(const exchange::Reran& reran);

}  // namespace chuanyu::http
