#include "gateway/ledger/layout.h"

#include <algorithm>
#include <bit>

namespace chuanyu::ledger::layout {
namespace {

constexpr char kTreeVersion = '\x01';
constexpr std::size_t kSizeAt = 1;
constexpr std::size_t kRootAt = 9;
constexpr std::size_t kNodesAt = 41;

template <typename Hash>
Bytes encode_row(const BasicTreeRow<Hash>& row) {
  Bytes out(1, kTreeVersion);
  append_u64(out, row.frontier.size());
  out += crypto::view(row.frontier.root());
  for (const Digest& node : row.frontier.nodes()) out += crypto::view(node);
  out += row.origin;
  return out;
}

template <typename Hash>
Result<BasicTreeRow<Hash>> decode_row(BytesView row) {
  if (row.empty() || row[0] != kTreeVersion) return error(Code::LOG_VERSION, "未知的日志格式版本");
  if (row.size() < kNodesAt) return error(Code::LOCAL_CORRUPT, "树行不完整");
  const std::uint64_t size = read_u64(row.substr(kSizeAt));
  const auto count = static_cast<std::size_t>(std::popcount(size));
  if (row.size() < kNodesAt + count * kHashBytes) return error(Code::LOCAL_CORRUPT, "树行不完整");
  std::vector<Digest> nodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const BytesView hash = row.substr(kNodesAt + i * kHashBytes, kHashBytes);
    std::copy(hash.begin(), hash.end(), nodes[i].begin());
  }
  BasicTreeRow<Hash> made{std::string(row.substr(kNodesAt + count * kHashBytes)),
                          *BasicFrontier<Hash>::from(size, std::move(nodes))};
  if (crypto::view(made.frontier.root()) != row.substr(kRootAt, kHashBytes)) {
    return error(Code::LOCAL_CORRUPT, "树行的根哈希与前沿不符");
  }
  return made;
}

}  // namespace

Bytes number_key(std::uint64_t number) {
  Bytes key;
  append_u64(key, number);
  return key;
}

Bytes cosignature_key(std::uint64_t size, std::uint32_t key_id) {
  Bytes key = number_key(size);
  append_u32(key, key_id);
  return key;
}

Bytes sm3_checkpoint_key(std::uint64_t size) { return number_key(size) + "sm3"; }

Bytes tile_key(const TileId& tile) {
  Bytes key(1, static_cast<char>(tile.level));
  append_u64(key, tile.number);
  return key;
}

std::string blob_path(const std::string& folder, const Digest& sha256) {
  const std::string name = to_hex(crypto::view(sha256));
  return folder + "/blobs/" + name.substr(0, 2) + "/" + name;
}

Bytes encode(const TreeRow& row) { return encode_row(row); }
Bytes encode_sm3(const Sm3TreeRow& row) { return encode_row(row); }
Result<TreeRow> decode_tree_row(BytesView row) { return decode_row<Sha256Hash>(row); }
Result<Sm3TreeRow> decode_sm3_tree_row(BytesView row) { return decode_row<Sm3Hash>(row); }

}  // namespace chuanyu::ledger::layout
