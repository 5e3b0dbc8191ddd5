#include "gateway/storage/environment.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>

#include "gateway/storage/durable_folder.h"
#include "gateway/storage/lmdb_internal.h"

namespace chuanyu::storage {
namespace {

constexpr unsigned kMaxReaders = 1022;
constexpr mdb_mode_t kFileMode = 0600;

#ifdef _GLIBCXX_TSAN  // the build takes the compiler's own macro away (deploy/cmake/chuanyu.cmake)
constexpr std::uint64_t kMaxMapBytes = std::uint64_t{8} << 30;  // ThreadSanitizer leaves little address space
#else
constexpr std::uint64_t kMaxMapBytes = std::uint64_t{1} << 46;
#endif

// The folders that this process has open. LMDB forbids a second opening in one process: closing one of the two would
// drop the fcntl locks of the other.
class OpenFolders {
 public:
  static bool add(const std::string& folder) {
    const std::lock_guard guard(mutex());
    return folders().insert(folder).second;
  }
  static void remove(const std::string& folder) {
    const std::lock_guard guard(mutex());
    folders().erase(folder);
  }

 private:
  static std::mutex& mutex() {
    static std::mutex made;
    return made;
  }
  static std::set<std::string>& folders() {
    static auto* const kMade = new std::set<std::string>;
    return *kMade;
  }
};

unsigned flags_of(const Options& options) {
  unsigned flags = MDB_NOTLS;  // a read transaction belongs to its object, not to its thread
  if (options.durability == Durability::lazy) flags |= MDB_NOSYNC;
  if (options.read_only) flags |= MDB_RDONLY;
  return flags;
}

int open_tables(MDB_env* env, const Options& options, std::map<std::string, unsigned>& tables) {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(env, nullptr, options.read_only ? MDB_RDONLY : 0, &txn); code != 0) return code;
  for (const std::string& name : options.tables) {
    MDB_dbi handle = 0;
    if (const int code = mdb_dbi_open(txn, name.c_str(), options.read_only ? 0 : MDB_CREATE, &handle); code != 0) {
      mdb_txn_abort(txn);
      return code;
    }
    tables[name] = handle;
  }
  return mdb_txn_commit(txn);
}

// A power cut while LMDB makes its file leaves one that it cannot open. So the file gets its name when it is whole.
Status make_file(const Options& options) {
  const std::string path = options.folder + "/data.mdb";
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) return {};
  const std::string unfinished = path + ".new";
  std::filesystem::remove(unfinished, failed);
  MDB_env* env = nullptr;
  std::map<std::string, unsigned> tables;
  int code = mdb_env_create(&env);
  if (code == 0) code = mdb_env_set_maxdbs(env, static_cast<MDB_dbi>(options.tables.size() + 1));
  if (code == 0) code = mdb_env_open(env, unfinished.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, kFileMode);
  if (code == 0) code = open_tables(env, options, tables);
  if (code == 0) code = mdb_env_sync(env, 1);
  if (env != nullptr) mdb_env_close(env);
  if (code == 0 && ::rename(unfinished.c_str(), path.c_str()) != 0) code = errno;
  if (code != 0) {
    Error found = lmdb_error(code, "不能创建数据文件");
    found.where = options.folder;
    return found;
  }
  return {};
}

}  // namespace

Error lmdb_error(int code, std::string_view what) {
  std::string detail = std::string(what) + "：" + mdb_strerror(code);
  switch (code) {
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return error(Code::LOCAL_DISK_FULL, std::move(detail));
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_NOTFOUND:  // only where something must be there; a missing key is no error
    case MDB_PANIC: return error(Code::LOCAL_CORRUPT, std::move(detail));
    default: return error(Code::LOCAL_IO, std::move(detail));
  }
}

MDB_txn* ReaderPool::take() {
  const std::lock_guard guard(mutex_);
  if (idle_.empty()) return nullptr;
  MDB_txn* txn = idle_.back();
  idle_.pop_back();
  return txn;
}

void ReaderPool::give(MDB_txn* txn) {
  const std::lock_guard guard(mutex_);
  idle_.push_back(txn);
}

void ReaderPool::clear() {
  const std::lock_guard guard(mutex_);
  for (MDB_txn* txn : idle_) mdb_txn_abort(txn);
  idle_.clear();
}

