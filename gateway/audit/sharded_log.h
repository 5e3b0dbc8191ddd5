// Private to gateway/audit: a log in several shards (分卷), read as one by running numbers.
//
// What is stored of each shard is its own part's business; this adds the bases. A shard that is missing leaves a gap:
// LOG_INCOMPLETE for whoever reads over it. Threads: any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/audit/log_reader.h"

namespace chuanyu::audit {

class ShardedLog final : public LogReader {
 public:
  // The names of the shards behind the first; empty: the log is in one piece.
  static std::vector<std::string> names_in(const std::string& folder);
  static Result<std::unique_ptr<LogReader>> open(const std::string& folder, const std::vector<std::string>& names,
                                                 std::vector<Error>* left_out);

  std::vector<Part> parts() const override;
  bool is_data_folder() const override { return shards_.front().log->is_data_folder(); }
  bool may_have_grown() const override { return shards_.back().log->may_have_grown(); }
  Status for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const override;
  Status for_each_hashed(std::uint64_t from, std::uint64_t to, const Visit& visit) const override;
  std::optional<Bytes> tile(const ledger::TileId& tile) const override;
  Result<Bytes> blob(const crypto::Digest& sha256) const override;
  Status for_each_row(Rows rows, BytesView from, const VisitRow& visit) const override;

 private:
  struct Shard {
    std::unique_ptr<LogReader> log;
    std::string name;  // empty: the first
    std::uint64_t base() const { return log->base(); }
  };
  explicit ShardedLog(std::string folder) : LogReader(std::move(folder)) {}
  // Puts it behind those that are there.
  Status add(Result<std::unique_ptr<LogReader>> shard, const std::string& name, std::vector<Error>* left_out);
  using Pass = Status (LogReader::*)(std::uint64_t, std::uint64_t, const Visit&) const;
  Status walk(Pass pass, std::uint64_t from, std::uint64_t to, const Visit& visit) const;

  std::vector<Shard> shards_;
};

}  // namespace chuanyu::audit
