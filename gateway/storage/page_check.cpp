#include "gateway/storage/page_check.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>

#include "gateway/storage/lmdb_internal.h"

namespace chuanyu::storage {
namespace {

// The layout of LMDB 0.9 on a 64-bit little-endian machine, as its mdb.c declares it.
struct PageHeader {
  std::uint64_t number;
  std::uint16_t unused;
  std::uint16_t flags;
  std::uint16_t lower;  // in an overflow page the two are one number: how many pages
  std::uint16_t upper;
};
struct Tree {
  std::uint32_t page_size;  // in the first tree of a meta page
  std::uint16_t flags;
  std::uint16_t depth;
  std::uint64_t branch_pages;
  std::uint64_t leaf_pages;
  std::uint64_t overflow_pages;
  std::uint64_t entries;
  std::uint64_t root;
};
struct Meta {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t address;
  std::uint64_t map_size;
  Tree free;
  Tree main;
  std::uint64_t last_page;
  std::uint64_t transaction;
};
struct NodeHeader {
  std::uint16_t low;
  std::uint16_t high;
  std::uint16_t flags;
  std::uint16_t key_size;
};
static_assert(sizeof(PageHeader) == 16 && sizeof(Tree) == 48 && sizeof(Meta) == 136 && sizeof(NodeHeader) == 8);

constexpr std::uint16_t kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMeta = 0x08;
constexpr std::uint16_t kBigData = 0x01, kSubTree = 0x02;
constexpr std::uint16_t kIntegerKeys = 0x08;
constexpr std::uint16_t kNoFolder = 0x4000;  // stays in the free list's flags: how the file was made, without meaning
constexpr std::uint16_t kDeepest = 32;
constexpr std::uint64_t kFirstPage = 2;  // after the two meta pages
constexpr std::uint64_t kNoRoot = ~std::uint64_t{0};
constexpr std::uint64_t kNeverWritten = 1
                                        << 20;  // at most so many pages at the end may be free and not in the file yet
constexpr int kTries = 1000;                    // against a writer that overwrites a meta page while it is read

template <typename T>
T read_as(BytesView bytes, std::size_t at = 0) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Error damaged(const char* what, std::uint64_t page) {
  return error(Code::LOCAL_CORRUPT, std::string("数据文件的页结构被破坏：") + what, "page#" + std::to_string(page));
}

Error cut_short() { return error(Code::LOG_INCOMPLETE, "数据文件比其内容短（副本被截断）"); }

class PageCheck {
 public:
  PageCheck(BytesView file, const Meta& meta)
      : file_(file), page_size_(meta.free.page_size), meta_(meta), seen_(meta.last_page + 1, false) {}

  Status run() {
    CHUANYU_CHECK(
        walk(meta_.free, kIntegerKeys, [this](BytesView, BytesView pages, bool) { return take_free(pages); }));
    std::vector<Tree> tables;
    CHUANYU_CHECK(walk(meta_.main, 0, [&](BytesView, BytesView value, bool sub_tree) -> Status {
      if (!sub_tree || value.size() != sizeof(Tree)) return damaged("目录中有不是数据表的内容", meta_.main.root);
      tables.push_back(read_as<Tree>(value));
      return {};
    }));
    for (const Tree& table : tables) {
      CHUANYU_CHECK(walk(table, 0, [&](BytesView, BytesView, bool sub_tree) -> Status {
        return sub_tree ? Status(damaged("数据表中另有数据表", table.root)) : Status{};
      }));
    }
    const auto lost = std::find(seen_.begin() + kFirstPage, seen_.end(), false);
    if (lost != seen_.end()) {
      return damaged("有一页既不属于数据表也不空闲", static_cast<std::uint64_t>(lost - seen_.begin()));
    }
    return {};
  }

  // A commit frees what it replaces under its own number: the highest number on the free list is the commit's.
  Result<bool> freed_by_itself() {
    if (meta_.transaction <= 1) return true;
    std::uint64_t newest = 0;
    CHUANYU_CHECK(walk(meta_.free, kIntegerKeys, [&](BytesView key, BytesView, bool) -> Status {
      newest = key.size() == sizeof newest ? read_as<std::uint64_t>(key) : 0;
      return {};
    }));
    return newest == meta_.transaction;
  }

 private:
  using OnNode = std::function<Status(BytesView key, BytesView value, bool sub_tree)>;
  struct Walk {
    const Tree& tree;
    const OnNode& on_node;
    bool integer_keys;
    Tree counted{};
    BytesView last_key{};  // keys ascend over all leaves
    bool any = false;
  };

