// gateway/http/explain.h: POST /v1/mappings/{id}:explain, what a mapping makes of one record, rule by rule.
//
// A dry run: nothing is published, sent or logged. Values that may say something of a person come back as their length
// only (adapters/explain.h). An agency may ask about its own profiles, an operator about every one. Threads: any.
// Failure: CLIENT_PROFILE_UNKNOWN, CLIENT_MEDIA_TYPE, RECORD_*.
#pragma once

#include <string>

#include "gateway/exchange/desk.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

Result<transport::Response> explain(const transport::Request& request, const identity::Principal& principal,
                                    const std::string& mapping, const exchange::World& world);

}  // namespace chuanyu::http
