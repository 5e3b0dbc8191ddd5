#include "gateway/ledger/succession.h"

namespace chuanyu::ledger {
namespace {

constexpr std::string_view kWord = "log-succeeds ";
constexpr std::string_view kContext = "chuanyu-log-succeeds-v1";

}  // namespace

std::string succession_line(std::string_view log, const crypto::SigningKey& from, const crypto::VerifyKey& to) {
  const std::string both = to_vkey(log, from.verify_key()) + " " + to_vkey(log, to);
  return std::string(kWord) + both + " " + to_base64(from.sign(kContext, both));
}

std::optional<Succession> parse_succession(std::string_view line) {
  if (!line.starts_with(kWord)) return std::nullopt;
  line.remove_prefix(kWord.size());
  const std::size_t first = line.find(' ');
  const std::size_t second = line.rfind(' ');
  if (first == std::string_view::npos || first == second) return std::nullopt;
  auto from = parse_vkey(line.substr(0, first));
  auto to = parse_vkey(line.substr(first + 1, second - first - 1));
  const auto signature = from_base64(line.substr(second + 1));
  if (!from.ok() || !to.ok() || !signature) return std::nullopt;
  Succession made{*std::move(from), *std::move(to)};
  made.valid = made.from.name == made.to.name && made.from.type == KeyType::log && made.to.type == KeyType::log &&
               made.from.key.verify(kContext, line.substr(0, second), *signature);
  return made;
}

}  // namespace chuanyu::ledger
