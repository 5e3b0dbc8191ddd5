// chuanyu-audit export: what stands in the folder, that it grows, that it reads as the log does, that it refuses.
#include <fstream>
#include <iterator>

#include "gateway/audit/export.h"
#include "gateway/audit/verify.h"
#include "gateway/ledger/tiles.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

namespace fs = std::filesystem;
using ledger::EntryKind;

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ExportTest : public testing::Test {
 protected:
  // The log with entries up to `size`, in a folder of its own.
  std::string log_of(std::uint64_t size) {
    while (log_.entries.size() < size) {
      ledger::Entry entry = entry_of(EntryKind::published);
      entry.count = static_cast<std::uint32_t>(log_.entries.size());
      log_.add(entry);
    }
    const std::string folder = temporary_ / "log" + std::to_string(folders_++);
    log_.write(folder, {size / 2, size});
    return folder;
  }
  Result<ExportReport> export_it(const std::string& folder, ExportOptions options = {}) {
    if (options.keys.empty()) options.keys = log_.key.verify_key();
    return export_log(*LogReader::open(folder).value(), out_, options);
  }
  LogReport verified(const std::string& folder) {
    return verify(*LogReader::open(folder).value(), log_.key.verify_key(), {});
  }
  Code refused(const std::string& folder) {
    const auto report = export_it(folder);
    return report.ok() ? Code::LOCAL_INTERNAL : report.error().code;
  }

  TempFolder temporary_;
  RawLog log_{"sc"};
  int folders_ = 0;
  const std::string out_ = temporary_ / "out";
};

TEST_F(ExportTest, PathsAndBundlesAreThoseOfTlogTiles) {
  const auto report = export_it(log_of(600));
  ASSERT_TRUE(report.ok()) << report.error().to_text();
  EXPECT_EQ(report->size, 600u);
  for (const char* path : {"tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000",
                           "tile/entries/001", "tile/entries/002.p/88", "checkpoints/000", "checkpoint"}) {
    EXPECT_TRUE(fs::is_regular_file(out_ + "/" + path)) << path;
  }
  const std::string bundle = file(out_ + "/tile/entries/002.p/88");
  const std::size_t length = static_cast<unsigned char>(bundle[0]) << 8 | static_cast<unsigned char>(bundle[1]);
  EXPECT_EQ(bundle.substr(2, length), log_.entries[512]);
  EXPECT_EQ(file(out_ + "/tile/0/001").substr(0, 32), crypto::view(log_.leaf(256)));
  EXPECT_TRUE(file(out_ + "/checkpoint").starts_with(log_.origin + "\n600\n"));
}

TEST_F(ExportTest, TheExportedFolderVerifiesAsTheLogDoes) {
  const std::string folder = log_of(600);
  ASSERT_TRUE(export_it(folder).ok());
  const LogReport report = verified(out_);
  EXPECT_TRUE(report.findings.empty()) << report.findings.listed[0].to_text();
  EXPECT_EQ(report.size, 600u);
  EXPECT_EQ(report.root, verified(folder).root);
  EXPECT_EQ(report.checkpoints, 2u);
}

