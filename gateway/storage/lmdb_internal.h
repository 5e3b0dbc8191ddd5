// Private to gateway/storage: what environment.cpp and transaction.cpp share.
#pragma once

#include <lmdb.h>

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/storage/environment.h"
#include "gateway/storage/lock_file.h"

namespace chuanyu::storage {

// LMDB's return code as the product's error; `what` says what was being done.
Error lmdb_error(int code, std::string_view what);

inline MDB_val to_val(BytesView bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
inline BytesView to_view(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

// Read transactions that were reset and wait to be renewed: begin takes a reader slot and a lock, renew does not.
class ReaderPool {
 public:
  MDB_txn* take();  // nullptr when empty
  void give(MDB_txn* txn);
  void clear();

 private:
  std::mutex mutex_;
  std::vector<MDB_txn*> idle_;
};

struct Environment::Impl {
  MDB_env* env = nullptr;
  LockFile lock;
  std::string registered;  // canonical folder, in the list of folders this process has open
  std::map<std::string, unsigned> tables;
  mutable ReaderPool readers;

  ~Impl();
};

struct Cursor::Impl {
  MDB_cursor* cursor = nullptr;  // nullptr once the transaction has ended
  ReadTxn::Impl* txn = nullptr;
  MDB_val key{};
  MDB_val value{};

  bool move(MDB_cursor_op operation);
  ~Impl();
};

struct ReadTxn::Impl {
  MDB_txn* txn = nullptr;
  ReaderPool* pool = nullptr;  // where a read transaction goes back to; nullptr for a write transaction
  std::optional<Error> failure;
  std::vector<Cursor::Impl*> cursors;  // still open

  void fail(int code, std::string_view what);
  void close_cursors();
  ~Impl();
};

}  // namespace chuanyu::storage
