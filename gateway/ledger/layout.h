// gateway/ledger/layout.h: where things stand in the log's folder: tables, keys and the tree row.
//
//   DIR/log/    LMDB: entry, tile, tree, checkpoint       append only
//   DIR/keys/   LMDB: slot, named                         wrapped keys
//   DIR/blobs/  ab/abcd…: sealed bodies over 32 KiB, named by their SHA-256
//   DIR/state/  LMDB: the projection                      can be rebuilt
//
// The writer (journal) and the auditor's program read the same words here. FORMAT.md §4. Pure; threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/ledger/merkle.h"
#include "gateway/ledger/tiles.h"

namespace chuanyu::ledger::layout {

inline constexpr const char* kEntries = "entry";           // u64 index -> entry
inline constexpr const char* kTiles = "tile";              // u8 level ‖ u64 number -> hashes
inline constexpr const char* kTree = "tree";               // kTreeKey -> tree row; kSm3TreeKey
inline constexpr const char* kCheckpoints = "checkpoint";  // u64 size -> signed note; with more behind: below
inline constexpr const char* kSlots = "slot";              // u64 slot -> wrapped key
inline constexpr const char* kNamed = "named";             // name -> wrapped key: token, digest
inline constexpr BytesView kTreeKey = "tree";
inline constexpr BytesView kSm3TreeKey = "sm3";  // the second tree's row: SM profile only

inline std::vector<std::string> log_tables() { return {kEntries, kTiles, kTree, kCheckpoints}; }
inline std::vector<std::string> key_tables() { return {kSlots, kNamed}; }

Bytes number_key(std::uint64_t number);
// In the table of checkpoints a note stands under its size; behind it, under keys that begin with the same size, the
// cosignatures of witnesses and the second tree's note. The length of a key says which it is.
Bytes cosignature_key(std::uint64_t size, std::uint32_t key_id);
Bytes sm3_checkpoint_key(std::uint64_t size);
inline bool is_checkpoint_key(BytesView key) { return key.size() == 8; }
inline bool is_cosignature_key(BytesView key) { return key.size() == 12; }
inline bool is_sm3_checkpoint_key(BytesView key) { return key.size() == 11 && key.ends_with("sm3"); }
Bytes tile_key(const TileId& tile);

// Bodies whose sealed size is beyond this go to the blob folder.
constexpr std::size_t kMaxInlinePayload = std::size_t{32} << 10;
std::string blob_path(const std::string& folder, const Digest& sha256);  // FOLDER/blobs/ab/abcd…

// A tree at some size. That of the log itself is rewritten in the transaction that appends; the second tree follows.
template <typename Hash>
struct BasicTreeRow {
  std::string origin;
  BasicFrontier<Hash> frontier;
};
using TreeRow = BasicTreeRow<Sha256Hash>;
using Sm3TreeRow = BasicTreeRow<Sm3Hash>;
Bytes encode(const TreeRow& row);
Bytes encode_sm3(const Sm3TreeRow& row);
// LOG_VERSION, LOCAL_CORRUPT (also when its root is not its frontier's)
Result<TreeRow> decode_tree_row(BytesView row);
Result<Sm3TreeRow> decode_sm3_tree_row(BytesView row);

}  // namespace chuanyu::ledger::layout
