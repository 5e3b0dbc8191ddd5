#include "gateway/ledger/entry.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace chuanyu::ledger {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kLastTag = 36;

// Every field with its tag, in tag order: the one list that encoding, measuring and decoding follow.
// Values are on disk: never renumber, never reuse. FORMAT.md has the table.
template <typename E, typename Visitor>
void for_each_field(E& e, Visitor&& visit) {
  visit(1, e.kind);
  visit(2, e.time);
  visit(3, e.exchange);
  visit(4, e.gateway);
  visit(5, e.from);
  visit(6, e.to);
  visit(7, e.principal);
  visit(8, e.what);
  visit(9, e.matter);
  visit(10, e.basis);
  visit(11, e.grant);
  visit(12, e.allowed);
  visit(13, e.rule);
  visit(14, e.policy);
  visit(15, e.directory);
  visit(16, e.mapping_in.id);
  visit(17, e.mapping_in.version);
  visit(18, e.mapping_in.fingerprint);
  visit(19, e.mapping_out.id);
  visit(20, e.mapping_out.version);
  visit(21, e.mapping_out.fingerprint);
  visit(22, e.native_in);
  visit(23, e.canonical);
  visit(24, e.native_out);
  visit(25, e.result);
  visit(26, e.count);
  visit(27, e.peer);
  visit(28, e.stream);
  visit(29, e.receipt);
  visit(30, e.slot);
  visit(31, e.key_epoch);
  visit(32, e.payload);
  visit(33, e.blob);
  visit(34, e.blob_bytes);
  visit(35, e.content);
  visit(36, e.peer_log);
}

constexpr std::size_t varint_bytes(std::size_t value) {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 5;
}

template <typename Integer>
constexpr std::size_t integer_bytes(Integer value) {
  std::size_t count = 0;
  for (; value != 0; value >>= 8) ++count;
  return count;
}

// The length of a field's value; 0: the field is absent.
std::size_t value_bytes(EntryKind) { return 1; }
std::size_t value_bytes(TimeUs time) { return time == 0 ? 0 : 8; }
std::size_t value_bytes(const Uuid& id) { return id.is_nil() ? 0 : 16; }
std::size_t value_bytes(const std::string& text) { return text.size(); }
std::size_t value_bytes(const crypto::Digest& digest) {
  std::array<std::uint64_t, 4> words;  // asked for every digest of every entry: comparing bytes would show
  static_assert(sizeof words == std::tuple_size_v<crypto::Digest>);
  std::memcpy(words.data(), digest.data(), sizeof words);
  return (words[0] | words[1] | words[2] | words[3]) == 0 ? 0 : digest.size();
}
std::size_t value_bytes(bool flag) { return flag ? 1 : 0; }
std::size_t value_bytes(std::uint32_t value) { return integer_bytes(value); }
std::size_t value_bytes(std::uint64_t value) { return integer_bytes(value); }

struct Measure {
  std::size_t bytes = 1;
  template <typename T>
  void operator()(std::uint8_t, const T& field) {
    if (const std::size_t size = value_bytes(field); size > 0) bytes += 1 + varint_bytes(size) + size;
  }
};

struct Writer {
  Bytes& out;

  template <typename T>
  void operator()(std::uint8_t tag, const T& field) {
    const std::size_t size = value_bytes(field);
    if (size == 0) return;
    out.push_back(static_cast<char>(tag));
    for (std::size_t rest = size;; rest >>= 7) {
      if (rest < 0x80) {
        out.push_back(static_cast<char>(rest));
        break;
      }
      out.push_back(static_cast<char>((rest & 0x7F) | 0x80));
    }
    write(field, size);
  }

  void write(EntryKind kind, std::size_t) { out.push_back(static_cast<char>(kind)); }
  void write(TimeUs time, std::size_t) { append_u64(out, static_cast<std::uint64_t>(time)); }
  void write(const Uuid& id, std::size_t) { out.append(id.bytes()); }
  void write(const std::string& text, std::size_t) { out.append(text); }
  void write(const crypto::Digest& digest, std::size_t) { out.append(crypto::view(digest)); }
  void write(bool, std::size_t) { out.push_back('\x01'); }
  void write(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
  }
  void write(std::uint32_t value, std::size_t size) { write(std::uint64_t{value}, size); }
};

struct Reader {
  BytesView bytes;
  std::size_t at = 1;    // behind the version
  std::uint8_t tag = 0;  // of the field that stands at `at`; 0: the entry is over
  BytesView value;       // its value
  std::optional<Error> failure;

  void fail(Code code, const std::string& detail) {
    if (!failure) failure = error(code, "第 " + std::to_string(at) + " 字节：" + detail);
  }

  // Reads the tag and the length of the next field; what was there before has been taken.
  void advance() {
    const std::uint8_t before = tag;
    tag = 0;
    if (failure || at == bytes.size()) return;
    const auto next = static_cast<std::uint8_t>(bytes[at]);
    if (next <= before) return fail(Code::LOG_ENTRY_INVALID, "字段未按次序");
    if (next > kLastTag) return fail(Code::LOG_VERSION, "未知字段 " + std::to_string(next));
    std::size_t size = 0;
    std::size_t place = at + 1;
    for (unsigned shift = 0;; shift += 7) {
      if (place == bytes.size() || shift > 14) return fail(Code::LOG_ENTRY_INVALID, "长度有误");
      const auto byte = static_cast<std::uint8_t>(bytes[place++]);
      size |= std::size_t{byte & 0x7FU} << shift;
      if (byte >= 0x80) continue;
      if (byte == 0) return fail(Code::LOG_ENTRY_INVALID, "长度为零或不是最短写法");
      break;
    }
    if (size > bytes.size() - place) return fail(Code::LOG_ENTRY_INVALID, "字段不完整");
    tag = next;
    value = bytes.substr(place, size);
    at = place + size;
  }

