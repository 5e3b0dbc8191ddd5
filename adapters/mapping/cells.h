// adapters/mapping/cells.h: a record taken apart into cells: one per field of the plan, native or canonical alike.
//
// A record is a block of cells (a "scope", slot 0 is its root); each item of a list is a block of its own, chained from
// the list's cell. Texts are views into the input or the arena; nothing is allocated per record once the vectors grew.
// Threads: a Workspace belongs to one thread; workspace() gives the calling thread's own.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters {

// What one record may hold, so that a small record cannot make much memory: items of one list, entries of ext.
inline constexpr std::uint32_t kMostItems = 10'000;
inline constexpr std::size_t kMostExtras = 1'000;
inline constexpr std::size_t kMostNotes = 64;

// kept: on the way back into an old record, what stands there may stay.
enum class Is : std::uint8_t { absent, null, text, number, boolean, present, list, kept };

// Bytes of the record's UTF-8 text: a JSON value, an XML element or attribute value, a CSV cell with its quotes.
struct Span {
  std::uint32_t begin;
  std::uint32_t end;
};

struct Cell {
  const char* data = nullptr;  // text and number lexemes
  union {
    std::int64_t number = 0;  // canonical numbers and booleans; first cell of a printed item: see aligned()
    Span span;                // native cells that were read
  };
  std::uint32_t size = 0;   // of data; of a list: how many items
  std::uint32_t first = 0;  // list: block of the first item
  std::uint32_t last = 0;   // list: block of the last item
  std::uint32_t next = 0;   // slot 0 of an item: block of the next item
  Is is = Is::absent;

  std::string_view text() const { return {data, size}; }
  bool nothing() const { return is == Is::absent || is == Is::null || is == Is::kept || (is == Is::text && size == 0); }
  void set_text(std::string_view value) {
    data = value.data();
    size = static_cast<std::uint32_t>(value.size());
    is = Is::text;
  }
  void set_number(std::int64_t value, Is what = Is::number) {
    number = value;
    is = what;
  }
};

class Cells {
 public:
  void clear() {
    cells_.clear();
    if (cells_.capacity() > kKept) std::vector<Cell>().swap(cells_);
  }
  // A new block of absent cells. Invalidates references to cells (not their indices).
  std::uint32_t block(std::uint32_t slots) {
    const auto base = static_cast<std::uint32_t>(cells_.size());
    cells_.resize(cells_.size() + slots);
    return base;
  }
  // A new item at the end of the list in cell `list`.
  std::uint32_t item(std::uint32_t list, std::uint32_t slots) {
    const auto base = block(slots);
    Cell& head = cells_[list];
    if (head.is == Is::list && head.size > 0)
      cells_[head.last].next = base;
    else
      head.first = base;
    head.is = Is::list;
    head.last = base;
    ++head.size;
    return base;
  }
  // The blocks of a list's items in their order; none when the cell is no list.
  std::vector<std::uint32_t> items(const Cell& list) const {
    std::vector<std::uint32_t> blocks;
    if (list.is != Is::list) return blocks;
    blocks.reserve(list.size);
    std::uint32_t at = list.first;
    for (std::uint32_t i = 0; i < list.size; ++i, at = cells_[at].next) blocks.push_back(at);
    return blocks;
  }
  Cell& operator[](std::uint32_t at) { return cells_[at]; }
  const Cell& operator[](std::uint32_t at) const { return cells_[at]; }

 private:
  static constexpr std::size_t kKept = 16'384;  // cells; a record that needed more gives them back
  std::vector<Cell> cells_;
};

// Text that lives until the next record.
class Arena {
 public:
  char* take(std::size_t size) {
    if (used_ + size > size_) grow(size);
    char* at = chunk_ + used_;
    used_ += size;
    return at;
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return "";
    char* at = take(text.size());
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }
  void reset() {
    if (chunks_.size() > 1) chunks_.resize(1);
    used_ = 0;
    size_ = chunks_.empty() ? 0 : kChunk;
    chunk_ = chunks_.empty() ? nullptr : chunks_.front().get();
  }

 private:
  static constexpr std::size_t kChunk = 32 * 1024;
  void grow(std::size_t at_least) {
    const std::size_t size = chunks_.empty() && at_least <= kChunk ? kChunk : at_least + kChunk;
    if (chunks_.empty() && size != kChunk) chunks_.push_back(std::make_unique<char[]>(kChunk));
    chunks_.push_back(std::make_unique<char[]>(size));
    chunk_ = chunks_.back().get();
    size_ = size;
    used_ = 0;
  }
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* chunk_ = nullptr;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
};

// Native text without a canonical place, or a canonical ext entry on its way back.
struct Extra {
  std::string path;  // JSON pointer form, indices filled in: /当事人列表/当事人/0/备注
  std::string_view text;
  bool used = false;
  bool unknown = false;   // read from a field that no rule names; otherwise the original of a normalised value
  bool outdated = false;  // the original of a value that is another one now: not written back
};

// Everything one conversion works with; kept per thread so that its memory is used again.
struct Workspace {
  Cells native;
  Cells canonical;
  Arena arena;
  Bytes utf8;                 // the native record in UTF-8, or the printed one before it is encoded
  std::vector<Extra> extras;  // of this profile
  std::vector<std::pair<std::string_view, std::string_view>> foreign;  // canonical ext entries of other profiles
  std::vector<std::uint32_t> index;  // positions in the lists around the present field, outermost first
  std::vector<Note> notes;
  Error failure;

  void begin() {
    native.clear();
    canonical.clear();
    arena.reset();
    utf8.clear();
    if (utf8.capacity() > (std::size_t{1} << 20)) Bytes().swap(utf8);
    extras.clear();
    foreign.clear();
    index.clear();
    notes.clear();
  }
  // Sets the failure and returns false, so that a caller can `return ws.fail(...)`.
  bool fail(Code code, std::string detail, std::string where) {
    failure = error(code, std::move(detail), std::move(where));
    return false;
  }
};

Workspace& workspace();
// A second one, for a conversion that works with two records at once.
Workspace& other_workspace();

}  // namespace chuanyu::adapters