TEST_F(ExportTest, RunAgainItWritesOnlyWhatIsNew) {
  ASSERT_TRUE(export_it(log_of(600)).ok());
  const auto full = fs::last_write_time(out_ + "/tile/entries/001");
  const auto again = export_it(log_of(600));
  ASSERT_TRUE(again.ok()) << again.error().to_text();
  EXPECT_EQ(again->files, 0u);

  const auto more = export_it(log_of(3'000));
  ASSERT_TRUE(more.ok()) << more.error().to_text();
  EXPECT_EQ(more->before, 600u);
  EXPECT_EQ(fs::last_write_time(out_ + "/tile/entries/001"), full);
  EXPECT_FALSE(fs::exists(out_ + "/tile/0/002.p")) << "a full tile stands in its place";
  EXPECT_FALSE(fs::exists(out_ + "/tile/1/000.p/2"));
  EXPECT_TRUE(fs::exists(out_ + "/tile/1/000.p/11"));
  const LogReport report = verified(out_);
  EXPECT_TRUE(report.findings.empty()) << report.findings.listed[0].to_text();
  EXPECT_EQ(report.size, 3'000u);
  EXPECT_EQ(report.checkpoints, 2u) << "those of the log as it is now";
}

TEST_F(ExportTest, AnInterruptedExportIsTakenUp) {
  ASSERT_TRUE(export_it(log_of(600)).ok());
  fs::remove(out_ + "/checkpoint");  // written last
  EXPECT_EQ(LogReader::open(out_).error().code, Code::LOG_INCOMPLETE);
  ASSERT_TRUE(export_it(log_of(600)).ok());
  EXPECT_TRUE(verified(out_).findings.empty());
}

TEST_F(ExportTest, ExportsCanBeExported) {
  ASSERT_TRUE(export_it(log_of(300)).ok());
  const auto second = export_log(*LogReader::open(out_).value(), temporary_ / "second", {});
  ASSERT_TRUE(second.ok()) << second.error().to_text();
  EXPECT_EQ(file(out_ + "/tile/entries/000"), file(temporary_ / "second" + "/tile/entries/000"));
}

TEST_F(ExportTest, OnlyTheSignedPartIsExported) {
  const std::string folder = log_of(300);
  RawLog::change(folder, [](auto& env, auto& txn) { txn.erase(env.table("checkpoint"), layout::number_key(300)); });
  const auto report = export_it(folder);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->size, 150u);
  EXPECT_EQ(report->not_signed, 150u);
  EXPECT_TRUE(verified(out_).findings.empty());
}

TEST_F(ExportTest, ATamperedSourceIsRefused) {
  for (const auto& [table, row] : {std::pair{"entry", layout::number_key(7)},
                                   {"tile", layout::tile_key({0, 0})},
                                   {"checkpoint", layout::number_key(150)}}) {
    const std::string folder = log_of(300);
    RawLog::flip(folder, table, row, 40);
    fs::remove_all(out_);
    EXPECT_TRUE(refused(folder) == Code::LOG_TAMPERED || refused(folder) == Code::LOG_SIGNATURE ||
                refused(folder) == Code::LOG_ENTRY_INVALID)
        << table << " " << to_string(refused(folder));
    EXPECT_FALSE(fs::exists(out_ + "/checkpoint"));
  }
}

TEST_F(ExportTest, AnotherPastIsRefused) {
  ASSERT_TRUE(export_it(log_of(600)).ok());
  RawLog other = log_;
  ledger::Entry forged = entry_of(EntryKind::published);
  forged.matter = "forged";
  forged.gateway = "sc";
  other.entries[550] = ledger::encode(forged);  // signed by the log's own key, with all hashes right
  other.write(temporary_ / "forged");
  EXPECT_EQ(refused(temporary_ / "forged"), Code::LOG_TAMPERED);
  EXPECT_TRUE(verified(out_).findings.empty());

  RawLog shorter = log_;
  shorter.entries.resize(500);
  shorter.write(temporary_ / "shorter");
  EXPECT_EQ(refused(temporary_ / "shorter"), Code::LOG_INCOMPLETE);
}

TEST_F(ExportTest, AForeignFolderIsRefused) {
  RawLog other("cq");
  other.write(temporary_ / "cq");
  ASSERT_TRUE(export_log(*LogReader::open(temporary_ / "cq").value(), out_, {}).ok());
  EXPECT_EQ(refused(log_of(10)), Code::CONFIG_VALUE);
  fs::remove_all(out_);
  fs::create_directory(out_);
  std::ofstream(out_ + "/letter.txt") << "mine";
  EXPECT_EQ(refused(log_of(10)), Code::CONFIG_VALUE);
}

// Every byte of every file: whatever is flipped, the folder is not called clean.
TEST_F(ExportTest, AFlippedBitIsFound) {
  ASSERT_TRUE(export_it(log_of(40)).ok());
  for (const auto& item : fs::recursive_directory_iterator(out_)) {
    if (!item.is_regular_file()) continue;
    const std::string path = item.path().string();
    const std::string good = file(path);
    for (std::size_t at = 0; at<good.size(); at += good.size()> 2'000 ? 7 : 1) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 4);
      std::ofstream(path, std::ios::binary) << bad;
      const auto log = LogReader::open(out_);
      const bool found = !log.ok() || !verify(**log, log_.key.verify_key(), {}).findings.empty();
      EXPECT_TRUE(found) << path << " byte " << at;
    }
    std::ofstream(path, std::ios::binary) << good;
  }
  EXPECT_TRUE(verified(out_).findings.empty());
}

TEST_F(ExportTest, AByteMoreIsFound) {
  ASSERT_TRUE(export_it(log_of(600)).ok());
  for (const char* path : {"/tile/0/000", "/tile/0/002.p/88"}) {
    const std::string file = out_ + path;
    const auto size = fs::file_size(file);
    std::ofstream(file, std::ios::app | std::ios::binary) << 'x';
    EXPECT_FALSE(verified(out_).findings.empty()) << path;
    fs::resize_file(file, size);
  }
  EXPECT_TRUE(verified(out_).findings.empty());
}

TEST_F(ExportTest, AMarkThatWasChangedIsNoNewerVersion) {
  ASSERT_TRUE(export_it(log_of(40)).ok());
  const std::string good = file(out_ + "/origin");
  const auto code_with = [&](std::size_t at, char c) {
    std::string bad = good;
    bad[at] = c;
    std::ofstream(out_ + "/origin", std::ios::binary) << bad;
    const auto log = LogReader::open(out_);
    return log.ok() ? Code::LOCAL_INTERNAL : log.error().code;
  };
  EXPECT_EQ(code_with(0, 'C'), Code::LOG_TAMPERED);
  EXPECT_EQ(code_with(19, '0'), Code::LOG_TAMPERED);
  EXPECT_EQ(code_with(19, '2'), Code::LOG_VERSION);
  EXPECT_EQ(code_with(25, '#'), Code::LOG_TAMPERED);
}

TEST_F(ExportTest, WhatIsMissingIsNamed) {
  ASSERT_TRUE(export_it(log_of(600)).ok());
  for (const char* path : {"tile/entries/001", "tile/0/001", "checkpoints/000", "tile/entries/002.p/88"}) {
    fs::rename(out_ + "/" + path, temporary_ / "aside");
    const auto log = LogReader::open(out_);
    const Findings findings = log.ok() ? verified(out_).findings : Findings{{}, {{log.error().code, 1}}};
    EXPECT_EQ(findings.counts.count(Code::LOG_INCOMPLETE), 1u) << path;
    fs::rename(temporary_ / "aside", out_ + "/" + path);
  }
}

}  // namespace
}  // namespace chuanyu::audit
