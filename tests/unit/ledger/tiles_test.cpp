#include "gateway/ledger/tiles.h"

#include <gtest/gtest.h>

#include <map>

namespace chuanyu::ledger {
namespace {

// Tiles in memory, as the log keeps them on disk.
struct Store {
  std::map<TileId, Bytes> tiles;

  void take(TreeWriter& writer) {
    writer.take_changed([this](const TileId& tile, BytesView bytes) { tiles[tile] = Bytes(bytes); });
  }
  TileReader reader() const {
    return [this](const TileId& tile) -> Result<Bytes> {
      const auto found = tiles.find(tile);
      if (found == tiles.end()) return error(Code::LOG_INCOMPLETE, "no such tile");
      return found->second;
    };
  }
};

Digest leaf(std::uint64_t number) { return leaf_hash("leaf " + std::to_string(number)); }

TEST(Tiles, WidthsFollowTheSize) {
  EXPECT_EQ(tile_width({0, 0}, 0), 0U);
  EXPECT_EQ(tile_width({0, 0}, 1), 1U);
  EXPECT_EQ(tile_width({0, 0}, 256), 256U);
  EXPECT_EQ(tile_width({0, 1}, 256), 0U);
  EXPECT_EQ(tile_width({0, 1}, 257), 1U);
  EXPECT_EQ(tile_width({1, 0}, 255), 0U);
  EXPECT_EQ(tile_width({1, 0}, 70'000), 256U);
  EXPECT_EQ(tile_width({1, 1}, 70'000), 17U);
  EXPECT_EQ(tile_width({2, 0}, 70'000), 1U);
  EXPECT_EQ(tile_width({9, 0}, ~std::uint64_t{0}), 0U);
}

// The examples of the C2SP tlog-tiles specification.
TEST(Tiles, Paths) {
  EXPECT_EQ(tile_path({0, 0}, 256), "tile/0/000");
  EXPECT_EQ(tile_path({0, 1'234'067}, 256), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({1, 1}, 17), "tile/1/001.p/17");
}

TEST(Tiles, TheTreeReadFromTilesIsTheTreeThatWasWritten) {
  TreeWriter writer;
  Store store;
  std::map<std::uint64_t, Digest> roots;
  constexpr std::uint64_t kSize = 66'500;  // three levels
  for (std::uint64_t size = 1; size <= kSize; ++size) {
    writer.append(leaf(size - 1));
    if (size % 97 == 0 || size == kSize || size == 65'536) {
      store.take(writer);
      roots[size] = writer.root();
    }
  }
  // Every earlier size can be read from today's tiles.
  for (const auto& [size, root] : roots) ASSERT_EQ(read_root(size, node_reader(store.reader())).value(), root) << size;
  for (const auto& [tile, bytes] : store.tiles) EXPECT_EQ(bytes.size(), tile_width(tile, kSize) * kHashBytes);
  EXPECT_EQ(store.tiles.size(), 260U + 2U + 1U);

  const NodeReader nodes = node_reader(store.reader());
  for (const std::uint64_t index : {0ULL, 255ULL, 256ULL, 65'535ULL, 65'536ULL, 66'499ULL}) {
    const Proof proof = inclusion_proof(index, kSize, nodes).value();
    EXPECT_TRUE(verify_inclusion(index, kSize, leaf(index), proof, writer.root()));
  }
}

TEST(Tiles, AWriterGoesOnWhereAnotherStopped) {
  for (const std::uint64_t stop : {0, 1, 5, 255, 256, 257, 511, 512, 65'535, 65'536, 65'537}) {
    TreeWriter straight;
    TreeWriter first;
    Store store;
    for (std::uint64_t i = 0; i < stop; ++i) {
      straight.append(leaf(i));
      first.append(leaf(i));
    }
    first.take_changed([&](const TileId& tile, BytesView bytes) { store.tiles[tile] = Bytes(bytes); });
    TreeWriter second = TreeWriter::resume(first.frontier(), store.reader()).value();
    Store expected = store;
    straight.take_changed([](const TileId&, BytesView) {});
    for (std::uint64_t i = stop; i < stop + 300; ++i) {
      straight.append(leaf(i));
      second.append(leaf(i));
    }
    store.take(second);
    expected.take(straight);
    EXPECT_EQ(store.tiles, expected.tiles) << stop;
    EXPECT_EQ(second.root(), straight.root());
  }
}

TEST(Tiles, AMissingOrShortTileIsNamed) {
  TreeWriter writer;
  Store store;
  for (std::uint64_t i = 0; i < 300; ++i) writer.append(leaf(i));
  store.take(writer);
  store.tiles[{0, 1}].resize(32 * 10);
  const auto root = read_root(300, node_reader(store.reader()));
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.error().code, Code::LOG_INCOMPLETE);
  EXPECT_EQ(root.error().where, "tile/0/001");
  EXPECT_FALSE(TreeWriter::resume(writer.frontier(), store.reader()).ok());
}

}  // namespace
}  // namespace chuanyu::ledger
