// journal_crash_writer DIR: opens the journal in DIR and appends from four threads until it is killed. Every
// acknowledged entry goes to stdout as one line, in one write(): INDEX LEAF DIGEST-OF-BODY.
#include <unistd.h>

#include <cstdio>
#include <random>
#include <thread>
#include <vector>

#include "journal_fixture.h"

int main(int argc, char** argv) {
  using namespace chuanyu;
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  journal::TestProjection projection;
  journal::Options options;
  options.folder = folder + "/data";
  options.origin = "chuanyu/test/1";
  options.gateway = "sc";
  options.key_encryption_key = journal::test_kek();
  options.log_key =
      std::make_shared<const crypto::SigningKey>(crypto::SigningKey::from_pem_file(folder + "/log-key.pem").value());
  const auto opened = journal::Journal::open(std::move(options), projection);
  if (!opened.ok()) {
    std::fprintf(stderr, "%s\n", opened.error().to_text().c_str());
    return 1;
  }
  journal::Journal& journal = **opened;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&journal, t] {
      std::mt19937 random(static_cast<unsigned>(getpid()) * 8 + t);
      for (;;) {
        // Now and then a blob.
        const std::size_t size = random() % 20 == 0 ? 40'000 : random() % 2'000 + 1;
        const std::string body(size, static_cast<char>('a' + random() % 26));
        const auto outcome = journal.append(journal::draft_of(ledger::EntryKind::accepted, body));
        if (!outcome.status.ok()) return;
        const std::string line = std::to_string(outcome.receipt.index) + " " +
                                 to_hex(crypto::view(outcome.receipt.leaf)) + " " +
                                 to_hex(crypto::view(crypto::sha256(body))) + "\n";
        if (write(STDOUT_FILENO, line.data(), line.size()) < 0) return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}