  Status walk(const Tree& tree, std::uint16_t flags, const OnNode& on_node) {
    if ((tree.flags & ~(flags == kIntegerKeys ? kNoFolder : 0)) != flags) return damaged("数据表的标志不对", tree.root);
    if (tree.root == kNoRoot) {
      return tree.depth == 0 && tree.entries == 0 ? Status{} : Status(damaged("数据表没有根", 0));
    }
    if (tree.depth == 0 || tree.depth > kDeepest) return damaged("数据表的层数不对", tree.root);
    Walk walk{tree, on_node, flags == kIntegerKeys, {}, {}, false};
    CHUANYU_CHECK(this->page(walk, tree.root, tree.depth, {}, {}));
    const Tree& counted = walk.counted;
    if (counted.branch_pages != tree.branch_pages || counted.leaf_pages != tree.leaf_pages ||
        counted.overflow_pages != tree.overflow_pages || counted.entries != tree.entries) {
      return damaged("数据表的页数或条数与所记不符", tree.root);
    }
    return {};
  }

  Status take(std::uint64_t number, std::uint64_t count) {
    if (number < kFirstPage || number > meta_.last_page || count > meta_.last_page - number + 1) {
      return damaged("指向不存在的页", number);
    }
    for (std::uint64_t page = number; page < number + count; ++page) {
      if (seen_[page]) return damaged("一页被用了两次", page);
      seen_[page] = true;
    }
    return {};
  }

  Status take_free(BytesView pages) {
    const std::uint64_t count = pages.size() < 8 ? 0 : read_as<std::uint64_t>(pages);
    if (pages.size() / 8 != count + 1) return damaged("空闲页的清单不完整", meta_.free.root);
    for (std::uint64_t i = 1; i <= count; ++i) CHUANYU_CHECK(take(read_as<std::uint64_t>(pages, i * 8), 1));
    return {};
  }

  // The pages' bytes, now taken for a table.
  Result<BytesView> use(std::uint64_t number, std::uint64_t count) {
    CHUANYU_CHECK(take(number, count));
    if (file_.size() / page_size_ < number + count) return cut_short();
    return file_.substr(number * page_size_, count * page_size_);
  }

  // The page with all that hangs on it; its keys lie in [low, high), where empty is no bound.
  Status page(Walk& walk, std::uint64_t number, std::uint16_t levels, BytesView low, BytesView high) {
    CHUANYU_TRY(const BytesView bytes, use(number, 1));
    const auto header = read_as<PageHeader>(bytes);
    const bool leaf = levels == 1;
    if (header.number != number || header.flags != (leaf ? kLeaf : kBranch)) return damaged("页头不对", number);
    if (header.lower <= sizeof header || header.lower > header.upper || header.upper > page_size_ ||
        header.lower % 2 != 0) {
      return damaged("页内的界不对", number);
    }
    ++(leaf ? walk.counted.leaf_pages : walk.counted.branch_pages);
    std::vector<std::uint16_t> places((header.lower - sizeof header) / 2);
    std::memcpy(places.data(), bytes.data() + sizeof header, places.size() * 2);
    std::size_t used = 0;
    for (const std::uint16_t place : places) {
      if (place < header.upper || place + sizeof(NodeHeader) > page_size_) return damaged("节点在页外", number);
      const std::size_t size = node_size(bytes, place, leaf);
      if (place + size > page_size_) return damaged("节点超出页", number);
      used += size + size % 2;
    }
    if (used != page_size_ - header.upper) return damaged("节点重叠或有空隙", number);
    return leaf ? leaf_nodes(walk, bytes, number, places, low, high)
                : children(walk, bytes, number, places, levels, low, high);
  }

  static std::size_t node_size(BytesView page, std::size_t place, bool leaf) {
    const auto node = read_as<NodeHeader>(page, place);
    if (!leaf) return sizeof node + node.key_size;
    const std::size_t value = node.low | std::size_t{node.high} << 16;
    return sizeof node + node.key_size + ((node.flags & kBigData) != 0 ? sizeof(std::uint64_t) : value);
  }
  static BytesView key_at(BytesView page, std::size_t place) {
    return page.substr(place + sizeof(NodeHeader), read_as<NodeHeader>(page, place).key_size);
  }
  static bool less(const Walk& walk, BytesView a, BytesView b) {
    if (walk.integer_keys && a.size() == 8 && b.size() == 8) {
      return read_as<std::uint64_t>(a) < read_as<std::uint64_t>(b);
    }
    return a < b;
  }

