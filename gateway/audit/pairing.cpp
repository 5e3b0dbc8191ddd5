#include "gateway/audit/pairing.h"

#include <algorithm>
#include <map>
#include <vector>

#include "gateway/audit/entangled.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/shard.h"
#include "schemas/canonical/peer.pb.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

constexpr std::string_view kReceiptContext = "chuanyu-receipt-v1";  // gateway/exchange/signing.h

struct Sent {
  std::uint64_t index = 0;
  Uuid exchange;
  EntryKind kind = EntryKind::accepted;
  Uuid stream;                       // id of the log that its position counts in
  std::optional<EntryKind> outcome;  // delivered, refused, expired
  std::uint64_t outcome_index = 0;
  Bytes receipt;
};

struct Arrived {
  std::uint64_t index = 0;
  Uuid exchange;
  EntryKind kind = EntryKind::received;
  crypto::Digest leaf{};
};

// What came in a stream of which the sender's log knows nothing.
struct Unknown {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

bool is_sent(const ledger::Entry& entry) {
  switch (entry.kind) {
    case EntryKind::accepted:
    case EntryKind::queried:
    case EntryKind::answered: return !entry.peer.empty();
    // An acknowledgement with a stream position came from the peer; without one it goes there.
    case EntryKind::acknowledged: return !entry.peer.empty() && entry.stream == 0;
    default: return false;
  }
}

bool is_outcome(EntryKind kind) {
  return kind == EntryKind::delivered || kind == EntryKind::refused || kind == EntryKind::expired;
}

ledger::VerifyKeys all_keys(const Side& side) {
  ledger::VerifyKeys keys = side.keys;
  if (keys.empty()) return keys;
  for (const crypto::VerifyKey& key : side.earlier) keys.add(key);
  return keys;
}

std::string at(std::uint64_t index) { return "log#" + std::to_string(index); }

std::string of(const Sent& sent) { return "（交换 " + sent.exchange.to_string() + "）"; }

class Pairing {
 public:
  Pairing(const Side& sender, const Side& receiver)
      : sender_(sender.log),
        receiver_(receiver.log),
        keys_(receiver.keys),
        earlier_(receiver.earlier),
        entangled_(sender.log, all_keys(sender),
                   [this](Code code, const std::string& detail, const std::string& where) {
                     find(code, detail, where, receiver_);
                   }) {
    report_.from = sender_.origin();
    report_.to = receiver_.origin();
    report_.receipts_checked = !keys_.empty();
  }

  PairReport run() {
    if (lacks_beginning(sender_) || lacks_beginning(receiver_) || !read_ids() || !read_sent() || !read_arrived())
      return std::move(report_);
    report_.sent = sent_.size();
    for (std::size_t i = 0; i < sent_.size(); ++i) check(i + 1, sent_[i]);
    for (const auto& [place, arrived] : arrived_) {
      // In a log that ended with a recovery there was more than is there now.
      const bool lost = place.first != sender_ids_.back();
      find(lost ? Code::LOG_RECOVERED : Code::LOG_INCOMPLETE,
           "收到了第 " + std::to_string(place.second) + " 封，发出方的日志却没有" + (lost ? "：在恢复时失去" : "") +
               "（交换 " + arrived.exchange.to_string() + "）",
           at(arrived.index), receiver_);
    }
    report_unknown();
    entangled_.finish();
    report_.cosigned = entangled_.compared();
    report_bad_signatures();
    return std::move(report_);
  }

 private:
  void find(Code code, const std::string& detail, const std::string& where, const LogReader& log) {
    report_.findings.add(error(code, detail, log.origin() + " " + where));
  }

  // A log that begins anew after a recovery has another stream. One that the sender's log does not have was lost with
  // the shard behind that recovery.
  void report_unknown() {
    for (const auto& [stream, unknown] : unknown_) {
      find(sender_recovered_ ? Code::LOG_RECOVERED : Code::LOG_INCOMPLETE,
           "从发出方收到了 " + std::to_string(unknown.count) + " 封，属于发出方的日志所没有的流 " + stream.to_string() +
               (sender_recovered_ ? "：在恢复时失去，或属于后来被放弃的一次恢复"
                                  : "：其日志恢复之后的一卷不在所给的目录中") +
               "；所指为第一封",
           at(unknown.first), receiver_);
    }
  }

  // One finding however many there are: with the wrong key it is every receipt.
  void report_bad_signatures() {
    if (bad_signatures_ == 0) return;
    const bool all = bad_signatures_ == receipts_;
    find(Code::LOG_SIGNATURE,
         std::to_string(receipts_) + " 份回执中有 " + std::to_string(bad_signatures_) +
             " 份不是所给的对方公钥所签，所指为其中第一份" +
             (all ? "；无一有效，很可能是公钥给错了：请先核对 --key、--peer-key 的次序与目录相同" : ""),
         first_bad_signature_, sender_);
  }