  template <typename T>
  void operator()(std::uint8_t wanted, T& field) {
    if (failure) return;
    if (tag != wanted) return clear(field);
    if (!read(field)) return fail(Code::LOG_ENTRY_INVALID, "字段 " + std::to_string(wanted) + " 的值有误");
    advance();
  }

  // An absent field. A text keeps its memory: the entry may be read into again.
  static void clear(std::string& text) { text.clear(); }
  template <typename T>
  static void clear(T& field) {
    field = T{};
  }

  bool read(EntryKind& kind) {
    kind = static_cast<EntryKind>(value[0]);
    if (value.size() == 1 && to_string(kind).empty()) fail(Code::LOG_VERSION, "未知的条目种类");
    return value.size() == 1;
  }
  bool read(TimeUs& time) {
    if (value.size() != 8) return false;
    time = static_cast<TimeUs>(read_u64(value));
    return time != 0;
  }
  bool read(Uuid& id) {
    const auto parsed = Uuid::from_bytes(value);
    if (parsed) id = *parsed;
    return parsed && !id.is_nil();
  }
  bool read(std::string& text) { return text.assign(value), true; }
  bool read(crypto::Digest& digest) {
    if (value.size() != digest.size()) return false;
    std::copy(value.begin(), value.end(), digest.begin());
    return digest != crypto::Digest{};
  }
  bool read(bool& flag) { return flag = true, value == "\x01"; }
  template <typename Integer>
  bool read(Integer& number) {
    if (value.size() > sizeof(Integer) || value[0] == '\0') return false;
    number = 0;
    for (const char byte : value) number = (number << 8) | static_cast<std::uint8_t>(byte);
    return true;
  }
};

}  // namespace

std::string_view to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::published: return "published";
    case EntryKind::accepted: return "accepted";
    case EntryKind::queried: return "queried";
    case EntryKind::received: return "received";
    case EntryKind::answered: return "answered";
    case EntryKind::deferred: return "deferred";
    case EntryKind::delivered: return "delivered";
    case EntryKind::refused: return "refused";
    case EntryKind::acknowledged: return "acknowledged";
    case EntryKind::expired: return "expired";
    case EntryKind::denied: return "denied";
    case EntryKind::failed: return "failed";
    case EntryKind::recalled: return "recalled";
    case EntryKind::corrected: return "corrected";
    case EntryKind::key: return "key";
    case EntryKind::policy: return "policy";
    case EntryKind::mapping: return "mapping";
    case EntryKind::directory: return "directory";
    case EntryKind::erasure: return "erasure";
    case EntryKind::peer_checkpoint: return "peer_checkpoint";
    case EntryKind::anchor: return "anchor";
    case EntryKind::shard_open: return "shard_open";
    case EntryKind::shard_close: return "shard_close";
    case EntryKind::recovery: return "recovery";
    case EntryKind::admin: return "admin";
  }
  return {};
}

std::size_t encoded_bytes(const Entry& entry) {
  Measure measure;
  for_each_field(entry, measure);
  return measure.bytes;
}

Bytes encode(const Entry& entry) {
  const std::size_t size = encoded_bytes(entry);
  if (size > kMaxEntryBytes) {
    std::fprintf(stderr, "ledger: an entry of %zu bytes is over the limit\n", size);
    std::abort();
  }
  Bytes out;
  out.reserve(size);
  out.push_back(static_cast<char>(kVersion));
  for_each_field(entry, Writer{out});
  return out;
}

Result<Entry> decode(BytesView bytes) {
  Entry entry;
  CHUANYU_CHECK(decode(bytes, entry));
  return entry;
}

std::optional<EntryKind> kind_of(BytesView bytes) {
  constexpr std::size_t kAt = 3;  // behind version, tag and length
  if (bytes.size() <= kAt) return std::nullopt;
  return static_cast<EntryKind>(static_cast<std::uint8_t>(bytes[kAt]));
}

Status decode(BytesView bytes, Entry& entry) {
  if (bytes.empty() || bytes.size() > kMaxEntryBytes) {
    return error(Code::LOG_ENTRY_INVALID, "条目长度有误：" + std::to_string(bytes.size()) + " 字节");
  }
  if (static_cast<std::uint8_t>(bytes[0]) != kVersion) {
    return error(Code::LOG_VERSION, "条目版本 " + std::to_string(static_cast<std::uint8_t>(bytes[0])));
  }
  Reader reader{bytes, 1, 0, {}, {}};
  reader.advance();
  if (reader.tag != 1) reader.fail(Code::LOG_ENTRY_INVALID, "缺少条目种类");
  for_each_field(entry, reader);
  if (reader.failure) return *reader.failure;
  return {};
}

}  // namespace chuanyu::ledger
