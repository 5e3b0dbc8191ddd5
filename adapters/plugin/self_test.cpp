#include "adapters/plugin/self_test.h"

#include <fstream>
#include <iterator>
#include <vector>

namespace chuanyu::adapters::plugin {
namespace {

Error failed(std::size_t number, const char* what, const Error& why) {
  const bool of_the_plugin = to_string(why.code).starts_with("LOCAL_PLUGIN_");
  return error(of_the_plugin ? why.code : Code::LOCAL_PLUGIN_INVALID,
               "自检未通过：样例第 " + std::to_string(number) + " 条" + what + "：" + why.to_text());
}

// Written anew, and over the sample before it. An edit may be refused for what it says; never for a law.
Status try_one(const Adapter& adapter, std::size_t number, const Bytes& canonical, std::string_view before) {
  if (const auto created = adapter.create(canonical); !created.ok()) return failed(number, "不能写出", created.error());
  if (before.empty()) return {};
  const auto edited = adapter.put(canonical, before);
  if (edited.ok() || (edited.error().code != Code::RECORD_LAW_PUTGET &&
                      !to_string(edited.error().code).starts_with("LOCAL_PLUGIN_"))) {
    return {};
  }
  return failed(number, "不能改写进上一条", edited.error());
}

}  // namespace

Status self_test(const Adapter& adapter, const std::string& samples) {
  std::ifstream in(samples, std::ios::binary);
  if (!in) return error(Code::CONFIG_UNREADABLE, "不能读取样例文件");
  const std::string document{std::istreambuf_iterator<char>(in), {}};
  const auto reader = adapter.reader();
  reader->feed(document, true);
  std::vector<std::string> records;
  for (auto record = reader->next(); !record.ok() || !record->bytes.empty(); record = reader->next()) {
    if (!record.ok()) return failed(records.size() + 1, "不能读取", record.error());
    records.emplace_back(record->bytes);
  }
  if (records.empty()) return error(Code::CONFIG_VALUE, "样例文件中没有记录");
  const auto read = adapter.get_many({records.begin(), records.end()});
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!read[i].ok()) return failed(i + 1, "不能读取", read[i].error());
    CHUANYU_CHECK(try_one(adapter, i + 1, read[i]->bytes, i == 0 ? "" : records[i - 1]));
  }
  return {};
}

}  // namespace chuanyu::adapters::plugin