  Status children(Walk& walk, BytesView bytes, std::uint64_t number, const std::vector<std::uint16_t>& places,
                  std::uint16_t levels, BytesView low, BytesView high) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto node = read_as<NodeHeader>(bytes, places[i]);
      const std::uint64_t child = node.low | std::uint64_t{node.high} << 16 | std::uint64_t{node.flags} << 32;
      const BytesView from = i == 0 ? low : key_at(bytes, places[i]);
      const BytesView to = i + 1 == places.size() ? high : key_at(bytes, places[i + 1]);
      if (!to.empty() && !less(walk, from, to)) return damaged("分支的键次序不对", number);
      CHUANYU_CHECK(page(walk, child, static_cast<std::uint16_t>(levels - 1), from, to));
    }
    return {};
  }

  Status leaf_nodes(Walk& walk, BytesView bytes, std::uint64_t number, const std::vector<std::uint16_t>& places,
                    BytesView low, BytesView high) {
    for (const std::uint16_t place : places) {
      const auto node = read_as<NodeHeader>(bytes, place);
      const BytesView key = key_at(bytes, place);
      if ((walk.any && !less(walk, walk.last_key, key)) || (!low.empty() && less(walk, key, low)) ||
          (!high.empty() && !less(walk, key, high))) {
        return damaged("键的次序不对", number);
      }
      walk.last_key = key;
      walk.any = true;
      ++walk.counted.entries;
      if ((node.flags & ~(kBigData | kSubTree)) != 0) return damaged("节点的标志不对", number);
      const std::size_t size = node.low | std::size_t{node.high} << 16;
      const std::size_t at = place + sizeof node + node.key_size;
      BytesView value = bytes.substr(at, size);
      if ((node.flags & kBigData) != 0) {
        CHUANYU_TRY(value, overflow(walk, read_as<std::uint64_t>(bytes, at), size));
      }
      CHUANYU_CHECK(walk.on_node(key, value, (node.flags & kSubTree) != 0));
    }
    return {};
  }

  Result<BytesView> overflow(Walk& walk, std::uint64_t number, std::size_t size) {
    const std::uint64_t count = (sizeof(PageHeader) + size + page_size_ - 1) / page_size_;
    CHUANYU_TRY(const BytesView bytes, use(number, count));
    const auto header = read_as<PageHeader>(bytes);
    const std::uint64_t pages = header.lower | std::uint64_t{header.upper} << 16;
    if (header.number != number || header.flags != kOverflow || pages != count) return damaged("页头不对", number);
    walk.counted.overflow_pages += count;
    return bytes.substr(sizeof header, size);
  }

  const BytesView file_;
  const std::size_t page_size_;
  const Meta meta_;
  std::vector<bool> seen_;
};

