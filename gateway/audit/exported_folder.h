// Private to gateway/audit: what `chuanyu-audit export` writes, read as a log: C2SP tlog-tiles and bundles of rows
// (gateway/ledger/FORMAT.md §6).
//
// Every file but `checkpoint`, the last partial tiles and the last bundles of rows is immutable. Threads: any; the last
// bundles read are kept.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gateway/audit/log_reader.h"

namespace chuanyu::audit {

class ExportedFolder final : public LogReader {
 public:
  static constexpr const char* kMarkFile = "origin";
  static constexpr const char* kCheckpointFile = "checkpoint";
  static constexpr std::uint64_t kRowsShift = 16;  // a bundle of rows covers this many bits of their number

  static bool is_one(const std::string& folder);
  static Result<std::unique_ptr<LogReader>> open(const std::string& folder);
  // The origin that the mark names; nothing when there is no mark.
  static Result<std::optional<std::string>> marked_origin(const std::string& folder);
  static std::string mark_of(const std::string& origin);
  // "checkpoints/x001/234"; of named keys there is one bundle.
  static std::string rows_path(Rows rows, std::uint64_t bundle);
  static void append_row(Bytes& bundle, BytesView key, BytesView value);

  bool is_data_folder() const override { return false; }
  bool may_have_grown() const override { return false; }  // its checkpoint says how long it is
  Status for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const override;
  std::optional<Bytes> tile(const ledger::TileId& tile) const override;
  Status for_each_row(Rows rows, BytesView from, const VisitRow& visit) const override;

 private:
  // A file taken apart; whoever reads in one keeps it.
  struct EntryBundle {
    std::uint64_t number = 0;
    Bytes bytes;
    std::vector<BytesView> entries;  // into bytes
  };
  struct RowBundle {
    std::uint64_t number = 0;
    Bytes bytes;
    std::vector<std::pair<BytesView, BytesView>> rows;  // into bytes
  };
  using EntryBundlePtr = std::shared_ptr<const EntryBundle>;
  using RowBundlePtr = std::shared_ptr<const RowBundle>;
  explicit ExportedFolder(std::string folder) : LogReader(std::move(folder)) {}
  Status read_checkpoint();
  Result<EntryBundlePtr> entries_of(std::uint64_t bundle) const;
  Result<EntryBundlePtr> read_entries(std::uint64_t bundle) const;
  Result<RowBundlePtr> rows_of(Rows rows, std::uint64_t bundle) const;
  Result<RowBundlePtr> read_rows(Rows rows, std::uint64_t bundle) const;
  const std::vector<std::uint64_t>& bundles_of(Rows rows) const;
  std::vector<std::uint64_t> find_bundles(Rows rows) const;

  mutable std::mutex mutex_;  // guards all below
  mutable EntryBundlePtr entries_;
  mutable std::map<Rows, RowBundlePtr> rows_;
  mutable std::map<Rows, std::vector<std::uint64_t>> bundles_;  // never changed once found
};

}  // namespace chuanyu::audit
