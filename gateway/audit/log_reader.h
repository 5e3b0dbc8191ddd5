// gateway/audit/log_reader.h: a log's folder as an auditor sees it: read only, at the size it had when it was opened.
//
// A gateway may be appending meanwhile. Reading goes in short transactions, so that it never makes the file grow.
// Threads: one. Failure: open() gives LOCAL_IO when there is no log, LOG_INCOMPLETE when a table or the tree row is
// missing, LOG_VERSION for a newer format, LOG_TAMPERED for a tree row that contradicts itself, LOCAL_CORRUPT with the
// page for a data file whose pages do not hold together.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/base/result.h"
#include "gateway/ledger/layout.h"
#include "gateway/storage/environment.h"

namespace chuanyu::audit {

class LogReader {
 public:
  static Result<std::unique_ptr<LogReader>> open(const std::string& folder);

  const std::string& folder() const { return folder_; }
  const std::string& origin() const { return tree_.origin; }
  std::uint64_t size() const { return tree_.frontier.size(); }
  crypto::Digest root() const { return tree_.frontier.root(); }

  // Rows of the tables when it was opened.
  struct Rows {
    std::uint64_t entries = 0;
    std::uint64_t tiles = 0;
    std::uint64_t trees = 0;
  };
  const Rows& rows() const { return rows_; }

  bool grown() const;  // since it was opened: a gateway is at work

  // Entries [from, to) in order; LOG_INCOMPLETE names the first that is missing. `visit` stops the pass by an error.
  using Visit = std::function<Status(std::uint64_t index, BytesView entry)>;
  Status for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const;
  Result<Bytes> entry(std::uint64_t index) const;  // CLIENT_NOT_FOUND beyond the size
  std::optional<Bytes> tile(const ledger::TileId& tile) const;

  struct Note {
    std::uint64_t size = 0;
    std::string note;
  };
  // The first checkpoint of at least that size, of those that were there when it was opened.
  std::optional<Note> checkpoint_from(std::uint64_t size) const;

 private:
  LogReader(std::string folder, std::unique_ptr<storage::Environment> environment);

  std::string folder_;
  std::unique_ptr<storage::Environment> environment_;
  storage::Table entries_;
  storage::Table tiles_;
  storage::Table tree_row_;
  storage::Table checkpoints_;
  ledger::layout::TreeRow tree_;
  Rows rows_;
  std::uint64_t last_checkpoint_ = 0;
};

}  // namespace chuanyu::audit
