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
inline constexpr const char* kTree = "tree";               // kTreeKey -> tree row
inline constexpr const char* kCheckpoints = "checkpoint";  // u64 size -> signed note; ‖ u32 key id -> cosignature
inline constexpr const char* kSlots = "slot";              // u64 slot -> wrapped key
inline constexpr const char* kNamed = "named";             // name -> wrapped key: token, digest
inline constexpr BytesView kTreeKey = "tree";

inline std::vector<std::string> log_tables() { return {kEntries, kTiles, kTree, kCheckpoints}; }
inline std::vector<std::string> key_tables() { return {kSlots, kNamed}; }

Bytes number_key(std::uint64_t number);
// In the table of checkpoints a note stands under its size, the cosignatures of witnesses behind it.
Bytes cosignature_key(std::uint64_t size, std::uint32_t key_id);
constexpr std::size_t kCosignatureKeyBytes = 12;
inline bool is_checkpoint_key(BytesView key) { return key.size() == 8; }
Bytes tile_key(const TileId& tile);

// Bodies whose sealed size is beyond this go to the blob folder.
constexpr std::size_t kMaxInlinePayload = std::size_t{32} << 10;
std::string blob_path(const std::string& folder, const Digest& sha256);  // FOLDER/blobs/ab/abcd…

// The log as a whole after its last entry; rewritten in the transaction that appends.
struct TreeRow {
  std::string origin;
  Frontier frontier;
};
Bytes encode(const TreeRow& row);
Result<TreeRow> decode_tree_row(
    BytesView row);  // LOG_VERSION, LOCAL_CORRUPT (also when its root is not its frontier's)

}  // namespace chuanyu::ledger::layout
