// Private to gateway/audit: a gateway's data folder, read by its LMDB tables. Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "gateway/audit/log_reader.h"
#include "gateway/storage/environment.h"

namespace chuanyu::audit {

class DataFolder final : public LogReader {
 public:
  // `log_folder`: the shard's own folder, inside the data folder.
  static Result<std::unique_ptr<LogReader>> open(const std::string& folder, const std::string& log_folder);

  bool is_data_folder() const override { return true; }
  bool may_have_grown() const override;
  Status for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const override;
  std::optional<Bytes> tile(const ledger::TileId& tile) const override;
  Status for_each_row(Rows rows, BytesView from, const VisitRow& visit) const override;

 private:
  DataFolder(std::string folder, std::unique_ptr<storage::Environment> log);
  Result<const storage::Environment*> environment_of(Rows rows) const;

  std::unique_ptr<storage::Environment> log_;
  storage::Table entries_;
  storage::Table tiles_;
  storage::Table tree_row_;
  std::uint64_t last_checkpoint_ = 0;                   // the newest when it was opened
  mutable std::mutex mutex_;                            // guards keys_
  mutable std::unique_ptr<storage::Environment> keys_;  // opened when somebody asks: a process opens a folder once
};

}  // namespace chuanyu::audit