class Map {
 public:
  static Result<Map> of(int descriptor) {
    struct stat found {};
    if (::fstat(descriptor, &found) != 0) return error(Code::LOCAL_IO, std::strerror(errno));
    const auto size = static_cast<std::size_t>(found.st_size);
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (start == MAP_FAILED) return error(Code::LOCAL_IO, std::strerror(errno));
    ::madvise(start, size, MADV_SEQUENTIAL);  // it is only faster: a log's pages were written in the order of its keys
    return Map(static_cast<const char*>(start), size);
  }
  Map(Map&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Map& operator=(Map&&) = delete;
  ~Map() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  BytesView bytes() const { return bytes_; }

 private:
  Map(const char* start, std::size_t size) : bytes_(start, size) {}
  BytesView bytes_;
};

// The meta page of the transaction that a reader sees, and the one before it.
struct Metas {
  Meta mine;
  std::optional<Meta> before;
};

// Nothing when a writer has overwritten the page since.
Result<std::optional<Metas>> metas_of(BytesView file, std::size_t page_size, std::uint64_t transaction) {
  if (file.size() < kFirstPage * page_size) return cut_short();
  Meta metas[2];
  for (const std::size_t i : {0U, 1U}) {
    const auto header = read_as<PageHeader>(file, i * page_size);
    metas[i] = read_as<Meta>(file, i * page_size + sizeof header);
    if (header.number != i || header.flags != kMeta || metas[i].free.page_size != page_size)
      return damaged("页头不对", i);
  }
  const Meta& mine = metas[transaction % 2];
  const Meta& other = metas[1 - transaction % 2];
  if (mine.transaction != transaction) return std::optional<Metas>{};
  for (const std::size_t i : {0U, 1U}) {
    if (metas[i].last_page > file.size() / page_size + kNeverWritten) return damaged("页数不对", i);
  }
  if (other.transaction == transaction + 1) return std::optional(Metas{mine, {}});  // a writer is at work
  if (other.transaction + 1 == transaction) return std::optional(Metas{mine, other});
  return damaged("两个首页的次序不对", 1 - transaction % 2);
}

Status check_numbers(BytesView file, const Metas& metas) {
  CHUANYU_TRY(const bool mine, PageCheck(file, metas.mine).freed_by_itself());
  if (!mine) return damaged("首页的序号与其内容不符", metas.mine.transaction % 2);
  if (!metas.before) return {};
  if (const auto before = PageCheck(file, *metas.before).freed_by_itself(); before.ok() && *before) return {};
  // LMDB leaves it so when the last write of a commit failed; a number that was set back looks the same.
  return error(Code::LOG_INCOMPLETE, "最后一次提交没有完成，或被改回到它之前：请在网关重新启动之后再取一份",
               "page#" + std::to_string(metas.before->transaction % 2));
}

// While it lives no page that it sees is written again.
struct Reader {
  MDB_txn* txn = nullptr;
  ~Reader() {
    if (txn != nullptr) mdb_txn_abort(txn);
  }
};

Status check(MDB_env* env) {
  MDB_stat statistics{};
  mdb_env_stat(env, &statistics);
  mdb_filehandle_t descriptor{};
  mdb_env_get_fd(env, &descriptor);
  for (int tried = 0; tried < kTries; ++tried) {
    Reader reader;
    if (const int code = mdb_txn_begin(env, nullptr, MDB_RDONLY, &reader.txn); code != 0) {
      return lmdb_error(code, "不能开始读取");
    }
    CHUANYU_TRY(const Map map, Map::of(descriptor));
    CHUANYU_TRY(const auto metas, metas_of(map.bytes(), statistics.ms_psize, mdb_txn_id(reader.txn)));
    if (!metas) continue;
    CHUANYU_CHECK(check_numbers(map.bytes(), *metas));
    return PageCheck(map.bytes(), metas->mine).run();
  }
  return damaged("没有与所读相符的首页", 0);
}

// LMDB computes with the page size of the file before it looks at anything else.
Status check_page_size(const std::string& folder) {
  std::ifstream file(folder + "/data.mdb", std::ios::binary);
  if (!file) return {};  // LMDB says why
  constexpr std::size_t kSmallest = 512, kLargest = 65'536;
  constexpr std::size_t kStart = sizeof(PageHeader) + sizeof(Meta);
  const auto page_size_at = [&](std::uint64_t offset) -> std::optional<std::size_t> {
    char bytes[kStart];
    file.seekg(static_cast<std::streamoff>(offset));
    if (!file.read(bytes, sizeof bytes)) return std::nullopt;
    return read_as<Meta>(BytesView(bytes, sizeof bytes), sizeof(PageHeader)).free.page_size;
  };
  const auto size = page_size_at(0);
  if (!size) return {};  // too short for anything
  const bool sound = std::has_single_bit(*size) && *size >= kSmallest && *size <= kLargest;
  return sound && page_size_at(*size) == size ? Status{} : Status(damaged("页的大小不对", 0));
}

}  // namespace

Status check_pages(const std::string& folder) {
  CHUANYU_CHECK(check_page_size(folder));
  const auto open = [&](MDB_env*& env, unsigned flags) {
    if (const int code = mdb_env_create(&env); code != 0) return code;
    return mdb_env_open(env, folder.c_str(), MDB_RDONLY | MDB_NOTLS | flags, 0600);
  };
  MDB_env* env = nullptr;
  int code = open(env, 0);
  if (code == EACCES || code == EROFS || code == EPERM) {
    mdb_env_close(env);
    code = open(env, MDB_NOLOCK);
  }
  Status status = code == 0 ? check(env) : Status(lmdb_error(code, "不能打开数据文件"));
  if (env != nullptr) mdb_env_close(env);
  if (!status.ok() && status.error().where.empty()) {
    Error found = status.error();
    found.where = folder;
    return found;
  }
  return status;
}

}  // namespace chuanyu::storage
