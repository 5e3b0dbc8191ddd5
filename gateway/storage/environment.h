// gateway/storage/environment.h: ordered key-value tables in one LMDB file, opened by one process at a time for
// writing.
//
// Threads: one WriteTxn at a time (made and ended on one thread); any number of ReadTxn, each on one thread. Keep read
// transactions short: a stale reader makes the file grow.
// Never on a network file system. A process opens a folder once: LMDB's locks do not survive a second opening.
// Failure: open() gives LOCAL_IN_USE, LOCAL_IO or LOCAL_CORRUPT. Inside a transaction the first failure sticks: later
// calls do nothing, status() tells it and commit() returns it, so a projection is written without a check per line.
// Views (keys, values) are borrowed from the file: valid until the transaction ends, or in a WriteTxn until its next
// write.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"

namespace chuanyu::storage {

// A table's handle; get it once from the environment.
class Table {
 public:
  Table() = default;

 private:
  friend class Environment;
  friend class ReadTxn;
  friend class WriteTxn;
  friend class Cursor;
  explicit Table(unsigned handle) : handle_(handle) {}
  unsigned handle_ = 0;
};

enum class Durability : std::uint8_t {
  full,  // LMDB's default flags: the only mode that may acknowledge anything
  lazy,  // NOSYNC: survives the process, not the machine: only for what can be rebuilt; flush() when wanted
};

struct Options {
  std::string folder;  // made when missing, mode 0700; must be there when read_only
  std::vector<std::string> tables;
  std::uint64_t map_bytes = std::uint64_t{1} << 40;
  Durability durability = Durability::full;
  bool read_only = false;  // beside a writer in another process; the tables must be there
};

class Cursor;

class ReadTxn {
 public:
  ReadTxn(ReadTxn&&) noexcept;
  ReadTxn& operator=(ReadTxn&&) noexcept;
  virtual ~ReadTxn();

  std::optional<BytesView> get(Table table, BytesView key) const;
  Cursor cursor(Table table) const;
  std::uint64_t count(Table table) const;
  Status status() const;

 protected:
  friend class Environment;
  friend class Cursor;
  struct Impl;
  explicit ReadTxn(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class WriteTxn : public ReadTxn {
 public:
  void put(Table table, BytesView key, BytesView value);
  void append(Table table, BytesView key, BytesView value);  // key greater than every key of the table
  void erase(Table table, BytesView key);                    // no matter whether it was there
  void clear(Table table);
  Status commit();  // afterwards the transaction is over; destroyed without commit = aborted

 private:
  friend class Environment;
  explicit WriteTxn(std::unique_ptr<Impl> impl);
};

// Walks a table in key order. Lives no longer than its transaction.
class Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  ~Cursor();
  bool first();
  bool last();
  bool seek(BytesView at_least);  // the first key >= at_least
  bool next();
  bool previous();
  BytesView key() const;  // after a move that was true
  BytesView value() const;

 private:
  friend class ReadTxn;
  struct Impl;
  explicit Cursor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Environment {
 public:
  static Result<std::unique_ptr<Environment>> open(const Options& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Table table(const std::string& name) const;  // aborts when it was not named in Options::tables
  Result<ReadTxn> read() const;
  Result<WriteTxn> write();
  Status flush();                    // Durability::lazy: force to disk
  std::uint64_t used_bytes() const;  // of the file, free pages included
  int check_readers();               // frees the slots of readers whose process died; how many there were
  // Transactions committed since the oldest reader of any process began: as many lie unused in the file for its sake.
  std::uint64_t reader_lag() const;

 private:
  struct Impl;
  explicit Environment(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chuanyu::storage
