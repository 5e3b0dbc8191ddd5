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

TEST(Tiles, PathsAreReadBackAsTheyAreWritten) {
  for (const std::uint64_t number : {0ULL, 7ULL, 999ULL, 1'000ULL, 1'234'067ULL, 1'000'000'000ULL}) {
    for (const unsigned width : {1U, 17U, 255U, 256U}) {
      const auto tile = parse_tile_path(tile_path({3, number}, width));
      ASSERT_TRUE(tile) << tile_path({3, number}, width);
      EXPECT_EQ(tile->tile, (TileId{3, number}));
      EXPECT_EQ(tile->width, width);
      const auto bundle = parse_bundle_path(bundle_path(number, width));
      ASSERT_TRUE(bundle) << bundle_path(number, width);
      EXPECT_EQ(bundle->tile, (TileId{0, number}));
      EXPECT_EQ(bundle->width, width);
    }
  }
}

TEST(Tiles, OtherPathsAreNone) {
  for (const char* behind : {"",          "0",
                             "00",        "0000",
                             "x000/001",  "001/234",
                             "x01/234",   "x001",
                             "x001/",     "x001//234",
                             "-01",       "+01",
                             "001.p/0",   "001.p/256",
                             "001.p/01",  "001.p/",
                             "001.p",     "001.p/1.p/1",
                             "001/",      "/001",
                             "001 ",      "x999/x999/x999/x999/x999/x999/x999/999",
                             "x001/x234", "../001"}) {
    EXPECT_FALSE(parse_tile_path(std::string("tile/0/") + behind)) << behind;
    EXPECT_FALSE(parse_bundle_path(std::string("tile/entries/") + behind)) << behind;
  }
  for (const char* path :
       {"tile/entries/000", "tile/64/000", "tile/00/000", "tile/000", "tile/-1/000", "tiles/0/000", "0/000"}) {
    EXPECT_FALSE(parse_tile_path(path)) << path;
  }
  EXPECT_FALSE(parse_bundle_path("tile/0/000"));
}

TEST(Tiles, ABundleHasEachEntryBehindItsLength) {
  Bytes bundle;
  append_to_bundle(bundle, "ab");
  append_to_bundle(bundle, std::string(258, 'c'));
  EXPECT_EQ(bundle.substr(0, 6), BytesView("\0\2ab\1\2", 6));
  EXPECT_EQ(bundle.size(), 4U + 2U + 258U);
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