  // A log's id is the exchange id of its shard_open entry, the same in every shard but behind a recovery; its gateway
  // is who wrote the entries.
  bool read_ids() {
    const auto opening = [](const LogReader& log) -> std::optional<ledger::Entry> {
      std::optional<ledger::Entry> found;
      (void)log.for_each(0, std::min<std::uint64_t>(log.size(), 64), [&](std::uint64_t, BytesView bytes) -> Status {
        auto entry = ledger::decode(bytes);
        if (entry.ok() && !found && entry->kind == EntryKind::shard_open) found = *std::move(entry);
        return {};
      });
      return found;
    };
    const auto sender = opening(sender_);
    const auto receiver = opening(receiver_);
    if (!sender || !receiver) {
      find(Code::LOG_INCOMPLETE, "日志开头没有 shard_open 条目，无法与另一日志配对", at(0),
           sender ? receiver_ : sender_);
      return false;
    }
    sender_ids_ = {sender->exchange};
    sender_gateway_ = sender->gateway;
    receiver_gateway_ = receiver->gateway;
    return true;
  }

  // Positions count from the first entry of the first shard.
  bool lacks_beginning(const LogReader& log) {
    bool later = log.parts().front().log->base() > 0;
    (void)log.for_each(0, std::min<std::uint64_t>(log.size(), 1), [&](std::uint64_t, BytesView bytes) -> Status {
      const auto entry = ledger::decode(bytes);
      later = later || (entry.ok() && ledger::parse_shard_opening(entry->content).ok());
      return {};
    });
    if (later) {
      find(Code::LOG_INCOMPLETE, "缺少此前的分卷，不能与另一日志逐封核对：请给出整份日志", at(0), log);
    }
    return later;
  }

  bool read(const LogReader& log, const std::function<void(std::uint64_t, BytesView, ledger::Entry&)>& take) {
    const Status status = log.for_each(0, log.size(), [&](std::uint64_t index, BytesView bytes) -> Status {
      auto entry = ledger::decode(bytes);
      if (entry.ok()) take(index, bytes, *entry);  // what cannot be read is verify()'s finding
      return {};
    });
    if (!status.ok()) report_.findings.add(status.error());
    return status.ok();
  }

  bool read_sent() {
    return read(sender_, [this](std::uint64_t index, BytesView, ledger::Entry& entry) {
      if (entry.kind == EntryKind::shard_open && entry.exchange != sender_ids_.back())
        sender_ids_.push_back(entry.exchange);
      sender_recovered_ |= entry.kind == EntryKind::recovery;
      if (entry.peer != receiver_gateway_) return;
      if (is_sent(entry)) sent_.push_back(Sent{index, entry.exchange, entry.kind, sender_ids_.back(), {}, 0, {}});
      if (!is_outcome(entry.kind)) return;
      if (entry.stream == 0 || entry.stream > sent_.size()) {
        return find(Code::LOG_TAMPERED, "回执所指的流位置没有发出过", at(index), sender_);
      }
      Sent& sent = sent_[entry.stream - 1];
      if (sent.outcome) return find(Code::LOG_TAMPERED, "同一封有两个结果", at(index), sender_);
      sent.outcome = entry.kind;
      if (entry.kind != EntryKind::expired) last_receipt_ = std::max(last_receipt_, entry.stream);
      sent.outcome_index = index;
      sent.receipt = std::move(entry.receipt);
    });
  }

  bool read_arrived() {
    return read(receiver_, [this](std::uint64_t index, BytesView bytes, ledger::Entry& entry) {
      entangled_.entry(at(index), entry);
      receiver_recovered_ |= entry.kind == EntryKind::recovery;
      const bool ours = std::find(sender_ids_.begin(), sender_ids_.end(), entry.peer_log) != sender_ids_.end();
      if (entry.stream == 0 || is_outcome(entry.kind)) return;
      if (!ours) {
        if (entry.peer == sender_gateway_)
          ++unknown_.try_emplace(entry.peer_log, Unknown{index, 0}).first->second.count;
        return;
      }
      const Arrived arrived{index, entry.exchange, entry.kind, ledger::leaf_hash(bytes)};
      if (!arrived_.emplace(std::pair(entry.peer_log, entry.stream), arrived).second) {
        find(Code::LOG_TAMPERED, "第 " + std::to_string(entry.stream) + " 封生效了两次", at(index), receiver_);
      }
    });
  }

