#include "gateway/ledger/tiles.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace chuanyu::ledger {
namespace {

Digest hash_at(BytesView tile, std::size_t place) {
  Digest hash{};
  const BytesView bytes = tile.substr(place * kHashBytes, kHashBytes);
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

// The root over 2^height hashes of a tile.
Digest reduce(BytesView tile, std::size_t first, unsigned height) {
  std::vector<Digest> hashes;
  hashes.reserve(std::size_t{1} << height);
  for (std::size_t i = 0; i < std::size_t{1} << height; ++i) hashes.push_back(hash_at(tile, first + i));
  for (; hashes.size() > 1; hashes.resize(hashes.size() / 2)) {
    for (std::size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
  }
  return hashes.front();
}

constexpr std::string_view kEntries = "tile/entries/";
constexpr std::string_view kPartial = ".p/";

std::string partial(unsigned width) {
  return width < kTileWidth ? std::string(kPartial) + std::to_string(width) : std::string();
}

std::optional<unsigned> small_number(std::string_view digits) {
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// "x001/234" or "x001/234.p/56"
std::optional<TilePath> parse_behind_level(unsigned level, std::string_view rest) {
  TilePath made{{level, 0}, kTileWidth};
  if (const std::size_t cut = rest.find(kPartial); cut != std::string_view::npos) {
    const auto width = small_number(rest.substr(cut + kPartial.size()));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    made.width = *width;
    rest = rest.substr(0, cut);
  }
  const auto number = parse_number_path(rest);
  if (!number) return std::nullopt;
  made.tile.number = *number;
  return made;
}

}  // namespace

unsigned tile_width(const TileId& tile, std::uint64_t size) {
  const unsigned shift = tile.level * kTileHeight;
  const std::uint64_t hashes = shift < 64 ? size >> shift : 0;
  const std::uint64_t before = tile.number * kTileWidth;
  return hashes <= before ? 0 : static_cast<unsigned>(std::min<std::uint64_t>(hashes - before, kTileWidth));
}

std::string number_path(std::uint64_t number) {
  const auto three = [](std::uint64_t value) {
    const std::string digits = std::to_string(value % 1000);
    return std::string(3 - digits.size(), '0') + digits;
  };
  std::string path = three(number);
  for (std::uint64_t rest = number / 1000; rest > 0; rest /= 1000) {
    path.insert(0, "x/");
    path.insert(1, three(rest));
  }
  return path;
}

std::string tile_path(const TileId& tile, unsigned width) {
  return "tile/" + std::to_string(tile.level) + "/" + number_path(tile.number) + partial(width);
}

std::string bundle_path(std::uint64_t number, unsigned width) {
  return std::string(kEntries) + number_path(number) + partial(width);
}

void append_to_bundle(Bytes& bundle, BytesView entry) {
  bundle.push_back(static_cast<char>(entry.size() >> 8));
  bundle.push_back(static_cast<char>(entry.size() & 0xFF));
  bundle.append(entry);
}

std::optional<std::uint64_t> parse_number_path(std::string_view path) {
  std::uint64_t number = 0;
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    std::string_view group = rest.substr(0, end);
    if (group.starts_with('x')) group.remove_prefix(1);
    const auto three = small_number(group);
    if (!three || *three > 999 || number > std::numeric_limits<std::uint64_t>::max() / 10'000) return std::nullopt;
    number = number * 1000 + *three;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return number_path(number) == path ? std::optional(number) : std::nullopt;
}

std::optional<TilePath> parse_tile_path(std::string_view path) {
  constexpr std::string_view kBefore = "tile/";
  if (!path.starts_with(kBefore)) return std::nullopt;
  const std::string_view behind = path.substr(kBefore.size());
  const std::size_t slash = std::min(behind.find('/'), behind.size());
  const auto level = small_number(behind.substr(0, slash));
  if (!level || *level > 63 || slash == behind.size()) return std::nullopt;
  const auto made = parse_behind_level(*level, behind.substr(slash + 1));
  return made && tile_path(made->tile, made->width) == path ? made : std::nullopt;
}

std::optional<TilePath> parse_bundle_path(std::string_view path) {
  if (!path.starts_with(kEntries)) return std::nullopt;
  const auto made = parse_behind_level(0, path.substr(kEntries.size()));
  return made && bundle_path(made->tile.number, made->width) == path ? made : std::nullopt;
}

NodeReader node_reader(TileReader tiles) {
  return [tiles = std::move(tiles)](unsigned level, std::uint64_t index) -> Result<Digest> {
    const unsigned height = level % kTileHeight;
    const std::uint64_t first = index << height;  // in hashes of the tile's level
    const TileId tile{level / kTileHeight, first / kTileWidth};
    CHUANYU_TRY(const Bytes bytes, tiles(tile));
    const std::size_t place = first % kTileWidth;
    if (bytes.size() < (place + (std::size_t{1} << height)) * kHashBytes) {
      return error(Code::LOG_INCOMPLETE, "哈希块不完整", tile_path(tile, kTileWidth));
    }
    return reduce(bytes, place, height);
  };
}

Result<TreeWriter> TreeWriter::resume(Frontier frontier, const TileReader& tiles) {
  TreeWriter made;
  const std::uint64_t size = frontier.size();
  for (unsigned level = 0; (size >> (level * kTileHeight)) > 0; ++level) {
    const std::uint64_t hashes = size >> (level * kTileHeight);
    Edge edge;
    edge.number = hashes / kTileWidth;
    if (const std::size_t wanted = hashes % kTileWidth * kHashBytes; wanted > 0) {
      CHUANYU_TRY(edge.bytes, tiles(TileId{level, edge.number}));
      if (edge.bytes.size() < wanted) {
        return error(Code::LOG_INCOMPLETE, "哈希块不完整", tile_path({level, edge.number}, kTileWidth));
      }
      edge.bytes.resize(wanted);
    }
    made.edge_.push_back(std::move(edge));
    if (level == 7) break;
  }
  made.frontier_ = std::move(frontier);
  return made;
}

void TreeWriter::append(const Digest& leaf) {
  add(0, leaf);
  frontier_.append(leaf, [this](unsigned level, const Digest& hash) {
    if (level % kTileHeight == 0) add(level / kTileHeight, hash);
  });
}

void TreeWriter::add(unsigned level, const Digest& hash) {
  if (level == edge_.size()) edge_.emplace_back();
  Edge& edge = edge_[level];
  edge.bytes.append(crypto::view(hash));
  edge.changed = true;
  if (edge.bytes.size() == kTileWidth * kHashBytes) {
    full_.emplace_back(TileId{level, edge.number}, std::exchange(edge.bytes, {}));
    ++edge.number;
    edge.changed = false;
  }
}

}  // namespace chuanyu::ledger
