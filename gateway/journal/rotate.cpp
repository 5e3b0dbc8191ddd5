#include "gateway/journal/rotate.h"

#include <filesystem>

#include "gateway/ledger/layout.h"
#include "gateway/ledger/payload.h"
#include "gateway/storage/durable_folder.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {
namespace {

namespace fs = std::filesystem;
namespace layout = ledger::layout;

constexpr std::uint64_t kKeysPerTxn = 10'000;

struct Folders {
  explicit Folders(const std::string& given)
      : data(given),
        keys(given + "/keys"),
        next(given + "/keys.next"),
        old(given + "/keys.old"),
        state(given + "/state") {}
  std::string data, keys, next, old, state;
};

Status moved(const std::string& from, const std::string& to) {
  std::error_code failed;
  fs::rename(from, to, failed);
  if (failed) return error(Code::LOCAL_IO, "不能改名：" + failed.message(), from);
  return {};
}

Status removed(const std::string& folder) {
  std::error_code failed;
  fs::remove_all(folder, failed);
  if (failed) return error(Code::LOCAL_IO, "不能删除：" + failed.message(), folder);
  return {};
}

Result<std::unique_ptr<storage::Environment>> open_keys(const std::string& folder) {
  storage::Options options;
  options.folder = folder;
  options.tables = layout::key_tables();
  return storage::Environment::open(options);
}

class Copy {
 public:
  Copy(const Rotation& rotation, storage::Environment& from, storage::Environment& to)
      : rotation_(rotation), from_(from), to_(to) {}

  Status table(const char* name, const std::function<std::string(BytesView key)>& name_of) {
    CHUANYU_TRY(const auto all, from_.read());
    const std::uint64_t rows = all.count(from_.table(name));
    auto cursor = all.cursor(from_.table(name));
    bool more = cursor.first();
    std::uint64_t done = 0;
    while (more) {
      CHUANYU_TRY(auto txn, to_.write());
      for (std::uint64_t i = 0; more && i < kKeysPerTxn; ++i, ++done, more = cursor.next()) {
        const std::string place = name_of(cursor.key());
        CHUANYU_TRY(const Secret key, ledger::unwrap_key(rotation_.old_key, place, cursor.value()));
        txn.append(to_.table(name), cursor.key(), ledger::wrap_key(rotation_.new_key, rotation_.new_epoch, place, key));
      }
      CHUANYU_CHECK(txn.commit());
      if (rotation_.progress) rotation_.progress(done, rows);
    }
    copied_ = done;
    return all.status();
  }
  std::uint64_t copied() const { return copied_; }

 private:
  const Rotation& rotation_;
  storage::Environment& from_;
  storage::Environment& to_;
  std::uint64_t copied_ = 0;
};

Result<std::uint64_t> write_anew(const Rotation& rotation, const Folders& folders) {
  CHUANYU_TRY(const auto from, open_keys(folders.keys));
  CHUANYU_TRY(const auto to, open_keys(folders.next));
  Copy copy(rotation, *from, *to);
  CHUANYU_CHECK(copy.table(layout::kNamed, [](BytesView key) { return std::string(key); }));
  CHUANYU_CHECK(copy.table(layout::kSlots, [](BytesView key) { return ledger::slot_name(read_u64(key)); }));
  return copy.copied();
}

}  // namespace

Status settle_rotation(const std::string& folder) {
  const Folders folders(folder);
  if (!fs::exists(folders.keys) && fs::exists(folders.old)) CHUANYU_CHECK(moved(folders.old, folders.keys));
  CHUANYU_CHECK(removed(folders.old));
  return removed(folders.next);
}

Result<std::uint64_t> rotate_keys(const Rotation& rotation) {
  const Folders folders(rotation.folder);
  CHUANYU_CHECK(settle_rotation(rotation.folder));
  if (!fs::exists(folders.keys)) return error(Code::LOCAL_IO, "数据目录中没有 keys/", rotation.folder);
  CHUANYU_TRY(const std::uint64_t slots, write_anew(rotation, folders));
  CHUANYU_CHECK(removed(folders.state));
  CHUANYU_CHECK(moved(folders.keys, folders.old));
  CHUANYU_CHECK(moved(folders.next, folders.keys));
  CHUANYU_CHECK(storage::flush_names(folders.data));
  CHUANYU_CHECK(removed(folders.old));
  CHUANYU_CHECK(storage::flush_names(folders.data));
  return slots;
}

}  // namespace chuanyu::journal
