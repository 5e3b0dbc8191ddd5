// adapters/plugin/compare.h: two canonical messages, field by field.
//
// Threads: pure functions. The messages of one call must be of one type.
#pragma once

#include <google/protobuf/message.h>

namespace chuanyu::adapters::plugin {

bool part_of(const google::protobuf::Message& part, const google::protobuf::Message& whole);

// Writes into `out` what changed from `before` to `after`.
void merge(const google::protobuf::Message& before, const google::protobuf::Message& after,
           google::protobuf::Message& out);

}  // namespace chuanyu::adapters::plugin