  void check(std::uint64_t position, const Sent& sent) {
    const auto found = arrived_.find({sent.stream, position});
    std::optional<Arrived> partner;
    if (found != arrived_.end()) {
      partner = found->second;
      arrived_.erase(found);
    }
    if (partner && partner->exchange != sent.exchange) {
      return find(Code::LOG_TAMPERED,
                  "双方所记的交换编号不同（对方 " + at(partner->index) + " 为 " + partner->exchange.to_string() + "）" +
                      of(sent),
                  at(sent.index), sender_);
    }
    // Receipts come in the order of sending: one that is missing before others was there once.
    if (!sent.outcome && partner && position < last_receipt_) {
      return find(Code::LOG_INCOMPLETE,
                  "对方收到了第 " + std::to_string(position) + " 封，其后的有回执，这一封的回执却不在日志中" + of(sent),
                  at(sent.index), sender_);
    }
    if (!sent.outcome || *sent.outcome == EntryKind::expired) {
      ++(partner ? report_.receipt_pending : sent.outcome ? report_.expired : report_.under_way);
      return;
    }
    check_receipt(position, sent, partner);
  }

  void check_receipt(std::uint64_t position, const Sent& sent, const std::optional<Arrived>& partner) {
    const std::string where = at(sent.outcome_index);
    v1::SignedReceipt signed_receipt;
    v1::PeerReceipt receipt;
    if (!signed_receipt.ParseFromString(sent.receipt) || !receipt.ParseFromString(signed_receipt.receipt())) {
      return find(Code::LOG_TAMPERED, "条目中没有对方的回执，或回执不可读" + of(sent), where, sender_);
    }
    ++receipts_;
    const auto signed_by = [&](const ledger::VerifyKeys& keys) {
      return std::any_of(keys.begin(), keys.end(), [&](const crypto::VerifyKey& key) {
        return key.verify(kReceiptContext, signed_receipt.receipt(), signed_receipt.signature());
      });
    };
    if (!keys_.empty() && !signed_by(keys_)) {
      if (!signed_by(earlier_)) {
        if (bad_signatures_++ == 0) first_bad_signature_ = where;
        return;
      }
      ++report_.receipts_unjudged;
    }
    const bool refused = *sent.outcome == EntryKind::refused;
    if (receipt.stream() != sent.stream.bytes() || receipt.position() != position ||
        receipt.exchange() != sent.exchange.bytes() || receipt.refused() != refused) {
      return find(Code::LOG_TAMPERED, "回执说的是另一封" + of(sent), where, sender_);
    }
    if (!partner) {
      const bool beyond = receipt.log_index() >= receiver_.size();
      if (receiver_recovered_) {
        return find(Code::LOG_RECOVERED, "有对方的回执，对方日志却没有收到的记录：在对方恢复时失去" + of(sent), where,
                    sender_);
      }
      return find(beyond ? Code::LOG_INCOMPLETE : Code::LOG_TAMPERED,
                  (beyond ? "对方日志的副本较旧，没有回执所指的第 " + std::to_string(receipt.log_index()) + " 条"
                          : "有对方的回执，对方日志却没有收到的记录") +
                      of(sent),
                  where, sender_);
    }
    if (receipt.log_index() != partner->index || receipt.leaf() != crypto::view(partner->leaf)) {
      return find(Code::LOG_TAMPERED, "回执所指的条目与对方日志不符（对方 " + at(partner->index) + "）" + of(sent),
                  where, sender_);
    }
    const bool partner_refused = partner->kind == EntryKind::denied || partner->kind == EntryKind::failed;
    if (partner_refused != refused) {
      return find(Code::LOG_TAMPERED, "双方所记的结果不同（对方 " + at(partner->index) + "）" + of(sent), where,
                  sender_);
    }
    ++(refused ? report_.refused : report_.delivered);
  }

  const LogReader& sender_;
  const LogReader& receiver_;
  const ledger::VerifyKeys& keys_;
  const ledger::VerifyKeys& earlier_;
  Entangled entangled_;
  PairReport report_;
  std::vector<Uuid> sender_ids_;  // in their order
  bool sender_recovered_ = false;
  bool receiver_recovered_ = false;
  std::string sender_gateway_;
  std::string receiver_gateway_;
  std::vector<Sent> sent_;
  std::map<std::pair<Uuid, std::uint64_t>, Arrived> arrived_;  // by stream and position
  std::map<Uuid, Unknown> unknown_;                            // by stream
  std::uint64_t last_receipt_ = 0;                             // position of the last message with one
  std::uint64_t receipts_ = 0;
  std::uint64_t bad_signatures_ = 0;
  std::string first_bad_signature_;
};

}  // namespace

PairReport pair(const Side& sender, const Side& receiver) { return Pairing(sender, receiver).run(); }

}  // namespace chuanyu::audit