Environment::Impl::~Impl() {
  readers.clear();
  if (env != nullptr) mdb_env_close(env);
  if (!registered.empty()) OpenFolders::remove(registered);
}

Environment::Environment(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Environment::~Environment() = default;

Result<std::unique_ptr<Environment>> Environment::open(const Options& options) {
  if (!options.read_only) CHUANYU_CHECK(make_durable_folder(options.folder));
  auto impl = std::make_unique<Impl>();

  std::error_code failed;
  const std::string canonical = std::filesystem::canonical(options.folder, failed).string();
  if (failed) return error(Code::LOCAL_IO, "不能打开目录：" + failed.message(), options.folder);
  if (!OpenFolders::add(canonical)) return error(Code::LOCAL_IN_USE, "本进程已打开该数据目录", options.folder);
  impl->registered = canonical;
  if (!options.read_only) {
    CHUANYU_TRY(impl->lock, LockFile::acquire(options.folder + "/writer.lock"));
    CHUANYU_CHECK(make_file(options));
    // Also what an earlier process made and did not live to flush.
    CHUANYU_CHECK(flush_names(options.folder));
    CHUANYU_CHECK(flush_names(options.folder + "/.."));
  }

  const auto start = [&](unsigned extra_flags) -> int {
    if (impl->env != nullptr) mdb_env_close(impl->env);
    impl->env = nullptr;
    if (const int code = mdb_env_create(&impl->env); code != 0) return code;
    mdb_env_set_maxdbs(impl->env, static_cast<MDB_dbi>(options.tables.size() + 1));
    mdb_env_set_maxreaders(impl->env, kMaxReaders);
    mdb_env_set_mapsize(impl->env, std::min(options.map_bytes, kMaxMapBytes));
    return mdb_env_open(impl->env, options.folder.c_str(), flags_of(options) | extra_flags, kFileMode);
  };
  int code = start(0);
  // An auditor's copy may stand on a medium that takes no lock file; nobody can be writing there.
  if (options.read_only && (code == EACCES || code == EROFS || code == EPERM)) code = start(MDB_NOLOCK);
  if (code != 0) {
    Error found = lmdb_error(code, "不能打开数据文件");
    found.where = options.folder;
    return found;
  }
  int dead = 0;
  mdb_reader_check(impl->env, &dead);
  if (code = open_tables(impl->env, options, impl->tables); code != 0) {
    Error found = lmdb_error(code, "不能打开数据表");
    found.where = options.folder;
    return found;
  }
  return std::unique_ptr<Environment>(new Environment(std::move(impl)));
}

Table Environment::table(const std::string& name) const {
  const auto found = impl_->tables.find(name);
  if (found == impl_->tables.end()) {
    std::fprintf(stderr, "storage: table \"%s\" was not named when the environment was opened\n", name.c_str());
    std::abort();
  }
  return Table(found->second);
}

Status Environment::flush() {
  if (const int code = mdb_env_sync(impl_->env, 1); code != 0) return lmdb_error(code, "不能刷写数据文件");
  return {};
}

std::uint64_t Environment::used_bytes() const {
  MDB_envinfo environment{};
  MDB_stat statistics{};
  mdb_env_info(impl_->env, &environment);
  mdb_env_stat(impl_->env, &statistics);
  return (environment.me_last_pgno + 1) * statistics.ms_psize;
}

std::uint64_t Environment::reader_lag() const {
  MDB_envinfo about{};
  if (mdb_env_info(impl_->env, &about) != 0) return 0;
  struct Oldest {
    std::size_t txn;
  } oldest{about.me_last_txnid};
  // A line a reader: "pid thread txnid", or "-" for one that reads nothing now.
  const auto take = [](const char* line, void* context) -> int {
    unsigned long pid = 0;
    unsigned long thread = 0;
    std::size_t txn = 0;
    if (std::sscanf(line, "%lu %lx %zu", &pid, &thread, &txn) == 3) {
      std::size_t& least = static_cast<Oldest*>(context)->txn;
      least = std::min(least, txn);
    }
    return 0;
  };
  mdb_reader_list(impl_->env, take, &oldest);
  return about.me_last_txnid - oldest.txn;
}

int Environment::check_readers() {
  int dead = 0;
  mdb_reader_check(impl_->env, &dead);
  return dead;
}

}  // namespace chuanyu::storage
