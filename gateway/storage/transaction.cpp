#include "gateway/storage/lmdb_internal.h"

#include <algorithm>
#include <cerrno>

namespace chuanyu::storage {

// --- transactions ---------------------------------------------------------------------------------------------------

void ReadTxn::Impl::fail(int code, std::string_view what) {
  if (!failure) failure = lmdb_error(code, what);
}

void ReadTxn::Impl::close_cursors() {
  for (Cursor::Impl* open : cursors) {
    mdb_cursor_close(open->cursor);
    open->cursor = nullptr;
    open->txn = nullptr;
  }
  cursors.clear();
}

ReadTxn::Impl::~Impl() {
  close_cursors();
  if (txn == nullptr) return;
  if (pool == nullptr) {
    mdb_txn_abort(txn);
  } else {
    mdb_txn_reset(txn);
    pool->give(txn);
  }
}

ReadTxn::ReadTxn(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReadTxn::ReadTxn(ReadTxn&&) noexcept = default;
ReadTxn& ReadTxn::operator=(ReadTxn&&) noexcept = default;
ReadTxn::~ReadTxn() = default;

std::optional<BytesView> ReadTxn::get(Table table, BytesView key) const {
  if (impl_->failure) return std::nullopt;
  MDB_val wanted = to_val(key);
  MDB_val found{};
  const int code = mdb_get(impl_->txn, table.handle_, &wanted, &found);
  if (code == 0) return to_view(found);
  if (code != MDB_NOTFOUND) impl_->fail(code, "读取失败");
  return std::nullopt;
}

Cursor ReadTxn::cursor(Table table) const {
  auto made = std::make_unique<Cursor::Impl>();
  if (!impl_->failure) {
    if (const int code = mdb_cursor_open(impl_->txn, table.handle_, &made->cursor); code != 0) {
      made->cursor = nullptr;
      impl_->fail(code, "读取失败");
    } else {
      made->txn = impl_.get();
      impl_->cursors.push_back(made.get());
    }
  }
  return Cursor(std::move(made));
}

std::uint64_t ReadTxn::count(Table table) const {
  MDB_stat statistics{};
  if (impl_->failure) return 0;
  if (const int code = mdb_stat(impl_->txn, table.handle_, &statistics); code != 0) impl_->fail(code, "读取失败");
  return statistics.ms_entries;
}

Status ReadTxn::status() const {
  if (impl_->failure) return *impl_->failure;
  return {};
}

WriteTxn::WriteTxn(std::unique_ptr<Impl> impl) : ReadTxn(std::move(impl)) {}

void WriteTxn::put(Table table, BytesView key, BytesView value) {
  if (impl_->failure) return;
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  if (const int code = mdb_put(impl_->txn, table.handle_, &k, &v, 0); code != 0) impl_->fail(code, "写入失败");
}

void WriteTxn::append(Table table, BytesView key, BytesView value) {
  if (impl_->failure) return;
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  if (const int code = mdb_put(impl_->txn, table.handle_, &k, &v, MDB_APPEND); code != 0) {
    impl_->fail(code, code == MDB_KEYEXIST ? "追加的键不大于已有的键" : "写入失败");
  }
}

void WriteTxn::erase(Table table, BytesView key) {
  if (impl_->failure) return;
  MDB_val k = to_val(key);
  const int code = mdb_del(impl_->txn, table.handle_, &k, nullptr);
  if (code != 0 && code != MDB_NOTFOUND) impl_->fail(code, "删除失败");
}

void WriteTxn::clear(Table table) {
  if (impl_->failure) return;
  if (const int code = mdb_drop(impl_->txn, table.handle_, 0); code != 0) impl_->fail(code, "清空失败");
}

Status WriteTxn::commit() {
  impl_->close_cursors();
  MDB_txn* txn = std::exchange(impl_->txn, nullptr);
  if (impl_->failure) {
    if (txn != nullptr) mdb_txn_abort(txn);
    return *impl_->failure;
  }
  if (const int code = mdb_txn_commit(txn); code != 0) impl_->fail(code, "提交失败");
  return status();
}

Result<ReadTxn> Environment::read() const {
  auto impl = std::make_unique<ReadTxn::Impl>();
  impl->txn = impl_->readers.take();
  const int code =
      impl->txn != nullptr ? mdb_txn_renew(impl->txn) : mdb_txn_begin(impl_->env, nullptr, MDB_RDONLY, &impl->txn);
  if (code != 0) {
    if (impl->txn != nullptr) mdb_txn_abort(std::exchange(impl->txn, nullptr));
    return lmdb_error(code, "不能开始读取");
  }
  impl->pool = &impl_->readers;
  return ReadTxn(std::move(impl));
}

Result<WriteTxn> Environment::write() {
  auto impl = std::make_unique<ReadTxn::Impl>();
  if (const int code = mdb_txn_begin(impl_->env, nullptr, 0, &impl->txn); code != 0) {
    return lmdb_error(code, "不能开始写入");
  }
  return WriteTxn(std::move(impl));
}

// --- cursors --------------------------------------------------------------------------------------------------------

Cursor::Cursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

Cursor::Impl::~Impl() {
  if (txn == nullptr) return;
  mdb_cursor_close(cursor);
  std::erase(txn->cursors, this);
}

bool Cursor::Impl::move(MDB_cursor_op operation) {
  if (cursor == nullptr) return false;
  const int code = mdb_cursor_get(cursor, &key, &value, operation);
  // EINVAL: next() on a cursor that stands nowhere yet.
  if (code != 0 && code != MDB_NOTFOUND && code != EINVAL) txn->fail(code, "读取失败");
  return code == 0;
}

bool Cursor::first() { return impl_->move(MDB_FIRST); }
bool Cursor::last() { return impl_->move(MDB_LAST); }
bool Cursor::next() { return impl_->move(MDB_NEXT); }
bool Cursor::previous() { return impl_->move(MDB_PREV); }

bool Cursor::seek(BytesView at_least) {
  if (at_least.empty()) return first();  // LMDB takes no empty key
  impl_->key = to_val(at_least);
  return impl_->move(MDB_SET_RANGE);
}

BytesView Cursor::key() const { return to_view(impl_->key); }
BytesView Cursor::value() const { return to_view(impl_->value); }

}  // namespace chuanyu::storage
