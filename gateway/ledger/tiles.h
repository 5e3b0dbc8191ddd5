// gateway/ledger/tiles.h: the tree's hashes cut into tiles, in the geometry of C2SP tlog-tiles.
//
// A full tile has 256 hashes. Tile (level, n) holds the hashes of the full subtrees of 256^level leaves from number
// n * 256 on; level 0 holds leaf hashes. Full tiles never change; the one at the right edge of each level grows.
// Pure, threads: plain values. Failure: node_reader() gives LOG_INCOMPLETE when a tile is missing or too short.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/ledger/merkle.h"

namespace chuanyu::ledger {

constexpr unsigned kTileWidth = 256;
constexpr unsigned kTileHeight = 8;
constexpr std::size_t kHashBytes = 32;

struct TileId {
  unsigned level = 0;
  std::uint64_t number = 0;
  auto operator<=>(const TileId&) const = default;
};

// How many hashes the tile has in a tree of `size` leaves: 0 when it does not exist yet, at most 256.
unsigned tile_width(const TileId& tile, std::uint64_t size);
// "tile/0/x001/234.p/56": the path of tlog-tiles; full tiles have no ".p/".
std::string tile_path(const TileId& tile, unsigned width);
// "tile/entries/x001/234.p/56": entries number * 256 on, each behind its length as a u16.
std::string bundle_path(std::uint64_t number, unsigned width);
std::string number_path(std::uint64_t number);          // "x001/234"
void append_to_bundle(Bytes& bundle, BytesView entry);  // at most 65 535 bytes, as every entry

// A path read back. Nothing for one that the functions above would not have written.
struct TilePath {
  TileId tile;  // of a bundle: the tile of level 0 with its leaf hashes
  unsigned width = 0;
};
std::optional<TilePath> parse_tile_path(std::string_view path);
std::optional<TilePath> parse_bundle_path(std::string_view path);
std::optional<std::uint64_t> parse_number_path(std::string_view path);

// A tile's hashes one after another; may have more than the width of the tree that is asked about.
using TileReader = std::function<Result<Bytes>(const TileId&)>;
NodeReader node_reader(TileReader tiles);

// Grows the tree and the tiles of its right edge together.
class TreeWriter {
 public:
  TreeWriter() = default;
  // Takes up a tree where it stands. The partial tiles come from `tiles`; the caller has checked the frontier.
  static Result<TreeWriter> resume(Frontier frontier, const TileReader& tiles);

  void append(const Digest& leaf);
  // Hands out every tile that changed since the last call: first those that became full, then the right edge.
  template <typename Put>
  void take_changed(Put&& put) {
    for (const auto& [tile, bytes] : full_) put(tile, BytesView(bytes));
    full_.clear();
    for (unsigned level = 0; level < edge_.size(); ++level) {
      if (!edge_[level].changed) continue;
      put(TileId{level, edge_[level].number}, BytesView(edge_[level].bytes));
      edge_[level].changed = false;
    }
  }

  std::uint64_t size() const { return frontier_.size(); }
  Digest root() const { return frontier_.root(); }
  const Frontier& frontier() const { return frontier_; }

 private:
  struct Edge {
    std::uint64_t number = 0;
    Bytes bytes;
    bool changed = false;
  };
  void add(unsigned level, const Digest& hash);

  Frontier frontier_;
  std::vector<Edge> edge_;  // by level
  std::vector<std::pair<TileId, Bytes>> full_;
};

}  // namespace chuanyu::ledger
