// gateway/exchange/erasure.h: destroys what exchanges carried, by law, and leaves the log whole (依法删除).
//
// 个人信息保护法 第四十七条 and 征信业管理条例 第十六条 want content gone after its time; the log wants that nothing is
// removed. So every payload has a key of its own: an ERASURE entry says which payloads, on what ground and who
// approved; then the keys are destroyed and the state forgets how to find them. Entries, proofs and receipts stay
// valid. What LMDB keeps of the destroyed rows ends with the next rotation of the key epoch. Threads: any. Failure:
// CLIENT_FIELD_*, CLIENT_NOT_FOUND, CLIENT_STATE_CONFLICT for what is still under way.
#pragma once

#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::v1 {
class ErasedEntry;
}

namespace chuanyu::exchange {

struct EraseCommand {
  std::shared_ptr<const identity::Principal> principal;  // an operator
  std::vector<Uuid> exchanges;                           // every payload of these
  std::string basis;                                     // the law or decision
  std::string approver;                                  // whose decision
};
constexpr std::size_t kErasedAtOnce = 256;  // exchanges

struct Erased {
  Uuid exchange;  // of the erasure itself
  journal::Receipt receipt;
  std::size_t payloads = 0;
};

class Erasing {
 public:
  explicit Erasing(Desk& desk) : desk_(desk) {}
  // Answers when the keys are gone.
  void erase(const EraseCommand& command, const Reply<Erased>& reply);

 private:
  Desk& desk_;
};

// What erasures have in common, whoever orders them: retention.h does, too.
bool under_way(const ExchangeRow& row);  // what would arrive without its content
// The slot of an entry with a payload that is still there, and the tokens under which the state knows it.
// LOCAL_CORRUPT.
Result<v1::ErasedEntry> erasable(const journal::Stored& stored);
// The entry that says so; `body` goes sealed with it. Whose command it was is for the caller to add.
ledger::Entry erasure_entry(const Desk& desk, const std::string& basis, const std::string& approver,
                            const v1::LogBody& body);
std::vector<std::uint64_t> slots_of(const v1::LogBody& body);

// Ends erasures whose entry is durable and whose keys a crash left: once, before anything is read.
Status finish_erasures(Desk& desk);

}  // namespace chuanyu::exchange
