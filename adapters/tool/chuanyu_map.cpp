// chuanyu-map: for those who write mappings. Each verb stands in a file of its own; this one only picks.
#include <iostream>

#include "adapters/tool/verbs.h"
#include "gateway/terminal/usage.h"

namespace {

constexpr const char* kFooter =
    R"(退出码：0 成功；1 有记录未能转换，或与样例、旧版不同；2 用法有误；3 映射有错误；4 文件不能读写
例：
  chuanyu-map check adapters
  chuanyu-map check adapters --against /srv/chuanyu/adapters
  chuanyu-map convert --mappings adapters --from sc.case.v1 --to cq.case.v1 case.xml --out case.json
  chuanyu-map explain --mappings adapters --from sc.case.v1 case.xml
  chuanyu-map diff --old /srv/chuanyu/adapters --new adapters --from sc.case.v1 case.xml
  chuanyu-map gaps --mappings adapters --from sc.case.v1 case.xml
  chuanyu-map bless --check adapters
)";

}  // namespace

int main(int argc, char** argv) {
  using namespace chuanyu::adapters::tool;
  CLI::App app{"chuanyu-map：检查映射文件，按映射转换文档", "chuanyu-map"};
  chuanyu::terminal::begin(app);
  app.require_subcommand(1);
  const std::vector<Verb> verbs = {add_check(app), add_explain(app), add_convert(app),
                                   add_diff(app),  add_gaps(app),    add_bless(app)};
  app.footer(kFooter);  // last: sub-commands would inherit it
  if (const auto exit = chuanyu::terminal::parse(app, argc, argv, std::cout, std::cerr)) return *exit;
  for (const auto& verb : verbs) {
    if (verb.command->parsed()) return verb.run();
  }
  return kUsage;
}
