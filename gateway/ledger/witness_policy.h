// gateway/ledger/witness_policy.h: which logs and witnesses count, and how many of them must have seen a checkpoint
// (见证策略): C2SP tlog-policy.
//
//   log     chuanyu.sc/2026q4+8f2c…+AX…            its key signs the log's checkpoints; a line each when keys change
//   witness cq      cq.witness+…+BH… https://…     named in the file; the URL is where add-checkpoint is
//   witness auditor audit.witness+…+BK… https://…
//   group   both    all cq auditor                 all | any | a number
//   quorum  both                                   a witness, a group, or none
//
// One file serves the gateway that collects cosignatures and the auditor who demands them. Pure, threads: plain values.
// Failure: CONFIG_VALUE with the line ("第 3 行").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/ledger/checkpoint.h"

namespace chuanyu::ledger {

struct Witness {
  std::string name;  // in the policy
  NamedKey key;
  std::string url;  // submission prefix; empty: not asked
};

struct Cosigned {
  std::string witness;  // its name in the policy
  std::uint64_t seconds = 0;
};

class WitnessPolicy {
 public:
  static Result<WitnessPolicy> parse(std::string_view text);

  // Of the log or, by its name, of one of its shards; none: not in the policy.
  VerifyKeys log(std::string_view origin) const;
  const std::vector<Witness>& witnesses() const { return witnesses_; }
  bool asks_for_any() const { return !quorum_.empty(); }  // false: quorum none

  // Whose valid cosignatures the note carries, and whether they are a quorum.
  struct Verdict {
    bool quorum = false;
    std::vector<Cosigned> by;
    std::uint64_t since = 0;  // when the quorum was there: the latest time of its members; 0 without one
  };
  Verdict judge(const Note& note) const;

 private:
  struct Group {
    std::string name;
    std::size_t needed = 0;
    std::vector<std::string> members;
  };
  class Reader;
  bool holds(const std::string& name, const std::vector<Cosigned>& by) const;

  std::vector<NamedKey> logs_;
  std::vector<Witness> witnesses_;
  std::vector<Group> groups_;
  std::string quorum_;  // empty: none
};

}  // namespace chuanyu::ledger
