// tests/support/messages.h: an empty canonical record of a kind, and a record's deterministic bytes; header only.
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/record.h"

namespace chuanyu::testing {

inline std::unique_ptr<google::protobuf::Message> message_of(schemas::Kind kind) {
  switch (kind) {
    case schemas::Kind::credit: return std::make_unique<v1::CreditRecord>();
    case schemas::Kind::licence: return std::make_unique<v1::Licence>();
    case schemas::Kind::enforcement_case: return std::make_unique<v1::EnforcementCase>();
  }
  return nullptr;
}

inline std::string deterministic(const google::protobuf::Message& message) {
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return out;
}

}  // namespace chuanyu::testing
