// A log's folder written entry by entry, right or wrong as the test wants it: no journal in between.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gateway/crypto/signature.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/layout.h"
#include "gateway/storage/environment.h"

namespace chuanyu::audit {

namespace layout = ledger::layout;

class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/chuanyu-audit-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct RawLog {
  explicit RawLog(std::string gateway_in)
      : gateway(std::move(gateway_in)), origin("chuanyu/" + gateway + "/1"), key(crypto::SigningKey::generate()) {
    ledger::Entry opening;
    opening.kind = ledger::EntryKind::shard_open;
    opening.exchange = id;
    add(opening);
  }

  // The index of the entry.
  std::uint64_t add(ledger::Entry entry) {
    entry.gateway = gateway;
    if (entry.time == 0) entry.time = 1'795'302'633'000'000 + static_cast<TimeUs>(entries.size());
    entries.push_back(ledger::encode(entry));
    return entries.size() - 1;
  }
  crypto::Digest leaf(std::uint64_t index) const { return ledger::leaf_hash(entries[index]); }

  // Checkpoints at the given sizes and at the end.
  void write(const std::string& folder, std::vector<std::uint64_t> checkpoints = {}) const {
    checkpoints.push_back(entries.size());
    change(folder, [&](storage::Environment& env, storage::WriteTxn& txn) {
      ledger::TreeWriter tree;
      for (std::uint64_t i = 0; i < entries.size(); ++i) {
        txn.append(env.table("entry"), layout::number_key(i), entries[i]);
        tree.append(leaf(i));
        if (std::find(checkpoints.begin(), checkpoints.end(), i + 1) == checkpoints.end()) continue;
        txn.put(env.table("checkpoint"), layout::number_key(i + 1),
                ledger::sign_checkpoint({origin, i + 1, tree.root(), {}}, key));
      }
      tree.take_changed([&](const ledger::TileId& tile, BytesView bytes) {
        txn.put(env.table("tile"), layout::tile_key(tile), bytes);
      });
      txn.put(env.table("tree"), layout::kTreeKey, layout::encode({origin, tree.frontier()}));
    });
  }

  template <typename Change>
  static void change(const std::string& folder, Change&& how) {
    storage::Options options;
    options.folder = folder + "/log";
    options.tables = layout::log_tables();
    auto env = storage::Environment::open(options).value();
    auto txn = env->write().value();
    how(*env, txn);
    ASSERT_TRUE(txn.commit().ok());
  }

  static void flip(const std::string& folder, const char* table, const Bytes& row_key, std::size_t place) {
    change(folder, [&](storage::Environment& env, storage::WriteTxn& txn) {
      Bytes row(*txn.get(env.table(table), row_key));
      row[place % row.size()] ^= 1;
      txn.put(env.table(table), row_key, row);
    });
  }

  std::string gateway;
  std::string origin;
  crypto::SigningKey key;
  Uuid id = Uuid::make(1'795'302'633'000'000);
  std::vector<Bytes> entries;
};

inline ledger::Entry entry_of(ledger::EntryKind kind, Uuid exchange = Uuid::make(1'795'302'633'000'000)) {
  ledger::Entry entry;
  entry.kind = kind;
  entry.exchange = exchange;
  entry.from = "11510000008282717J";
  entry.to = "11500000009275908N";
  entry.what = "case";
  return entry;
}

}  // namespace chuanyu::audit
