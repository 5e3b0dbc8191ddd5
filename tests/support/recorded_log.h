// A log of pushes within one province, with every version that they name: what a gateway records, made without one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "gateway/journal/journal.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::testing {

class RecordedLog {
 public:
  static constexpr const char* kSichuan = "11510900MBDEM0023P";    // speaks sc.*
  static constexpr const char* kChongqing = "11500152MBDEM0074W";  // speaks cq.*, of the same gateway here

  struct Push {
    adapters::Kind kind = adapters::Kind::credit;
    std::string native;  // one record in sc.*
  };
  // What a test wants otherwise than a gateway would have it.
  using Change = std::function<void(ledger::Entry& entry, v1::LogBody& body)>;

  // `folder` becomes a data folder; `versions`: record policy, directory and mappings, as a start does.
  // `projection`: what the state is; nullptr: there is none.
  explicit RecordedLog(const std::string& folder, bool versions = true, journal::Projection* projection = nullptr);
  ~RecordedLog();

  // The records of the Sichuan fixtures.
  static std::vector<Push> fixtures();
  static const adapters::Registry& mappings();
  void push(const Push& record, const Change& change = {});
  std::uint64_t size() const { return journal_ ? journal_->size() : size_; }
  void close();  // so that it can be read in the same process
  const std::string& kek_file() const { return kek_file_; }

 private:
  class NoState final : public journal::Projection {
   public:
    std::vector<std::string> tables() const override { return {}; }
    std::uint32_t version() const override { return 1; }
    void open(const storage::Environment&) override {}
    void apply(storage::WriteTxn&, const journal::Applied&) override {}
  };
  void record_versions();

  NoState state_;
  SystemClock clock_;
  std::string kek_file_;
  std::unique_ptr<journal::Journal> journal_;
  std::uint64_t size_ = 0;  // once it is closed
  crypto::Digest policy_{};
  crypto::Digest directory_{};
};

}  // namespace chuanyu::testing
