#include "gateway/ledger/witness_policy.h"

#include <algorithm>
#include <set>

#include "gateway/ledger/cosignature.h"
#include "gateway/ledger/lines.h"
#include "gateway/ledger/shard.h"

namespace chuanyu::ledger {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::string_view kNone = "none";

Words words_of(std::string_view line) {
  Words words;
  for (std::size_t at = line.find_first_not_of(" \t"); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(" \t", end);
  }
  return words;
}

bool has_control(std::string_view line) {
  return std::any_of(line.begin(), line.end(),
                     [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F'; });
}

}  // namespace

// Reads the lines in order: a name must stand before it is used, so there are no circles.
class WitnessPolicy::Reader {
 public:
  explicit Reader(WitnessPolicy& out) : out_(out) {}

  Status line(std::string_view text) {
    ++number_;
    if (has_control(text)) return fail("含有控制字符");
    const Words words = words_of(text);
    if (words.empty() || words[0].starts_with('#')) return {};
    if (words[0] == "log") return log(words);
    if (words[0] == "witness") return witness(words);
    if (words[0] == "group") return group(words);
    if (words[0] == "quorum") return quorum(words);
    return fail("应以 log、witness、group 或 quorum 开头");
  }

  Status finish() {
    if (!has_quorum_) return error(Code::CONFIG_VALUE, "见证策略缺少 quorum 一行");
    return {};
  }

 private:
  Error fail(std::string detail) const {
    return error(Code::CONFIG_VALUE, "见证策略：" + std::move(detail), "第 " + std::to_string(number_) + " 行");
  }

  Result<NamedKey> key(std::string_view text, KeyType type) {
    auto key = parse_vkey(text);
    if (!key.ok()) return fail(key.error().detail);
    if (key->type != type) {
      return fail(type == KeyType::log ? "应为日志的公钥（类型 1）" : "应为见证方的公钥（类型 4）");
    }
    if (!keys_.insert(key->key.raw()).second) return fail("公钥重复");
    return key;
  }

  Status log(const Words& words) {
    if (words.size() != 2 && words.size() != 3) return fail("应写作 log 公钥 [网址]");
    CHUANYU_TRY(NamedKey made, key(words[1], KeyType::log));
    out_.logs_.push_back(std::move(made));
    return {};
  }

  Status witness(const Words& words) {
    if (words.size() != 3 && words.size() != 4) return fail("应写作 witness 名称 公钥 [网址]");
    CHUANYU_CHECK(name(words[1]));
    CHUANYU_TRY(NamedKey made, key(words[2], KeyType::cosignature));
    out_.witnesses_.push_back(
        {std::string(words[1]), std::move(made), words.size() == 4 ? std::string(words[3]) : std::string()});
    return {};
  }

  Status group(const Words& words) {
    if (words.size() < 4) return fail("应写作 group 名称 all|any|数目 成员…");
    Group made{std::string(words[1]), 0, {}};
    for (std::size_t i = 3; i < words.size(); ++i) {
      if (names_.count(words[i]) == 0) return fail("成员 " + std::string(words[i]) + " 在此之前没有定义");
      if (!members_.insert(std::string(words[i])).second)
        return fail("成员 " + std::string(words[i]) + " 已属于某一组");
      made.members.emplace_back(words[i]);
    }
    CHUANYU_CHECK(name(words[1]));
    const auto number = decimal(words[2]);
    made.needed = words[2] == "all" ? made.members.size() : words[2] == "any" ? 1 : number.value_or(0);
    if (made.needed < 1 || made.needed > made.members.size()) return fail("数目应为 all、any 或 1 至成员数");
    out_.groups_.push_back(std::move(made));
    return {};
  }

  Status quorum(const Words& words) {
    if (words.size() != 2) return fail("应写作 quorum 名称");
    if (std::exchange(has_quorum_, true)) return fail("quorum 只能有一行");
    if (words[1] == kNone) return {};
    if (names_.count(words[1]) == 0) return fail(std::string(words[1]) + " 在此之前没有定义");
    out_.quorum_ = words[1];
    return {};
  }

  Status name(std::string_view wanted) {
    if (wanted == kNone) return fail("名称 none 另有所指");
    if (!names_.insert(std::string(wanted)).second) return fail("名称 " + std::string(wanted) + " 重复");
    return {};
  }

  WitnessPolicy& out_;
  std::size_t number_ = 0;
  bool has_quorum_ = false;
  std::set<std::string, std::less<>> names_;
  std::set<std::string> members_;
  std::set<Bytes> keys_;
};

Result<WitnessPolicy> WitnessPolicy::parse(std::string_view text) {
  WitnessPolicy made;
  Reader reader(made);
  while (!text.empty()) {
    auto line = take_line(text);
    if (!line) line = std::exchange(text, {});  // the last one without its line feed
    CHUANYU_CHECK(reader.line(*line));
  }
  CHUANYU_CHECK(reader.finish());
  return made;
}

VerifyKeys WitnessPolicy::log(std::string_view origin) const {
  VerifyKeys keys;
  for (const NamedKey& log : logs_) {
    if (covers(log.name, origin)) keys.add(log.key);
  }
  return keys;
}

bool WitnessPolicy::holds(const std::string& name, const std::vector<Cosigned>& by) const {
  if (std::any_of(by.begin(), by.end(), [&](const Cosigned& one) { return one.witness == name; })) return true;
  const auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.name == name; });
  if (group == groups_.end()) return false;
  const auto there = std::count_if(group->members.begin(), group->members.end(),
                                   [&](const std::string& member) { return holds(member, by); });
  return static_cast<std::size_t>(there) >= group->needed;
}

WitnessPolicy::Verdict WitnessPolicy::judge(const Note& note) const {
  Verdict verdict;
  for (const Witness& witness : witnesses_) {
    if (const auto seconds = cosigned_at(note, witness.key)) verdict.by.push_back({witness.name, *seconds});
  }
  if (quorum_.empty()) {
    verdict.quorum = true;
    return verdict;
  }
  // In the order of time: the quorum is there with the one that completes it.
  std::vector<Cosigned> in_time = verdict.by;
  std::sort(in_time.begin(), in_time.end(), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
  std::vector<Cosigned> until;
  for (const Cosigned& one : in_time) {
    until.push_back(one);
    verdict.quorum = holds(quorum_, until);
    if (!verdict.quorum) continue;
    verdict.since = one.seconds;
    break;
  }
  return verdict;
}

}  // namespace chuanyu::ledger
