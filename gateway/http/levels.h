// gateway/http/levels.h: how much a caller wants to stand behind a receipt (回执级别): durable, signed, witnessed.
//
// Asked for by the header Chuanyu-Ack. Nobody's thread waits: the answer goes out when a checkpoint (or a quorum of
// cosignatures) covers the entry, or when the time is up, with the level that was reached: the entry is durable anyway.
// Threads: any. Ownership: borrows all of it. Failure: CLIENT_FIELD_INVALID for another word.
#pragma once

#include <functional>

#include "gateway/exchange/desk.h"
#include "gateway/federation/witnessing.h"
#include "gateway/transport/http.h"
#include "gateway/witness/book.h"

namespace chuanyu::http {

// What the routes need of witnessing.
struct Witnesses {
  witness::Book* book = nullptr;  // nullptr: this gateway is no witness
  const federation::Witnessing* witnessing = nullptr;
};

std::string_view to_string(journal::Level level);
Result<journal::Level> wanted_level(const transport::Request& request);

class Levels {
 public:
  Levels(exchange::Desk& desk, Witnesses witnesses) : desk_(desk), witnesses_(witnesses) {}

  // Fills in level and proof of the receipt and calls `then`, once, on any thread.
  void await(journal::Level wanted, journal::Receipt receipt, std::function<void(journal::Receipt)> then) const;
  // The proof at that level, if it is there.
  Result<std::string> proof(journal::Level level, std::uint64_t index) const;

 private:
  struct Wait;
  void look(const std::shared_ptr<Wait>& wait, bool last) const;
  void watch(const std::shared_ptr<Wait>& wait) const;

  exchange::Desk& desk_;
  Witnesses witnesses_;
};

}  // namespace chuanyu::http
