// tests/unit/adapters/oracle.h: what a mapping means, read off its JSON one rule after the other: slow, and without a
// line of adapters/mapping. The engine is held against it.
//
// Of a field that no rule names it gives the key in ext alone: its text is the source's own bytes, which a tree of
// nodes no longer has. Failure: nullptr when the record is refused; an unknown word of the mapping aborts the test.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/unit/adapters/oracle_tree.h"

namespace chuanyu::adapters::testing {

inline const std::string kOwnBytes = "?";  // the value of an entry of ext that only its key is known of

// The texts of a native record by their paths ("/admin_cp#1/admin_cp_name"); what says nothing has none.
using Leaves = std::map<std::string, std::string>;
Leaves leaves_of(const Tree& native);

class Oracle {
 public:
  explicit Oracle(const std::string& mapping_file);
  // `native`: one record in UTF-8, as Adapter::get takes it.
  std::unique_ptr<google::protobuf::Message> get(const std::string& native) const;
  // A native record in UTF-8 as a tree; nothing when it is not well-formed.
  std::optional<Tree> tree(const std::string& native) const;
  // What create must write for a record without entries of ext; nothing when it must refuse. In which order, and how
  // what is absent is written, it does not say.
  std::optional<Leaves> create(const google::protobuf::Message& record) const;

 private:
  nlohmann::json mapping_;
};

}  // namespace chuanyu::adapters::testing
