#include "gateway/audit/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/terminal/text.h"

namespace chuanyu::audit {
using Json = nlohmann::ordered_json;
using terminal::printable;

ExitCode exit_code(const Findings& findings) {
  ExitCode worst = kClean;
  for (const auto& [code, count] : findings.counts) worst = graver(worst, audit::exit_code(code));
  return worst;
}

const char* word(ExitCode code) {
  switch (code) {
    case kClean: return "clean";
    case kTampered: return "tampered";
    case kIncomplete: return "incomplete";
    case kUnsupported: return "unsupported";
    case kUnreadable: return "unreadable";
    case kErased: return "erased";
    case kDifferent: return "different";
    case kUnaccounted: return "unaccounted";
    default: return "usage";
  }
}

const char* word_zh(ExitCode code) {
  switch (code) {
    case kClean: return "完好";
    case kTampered: return "有改动，或签名无效";
    case kIncomplete: return "不完整";
    case kUnsupported: return "含有本程序不认识的内容，未能全部核验";
    case kErased: return "无误；有内容已依法删除，不能重算";
    case kDifferent: return "重算的结果与日志所记不同";
    case kUnaccounted: return "有内容的密钥已不在，而没有依法删除的条目说明";
    default: return "不能读取";
  }
}

Json to_json(const Erasure& erasure) {
  return {{"index", erasure.index},
          {"time", to_rfc3339(erasure.time)},
          {"basis", terminal::printable(erasure.basis)},
          {"approver", terminal::printable(erasure.approver)},
          {"payloads", erasure.payloads}};
}

Json to_json(const Findings& findings) {
  Json list = Json::array();
  for (const Error& found : findings.listed) {
    list.push_back({{"code", to_string(found.code)}, {"detail", found.detail}, {"where", found.where}});
  }
  return list;
}

void print(const Findings& findings, std::ostream& out) {
  for (const Error& found : findings.listed) out << "    " << printable(found.to_text()) << "\n";
  std::uint64_t all = 0;
  for (const auto& [code, count] : findings.counts) all += count;
  if (all > findings.listed.size()) out << "    …… 另有 " << all - findings.listed.size() << " 处\n";
}

bool uses_sm(const LogReport& log) { return log.sm2_checked || log.sm3_checkpoints > 0; }

std::string sm_words(const LogReport& log) {
  std::string words = log.sm2_checked
                          ? "SM2 签名已用所给公钥核验，覆盖到第 " + std::to_string(log.sm2_signed_size) + " 条"
                          : "SM2 签名未核验";
  if (log.sm3_checkpoints > 0) {
    words += "；SM3 检查点 " + std::to_string(log.sm3_checkpoints) + " 个，核对无误的覆盖到第 " +
             std::to_string(log.sm3_size) + " 条";
  }
  return words;
}

std::string shard_words(const LogReport& log) {
  const std::string words =
      "此前各卷共 " + std::to_string(log.base) + " 条；条目的序号（log#）从整份日志的开头数起，检查点与哈希块在本卷内";
  if (!log.recovery) return words;
  return words + "；本卷在由备份恢复后开始，批准人 " + log.recovery->approver + "，原因 " + log.recovery->reason;
}

// Hashes alone prove nothing against who can write the whole log anew: the conclusion itself says so.
std::string conclusion(ExitCode code, bool signatures_checked) {
  if (code != kClean || signatures_checked) return word_zh(code);
  return "只核对了哈希，未见改动；未核验签名，不能据此认定日志完好：请用 --key（对方日志用 --peer-key）给出日志公钥";
}

namespace {

Json rotations_json(const LogReport& log) {
  Json list = Json::array();
  for (const KeyRotation& one : log.rotations) {
    list.push_back({{"index", one.index},
                    {"time", to_rfc3339(one.time)},
                    {"from", one.from},
                    {"to", one.to},
                    {"followed", one.followed}});
  }
  return list;
}

Json erasures_json(const LogReport& log) {
  Json list = Json::array();
  for (const Erasure& erasure : log.erasures) list.push_back(to_json(erasure));
  return list;
}

Json to_json(const LogReport& log) {
  Json made{{"folder", log.folder},
            {"origin", log.origin},
            {"size", log.size},
            {"base", log.base},
            {"root", to_base64(crypto::view(log.root))},
            {"checkpoints", log.checkpoints},
            {"signaturesChecked", log.signatures_checked},
            {"signedSize", log.signed_size},
            {"witnessesChecked", log.witnesses_checked},
            {"witnessedSize", log.witnessed_size},
            {"unwitnessedEntries", log.size - std::min(log.size, log.witnessed_size)},
            {"sm2Checked", log.sm2_checked},
            {"sm2SignedSize", log.sm2_signed_size},
            {"sm3Checkpoints", log.sm3_checkpoints},
            {"sm3Size", log.sm3_size},
            {"unsignedEntries", log.size - std::min(log.size, log.signed_size)},
            {"kinds", log.kinds},
            {"blobs", log.blobs},
            {"firstTime", log.first_time == 0 ? "" : to_rfc3339(log.first_time)},
            {"lastTime", log.last_time == 0 ? "" : to_rfc3339(log.last_time)},
            {"versions", log.versions},
            {"certificatesChecked", log.certificates_checked},
            {"certificatesUnknown", log.certificates_unknown},
            {"clockStepsBack", log.clock_steps_back},
            {"rotations", rotations_json(log)},
            {"unjudgedCheckpoints", log.unjudged_checkpoints},
            {"unjudgedSize", log.unjudged_size},
            {"byEarlierKeys", log.by_earlier_keys},
            {"keysChecked", log.keys_checked},
            {"keyRowsOpened", log.key_rows ? Json(*log.key_rows) : Json()},
            {"erased", log.erased},
            {"notYetErased", log.not_yet_erased},
            {"erasures", erasures_json(log)},
            {"result", word(exit_code(log.findings))},
            {"findings", to_json(log.findings)}};
  if (log.recovery) {
    made["recovery"] = {
        {"approver", log.recovery->approver}, {"reason", log.recovery->reason}, {"size", log.recovery->size}};
  }
  return made;
}

Json to_json(const PairReport& pair) {
  return {{"from", pair.from},
          {"to", pair.to},
          {"sent", pair.sent},
          {"delivered", pair.delivered},
          {"refused", pair.refused},
          {"expired", pair.expired},
          {"underWay", pair.under_way},
          {"receiptPending", pair.receipt_pending},
          {"receiptsChecked", pair.receipts_checked},
          {"receiptsUnjudged", pair.receipts_unjudged},
          {"cosignedCompared", pair.cosigned},
          {"result", word(exit_code(pair.findings))},
          {"findings", to_json(pair.findings)}};
}

void line(std::ostream& out, const char* label, const std::string& value) {
  out << "  " << terminal::padded(label, 12) << value << "\n";
}

void print(const LogReport& log, std::ostream& out) {
  out << printable(log.origin) << "  " << log.folder << "\n";
  line(out, "条目",
       std::to_string(log.size) +
           (log.last_time == 0 ? "" : "，" + to_rfc3339(log.first_time) + " 至 " + to_rfc3339(log.last_time)));
  if (log.base > 0) line(out, "分卷", shard_words(log));
  line(out, "根哈希", to_base64(crypto::view(log.root)));
  line(out, "检查点", checkpoint_words(log));
  line(out, "签名", signature_words(log));
  for (const std::string& words : rotation_words(log)) line(out, "更换密钥", words);
  if (uses_sm(log)) line(out, "国密", sm_words(log));
  line(out, "见证", witnessed(log));
  if (log.key_rows.value_or(0) > 0)
    line(out, "数据密钥", "已用所给的密钥加密密钥打开，共 " + std::to_string(*log.key_rows) + " 行");
  if (log.blobs > 0) line(out, "大内容文件", std::to_string(log.blobs) + " 个");
  for (const std::string& words : erased_words(log)) line(out, "依法删除", words);
  if (log.certificates_checked > 0) {
    line(out, "证书",
         std::to_string(log.certificates_checked) + " 条的证书在当时有效期内已核对，" +
             std::to_string(log.certificates_unknown) + " 条的证书没有给出");
  }
  if (log.clock_steps_back > 0) line(out, "时钟", std::to_string(log.clock_steps_back) + " 条的时间早于前一条");
  line(out, "结论", conclusion(exit_code(log.findings), log.signatures_checked));
  print(log.findings, out);
}

void print(const PairReport& pair, std::ostream& out) {
  out << printable(pair.from) << " → " << printable(pair.to) << "\n";
  line(out, "发出", sent_words(pair));
  line(out, "回执", pair.receipts_checked ? "已用对方公钥核验" : "签名未核验");
  line(out, "对方的见证", cosigned_words(pair));
  line(out, "结论", conclusion(exit_code(pair.findings), pair.receipts_checked));
  print(pair.findings, out);
}

}  // namespace

std::string sent_words(const PairReport& pair) {
  const std::uint64_t settled = pair.delivered + pair.refused + pair.expired + pair.under_way + pair.receipt_pending;
  std::string words = std::to_string(pair.sent) + " 封：对方已收 " + std::to_string(pair.delivered) + "，对方拒收 " +
                      std::to_string(pair.refused) + "，过期 " + std::to_string(pair.expired) + "，在途 " +
                      std::to_string(pair.under_way) + "，待回执 " + std::to_string(pair.receipt_pending);
  if (pair.sent > settled) words += "，对不上的 " + std::to_string(pair.sent - settled) + "（见所列）";
  return words;
}

std::string cosigned_words(const PairReport& pair) {
  if (pair.cosigned == 0) return "对方的日志没有记下发出方的检查点";
  return "对方的日志记下的发出方检查点 " + std::to_string(pair.cosigned) + " 个，已与发出方的日志核对";
}

std::string signature_words(const LogReport& log) {
  if (!log.signatures_checked) return "未核验";
  return log.by_earlier_keys ? "由更早的日志密钥签名，未核验" : "已用所给公钥核验";
}

std::string checkpoint_words(const LogReport& log) {
  const std::string words = std::to_string(log.checkpoints) + " 个";
  if (log.by_earlier_keys) return words + "；后一卷的开头引有最后一个，由此担保本卷";
  return words + "，核对无误的覆盖到前 " + std::to_string(log.signed_size) + " 条" +
         (log.signed_size < log.size ? "，其后 " + std::to_string(log.size - log.signed_size) + " 条尚未覆盖" : "");
}

std::string witnessed(const LogReport& log) {
  if (!log.witnesses_checked) return "未核对：没有用 --policy 给出这份日志的见证策略";
  if (log.witnessed_size == 0) return "没有达到策略所要求的";
  const std::string covered = "达到策略所要求的覆盖到第 " + std::to_string(log.witnessed_size) + " 条";
  if (log.witnessed_size >= log.size) return covered;
  return covered + "，其后 " + std::to_string(log.size - log.witnessed_size) + " 条仅由日志自己的签名担保";
}

std::vector<std::string> rotation_words(const LogReport& log) {
  std::vector<std::string> list;
  for (const KeyRotation& one : log.rotations) {
    std::string words = place_of(one.index) + "（" + to_rfc3339(one.time) + "）由 " + terminal::printable(one.from) +
                        " 换为 " + terminal::printable(one.to);
    if (log.signatures_checked && !one.followed) words += "；旧的一把不在所给公钥之列，仅为日志所称";
    list.push_back(std::move(words));
  }
  return list;
}

std::vector<std::string> erased_words(const LogReport& log) {
  constexpr std::size_t kShown = 20;  // the rest is in the JSON, and `show --index` says it all
  std::vector<std::string> list;
  if (log.erasures.empty() && log.erased == 0) return list;
  list.push_back(std::to_string(log.erased) + " 条的内容已删除；删除条目 " + std::to_string(log.erasures.size()) +
                 " 个" + (log.base > 0 || log.erasures.empty() ? "（两者可在不同的分卷）" : ""));
  for (const Erasure& erasure : log.erasures) {
    if (list.size() > kShown) break;
    list.push_back(to_words(erasure) + " " + std::to_string(erasure.payloads) + " 条");
  }
  if (log.erasures.size() > kShown) list.push_back("…… 另有 " + std::to_string(log.erasures.size() - kShown) + " 个");
  return list;
}

namespace {

std::uint64_t recoveries(const Verification& verification) {
  return static_cast<std::uint64_t>(std::count_if(verification.logs.begin(), verification.logs.end(),
                                                  [](const LogReport& log) { return log.recovery.has_value(); }));
}

template <typename Visit>
void for_each_count(const Verification& verification, Visit&& visit) {
  for (const auto& [code, times] : verification.unreadable.counts) visit(code, times);
  for (const LogReport& log : verification.logs) {
    for (const auto& [code, times] : log.findings.counts) visit(code, times);
  }
  for (const PairReport& pair : verification.pairs) {
    for (const auto& [code, times] : pair.findings.counts) visit(code, times);
  }
}

bool has(const Verification& verification, Code wanted) {
  bool found = false;
  for_each_count(verification, [&](Code code, std::uint64_t) { found = found || code == wanted; });
  return found;
}

}  // namespace

// Recoveries that the auditor has looked into do not count. Where something is missing, the entry that says why a key
// is gone may be in what is missing: that weighs no more than the gap itself.
ExitCode exit_code(const Verification& verification) {
  const bool known = recoveries(verification) <= verification.known_recoveries;
  const bool gap = has(verification, Code::LOG_INCOMPLETE);
  ExitCode worst = kClean;
  for_each_count(verification, [&](Code code, std::uint64_t) {
    const bool passed_over = (code == Code::LOG_RECOVERED && known) || (code == Code::LOG_KEY_MISSING && gap);
    if (!passed_over) worst = graver(worst, audit::exit_code(code));
  });
  return worst;
}

std::string verdict(const Verification& verification) {
  const ExitCode code = exit_code(verification);
  std::string words = conclusion(code, signatures_checked(verification));
  const std::uint64_t count = recoveries(verification);
  if (count == 0) return words;
  const std::string times = "日志曾由备份恢复 " + std::to_string(count) + " 次";
  if (count > verification.known_recoveries) return words + "（" + times + "；核对清楚后可用 --known-recoveries）";
  return words + "（" + times + "，已核对过：那时失去的只列出，不计在内）";
}

bool signatures_checked(const Verification& verification) {
  return !verification.logs.empty() && std::all_of(verification.logs.begin(), verification.logs.end(),
                                                   [](const LogReport& log) { return log.signatures_checked; });
}

std::vector<std::string> not_checked(const Verification& verification) {
  std::vector<std::string> list;
  for (const LogReport& log : verification.logs) {
    const std::string of = log.origin + "：";
    if (!log.signatures_checked) list.push_back(of + "没有给出日志公钥，未核验检查点的签名，只核对了哈希");
    if (uses_sm(log) && !log.sm2_checked) list.push_back(of + "没有给出 SM2 公钥（--sm2-key），未核验国密签名");
    if (log.sm2_checked && log.sm2_signed_size < log.signed_size) {
      list.push_back(of + "第 " + std::to_string(log.sm2_signed_size) + " 条以后的检查点没有 SM2 签名");
    }
    if (!log.witnesses_checked) list.push_back(of + "没有给出见证策略（--policy），未核验见证方的签名");
    if (log.signed_size < log.size && !log.by_earlier_keys) {
      list.push_back(of + "末尾 " + std::to_string(log.size - log.signed_size) + " 条尚无检查点，没有签名担保");
    }
    if (log.ends_closed) {
      list.push_back(of + "最后一卷已封存，其后没有下一卷：网关若已启动，副本就不完整");
    }
    if (log.unjudged_checkpoints > 0) {
      list.push_back(of + std::to_string(log.unjudged_checkpoints) + " 个检查点（到第 " +
                     std::to_string(log.unjudged_size) +
                     " 条）由更早的日志密钥签名，未能核验其签名；其条目由其后的检查点担保。要核验，请给出最早的公钥");
    }
    if (!log.keys_checked) {
      list.push_back(of + "目录中没有可读的数据密钥，未核对有无内容的密钥被销毁而没有依法删除的条目");
    }
    if (log.keys_checked && !log.key_rows && log.base == 0) {
      list.push_back(of + "没有给出密钥加密密钥（--kek），未核对各行数据密钥是否还打得开");
    }
    if (log.not_yet_erased > 0) {
      list.push_back(of + std::to_string(log.not_yet_erased) +
                     " 条的内容已有删除条目而密钥仍在：副本早于销毁，或网关下次启动时完成");
    }
    if (log.certificates_unknown > 0) {
      list.push_back(of + std::to_string(log.certificates_unknown) +
                     " 条所用的证书没有给出（--certificates），未核对其当时是否有效；日志中只有证书指纹");
    }
    if (log.clock_steps_back > 0) {
      list.push_back(of + std::to_string(log.clock_steps_back) + " 条的时间早于前一条：时间由网关自己的时钟所记");
    }
  }
  for (const PairReport& pair : verification.pairs) {
    if (pair.receipts_unjudged > 0) {
      list.push_back(pair.from + " → " + pair.to + "：" + std::to_string(pair.receipts_unjudged) +
                     " 份回执由对方更早的密钥签名，未能核验其签名");
    }
    const std::uint64_t open = pair.under_way + pair.receipt_pending;
    if (open == 0) continue;
    list.push_back(pair.from + " → " + pair.to + "：" + std::to_string(open) +
                   " 封尚在途中或待回执，双方记录还不能对齐");
  }
  if (has(verification, Code::LOG_INCOMPLETE) && has(verification, Code::LOG_KEY_MISSING)) {
    list.emplace_back("日志不完整：密钥已不在而没有删除条目的，其删除条目可能就在缺少的部分里，补齐后再核对");
  }
  if (verification.pairs.empty()) list.emplace_back("只有一份日志，未与对方的日志核对");
  list.emplace_back("加密的正文未打开：决定、转换与所记的摘要能否重算相同，用 rederive；状态是否由日志得出，用 replay");
  return list;
}

void print(const Verification& verification, std::ostream& out) {
  if (!verification.unreadable.empty()) out << "不能打开的\n";
  print(verification.unreadable, out);
  for (const LogReport& log : verification.logs) print(log, out);
  for (const PairReport& pair : verification.pairs) print(pair, out);
  out << "总的结论  " << verdict(verification) << "\n";
  out << "未核验的\n";
  for (const std::string& one : not_checked(verification)) out << "  " << printable(one) << "\n";
}

void print_json(const Verification& verification, std::ostream& out) {
  Json logs = Json::array();
  for (const LogReport& log : verification.logs) logs.push_back(to_json(log));
  Json pairs = Json::array();
  for (const PairReport& pair : verification.pairs) pairs.push_back(to_json(pair));
  Json all{{"result", word(exit_code(verification))},
           {"recoveries", recoveries(verification)},
           {"knownRecoveries", verification.known_recoveries},
           {"signatures", signatures_checked(verification) ? "checked" : "unchecked"},
           {"logs", std::move(logs)},
           {"pairs", std::move(pairs)},
           {"notChecked", not_checked(verification)}};
  if (!verification.unreadable.empty()) all["findings"] = to_json(verification.unreadable);
  out << all.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace chuanyu::audit
