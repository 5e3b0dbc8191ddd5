// gateway/audit/log_reader.h: a log's folder as an auditor sees it: read only, at the size it had when it was opened.
//
// The folder is a gateway's data folder, or a copy of it, or what `chuanyu-audit export` wrote: whoever reads need not
// know. A gateway may be appending to its folder meanwhile; reading goes in short transactions, so that it never makes
// the file grow. Threads: any, once it is open. Failure: open() gives LOCAL_IO when there is no log, LOG_INCOMPLETE
// when a table, the tree row or a file is missing, LOG_VERSION for a newer format, LOG_TAMPERED for what contradicts
// itself, LOCAL_CORRUPT with the page for a data file whose pages do not hold together.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/ledger/layout.h"

namespace chuanyu::audit {

// Where a finding stands: "log#7".
inline std::string place_of(std::uint64_t index) { return "log#" + std::to_string(index); }

class LogReader {
 public:
  // `left_out`: where a shard that cannot be opened is told, and the rest is read without it; nullptr: it is a failure.
  static Result<std::unique_ptr<LogReader>> open(const std::string& folder, std::vector<Error>* left_out = nullptr);
  virtual ~LogReader() = default;

  // What it is stored in, oldest first: itself, or its shards (分卷). A shard counts its entries from 0, the log
  // through all of them; tiles and signatures are a shard's.
  struct Part {
    const LogReader* log = nullptr;
    std::string name;  // empty: the first
  };
  virtual std::vector<Part> parts() const { return {{this, {}}}; }
  // Of a shard: entries in those before it. Whatever is said of an entry to people counts from there (FORMAT.md §7).
  std::uint64_t base() const { return base_; }
  std::string place(std::uint64_t index) const { return place_of(base_ + index); }

  const std::string& folder() const { return folder_; }
  const std::string& origin() const { return origin_; }
  std::uint64_t size() const { return size_; }
  crypto::Digest root() const { return root_; }
  // What a gateway left: the folder has a state beside the log. False for an exported folder.
  virtual bool is_data_folder() const = 0;

  // Rows in the tables when it was opened; 0 where a folder has no tables.
  struct Counts {
    std::uint64_t entries = 0;
    std::uint64_t tiles = 0;
    std::uint64_t trees = 0;
  };
  const Counts& counts() const { return counts_; }
  // The row of the second tree (SM profile), as it stood then; nothing when there is none.
  const std::optional<Bytes>& sm3_row() const { return sm3_row_; }
  // False when nothing has been appended since it was opened, for certain.
  virtual bool may_have_grown() const { return true; }

  // Entries [from, to) in order; LOG_INCOMPLETE names the first that is missing. `visit` stops the pass by an error.
  using Visit = std::function<Status(std::uint64_t index, BytesView entry)>;
  virtual Status for_each(std::uint64_t from, std::uint64_t to, const Visit& visit) const = 0;
  // The same, each entry held against its hash in the stored tiles: LOG_TAMPERED ends the pass. What is shown, derived
  // or replayed is at least what the log's own tree says; whether that is what was signed, only verify() can tell.
  virtual Status for_each_hashed(std::uint64_t from, std::uint64_t to, const Visit& visit) const;
  Result<Bytes> entry(std::uint64_t index) const;  // CLIENT_NOT_FOUND beyond the size; hashed, too
  virtual std::optional<Bytes> tile(const ledger::TileId& tile) const = 0;
  // A sealed body that stands beside the log; LOG_INCOMPLETE when it is missing, LOG_TAMPERED when it is another.
  virtual Result<Bytes> blob(const crypto::Digest& sha256) const;

  // The tables beside the entries, with the keys that FORMAT.md §4 gives them.
  enum class Rows : std::uint8_t { checkpoints, slots, named };
  using VisitRow = std::function<Result<bool>(BytesView key, BytesView value)>;  // false: enough
  // From `from` on in key order. Slots and named keys: LOG_INCOMPLETE when the folder has none.
  virtual Status for_each_row(Rows rows, BytesView from, const VisitRow& visit) const = 0;
  Result<std::optional<Bytes>> row(Rows rows, BytesView key) const;

  struct Note {
    std::uint64_t size = 0;
    std::string note;
    std::size_t own_bytes = 0;  // of it, that the log wrote; the rest are cosignatures
    bool rows_in_place = true;  // each cosignature stands in a row of its key id, and nothing else beside them
  };
  // The first checkpoint of at least that size, with its cosignatures.
  std::optional<Note> checkpoint_from(std::uint64_t size) const;
  // The same of the SM profile's second tree.
  std::optional<Note> sm3_checkpoint_from(std::uint64_t size) const;

 protected:
  static Result<std::unique_ptr<LogReader>> open_first(const std::string& folder);
  explicit LogReader(std::string folder) : folder_(std::move(folder)) {}

  static void set_base(LogReader& shard, std::uint64_t base) { shard.base_ = base; }

  std::string folder_;
  std::string origin_;
  std::uint64_t base_ = 0;
  std::uint64_t size_ = 0;
  crypto::Digest root_{};
  std::optional<Bytes> sm3_row_;
  Counts counts_;
};

}  // namespace chuanyu::audit
