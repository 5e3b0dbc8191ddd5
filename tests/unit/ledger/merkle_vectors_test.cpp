// The proof cases of transparency-dev/merkle (tests/data/merkle): other people's idea of right and wrong.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gateway/ledger/merkle.h"

namespace chuanyu::ledger {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> cases_in(const char* folder) {
  std::vector<fs::path> found;
  for (const auto& file :
       fs::recursive_directory_iterator(fs::path(CHUANYU_SOURCE_DIR) / "tests/data/merkle/testdata" / folder)) {
    if (file.path().extension() == ".json") found.push_back(file.path());
  }
  return found;
}

// A hash that is not 32 bytes is an error of the case, not a hash: nothing.
std::optional<Digest> hash_of(const nlohmann::json& base64) {
  const auto bytes = base64.is_null() ? std::optional<Bytes>{} : from_base64(base64.get<std::string>());
  if (!bytes || bytes->size() != 32) return std::nullopt;
  Digest digest{};
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

std::optional<Proof> proof_of(const nlohmann::json& list) {
  Proof proof;
  if (list.is_null()) return proof;
  for (const auto& item : list) {
    const auto hash = hash_of(item);
    if (!hash) return std::nullopt;
    proof.push_back(*hash);
  }
  return proof;
}

TEST(MerkleVectors, Inclusion) {
  const auto files = cases_in("inclusion");
  ASSERT_GT(files.size(), 50U);
  for (const auto& file : files) {
    const auto c = nlohmann::json::parse(std::ifstream(file));
    const auto root = hash_of(c["root"]);
    const auto leaf = hash_of(c["leafHash"]);
    const auto proof = proof_of(c["proof"]);
    const bool good =
        root && leaf && proof &&
        verify_inclusion(c["leafIdx"].get<std::uint64_t>(), c["treeSize"].get<std::uint64_t>(), *leaf, *proof, *root);
    EXPECT_EQ(good, !c["wantErr"].get<bool>()) << file;
  }
}

TEST(MerkleVectors, Consistency) {
  const auto files = cases_in("consistency");
  ASSERT_GT(files.size(), 50U);
  for (const auto& file : files) {
    const auto c = nlohmann::json::parse(std::ifstream(file));
    const auto root1 = hash_of(c["root1"]);
    const auto root2 = hash_of(c["root2"]);
    const auto proof = proof_of(c["proof"]);
    const bool good =
        root1 && root2 && proof &&
        verify_consistency(c["size1"].get<std::uint64_t>(), c["size2"].get<std::uint64_t>(), *root1, *root2, *proof);
    // The one case whose "roots" are not 32 bytes and yet equal: here a hash of another length is an error.
    if (file.filename() == "sizes-are-equal-one-and-proof-is-empty.json") {
      EXPECT_FALSE(root1.has_value());
      EXPECT_FALSE(good);
      continue;
    }
    EXPECT_EQ(good, !c["wantErr"].get<bool>()) << file;
  }
}

}  // namespace
}  // namespace chuanyu::ledger
