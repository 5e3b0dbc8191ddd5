// tests/bench/support/records.h: records in any number, made from the first record of a fixture.
//
// Each has its own record id and its own subject with valid check characters, and all are of the same length, so that
// the length of a document is known before it is made. Threads: a const object, any. Failure: give_up().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chuanyu::bench {

class Records {
 public:
  // profile: cq.case.v1 | sc.case.v1 | cq.credit.v1 | sc.credit.v1. Each is published by an agency of its gateway.
  static Records of(const std::string& profile);

  const std::string& profile() const { return profile_; }
  const std::string& gateway() const { return gateway_; }  // "sc" | "cq"
  const std::string& agency() const { return agency_; }    // name of its certificate
  const std::string& kind() const { return kind_; }
  const std::string& media_type() const { return media_type_; }
  std::string id(std::uint64_t number) const;
  std::size_t bytes() const { return text_.size(); }  // of one record, without what stands between records
  std::string record(std::uint64_t number) const;

  // A document of `count` records: its pieces, in order.
  std::string_view head() const { return head_; }
  std::string_view tail() const { return tail_; }
  void append_row(std::uint64_t number, std::string& out) const;  // with the line break behind it
  std::uint64_t document_bytes(std::uint64_t count) const {
    return head_.size() + tail_.size() + count * (text_.size() + line_break_.size());
  }
  // Headers of a command that publishes, without the idempotency key.
  std::vector<std::pair<std::string, std::string>> headers() const;

 private:
  void fill(std::uint64_t number, char* text) const;

  std::string profile_, gateway_, agency_, kind_, media_type_, prefix_;
  std::string text_;  // one record
  std::vector<std::size_t> id_at_, subject_at_;
  std::string head_, tail_, line_break_;
};

}  // namespace chuanyu::bench
