// mappings, gaps, quarantine: what the gateway converts with, and what it could not read.
#include "gateway/cli/commands.h"
#include "gateway/cli/table.h"

#include <set>

#include "gateway/base/bytes.h"

namespace chuanyu::cli {
namespace {

// All pages of the list; kOk or why not.
int read_quarantine(Session& session, Json& items) {
  items = Json::array();
  std::string after;
  while (true) {
    const auto page = session.call("GET", "/v1/quarantine?limit=100&after=" + percent_encode(after));
    if (page.exit != kOk) return page.exit;
    if (page.body["items"].empty()) return kOk;
    for (const auto& item : page.body["items"]) items.push_back(item);
    after = text_at(page.body, "/next");
  }
}

// One exchange run again; what became of it is added to `outcomes`.
int run_again(Session& session, const std::string& exchange, Json& outcomes) {
  int exit = kOk;
  while (true) {
    const auto answer = session.call("POST", "/v1/quarantine/" + percent_encode(exchange) + ":rerun");
    if (answer.exit != kOk) return answer.exit;
    bool progress = false;
    for (auto outcome : answer.body["outcomes"]) {
      outcome["exchangeId"] = exchange;
      const bool done = outcome["done"].get<bool>();
      progress = progress || done;
      if (!done) exit = kRefused;
      outcomes.push_back(std::move(outcome));
    }
    if (!answer.body["more"].get<bool>() || !progress) return exit;
  }
}

void print_outcomes(Session& session, const Json& outcomes) {
  if (session.json()) {
    session.out() << Json{{"outcomes", outcomes}}.dump(2) << '\n';
    return;
  }
  Table table({"交换编号", "日志序号", "结果", "说明", "位置"});
  for (const auto& outcome : outcomes) {
    const bool done = outcome["done"].get<bool>();
    table.add({text_at(outcome, "/exchangeId"), text_at(outcome, "/index"),
               done ? "已处理，日志第 " + text_at(outcome, "/logIndex") + " 条" : text_at(outcome, "/code"),
               text_at(outcome, "/detail"), text_at(outcome, "/pointer")});
  }
  if (!table.empty()) table.print(session.out());
}

}  // namespace

int mappings(Session& session) {
  const auto answer = session.call("GET", "/v1/mappings");
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  Table table({"格式", "类别", "语法", "字符集", "版本", "指纹"});
  for (const auto& mapping : answer.body.value("mappings", Json::array())) {
    table.add({text_at(mapping, "/id"), text_at(mapping, "/kind"), text_at(mapping, "/syntax"),
               text_at(mapping, "/charset"), text_at(mapping, "/version"), text_at(mapping, "/fingerprint")});
  }
  table.print(session.out());
  return kOk;
}

int gaps(Session& session) {
  const auto answer = session.call("GET", "/v1/gaps");
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  Table table({"格式", "代码集", "样例", "次数", "首见", "日志序号"});
  for (const auto& gap : answer.body["gaps"]) {
    table.add({text_at(gap, "/profile"), text_at(gap, "/codeSet"), text_at(gap, "/sample"), text_at(gap, "/count"),
               text_at(gap, "/firstSeen"), text_at(gap, "/firstIndex")});
  }
  if (table.empty()) {
    session.out() << "没有代码集不认识的值\n";
  } else {
    table.print(session.out());
  }
  return answer.exit;
}

int quarantine(Session& session) {
  Json items;
  if (const int exit = read_quarantine(session, items); exit != kOk) return exit;
  if (session.json()) {
    session.out() << Json{{"items", items}}.dump(2) << '\n';
    return kOk;
  }
  Table table({"交换编号", "日志序号", "时间", "机构", "动作", "类别", "行", "位置", "说明", "映射"});
  for (const auto& item : items) {
    table.add({text_at(item, "/exchangeId"), text_at(item, "/index"), text_at(item, "/time"),
               text_at(item, "/agency/uscc"), text_at(item, "/verb"), text_at(item, "/kind"), text_at(item, "/row"),
               text_at(item, "/pointer"), text_at(item, "/detail"),
               text_at(item, "/mapping") + " " + text_at(item, "/mappingVersion")});
  }
  if (table.empty()) {
    session.out() << "没有被隔离的记录\n";
  } else {
    table.print(session.out());
  }
  return kOk;
}

int rerun(Session& session, const std::string& exchange) {
  Json outcomes = Json::array();
  const int exit = run_again(session, exchange, outcomes);
  print_outcomes(session, outcomes);
  return exit;
}

int rerun_all(Session& session) {
  Json items;
  if (const int exit = read_quarantine(session, items); exit != kOk) return exit;
  Json outcomes = Json::array();
  int exit = kOk;
  std::set<std::string> seen;
  for (const auto& item : items) {
    const std::string exchange = text_at(item, "/exchangeId");
    if (!seen.insert(exchange).second) continue;
    const int one = run_again(session, exchange, outcomes);
    if (one != kOk) exit = one;
  }
  print_outcomes(session, outcomes);
  return exit;
}

}  // namespace chuanyu::cli
