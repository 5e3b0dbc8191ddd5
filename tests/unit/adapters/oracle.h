// tests/unit/adapters/oracle.h: what a mapping means, read off its JSON one rule after the other: slow, and without a
// line of adapters/mapping. The engine is held against it.
//
// Of a field that no rule names it gives the key in ext alone: its text is the source's own bytes, which a tree of
// nodes no longer has. Failure: nullptr when the record is refused; an unknown word of the mapping aborts the test.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/unit/adapters/oracle_tree.h"

namespace chuanyu::adapters::testing {

inline const std::string kOwnBytes = "?";  // the value of an entry of ext that only its key is known of

class Oracle {
 public:
  explicit Oracle(const std::string& mapping_file);
  // `native`: one record in UTF-8, as Adapter::get takes it.
  std::unique_ptr<google::protobuf::Message> get(const std::string& native) const;

 private:
  nlohmann::json mapping_;
};

}  // namespace chuanyu::adapters::testing
