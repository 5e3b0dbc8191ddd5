// A plug-in to start from: lines "案件标识|案件编号|案件名称" and an EnforcementCase with nothing else. Replace what is
// between.
#include <canonical.h>
#include <adapter.hpp>
#include <string>
#include <wire.hpp>

namespace {

using chuanyu::sdk::Record;
using chuanyu::sdk::WireReader;
using chuanyu::sdk::WireWriter;

class MyAdapter : public chuanyu::sdk::Adapter {
 public:
  explicit MyAdapter(std::string_view /*config_json*/) {}

  void get(Record& record, std::string_view native) override {
    WireWriter out;
    for (std::uint32_t field = 1; field <= 3; ++field) {
      const std::size_t end = native.find('|');
      if (end == std::string_view::npos && field < 3) {
        return record.refuse(CHUANYU_CODE_TRUNCATED, "", "", "应为三栏，以竖线分隔");
      }
      out.text(field, native.substr(0, end));
      native = end == std::string_view::npos ? std::string_view() : native.substr(end + 1);
    }
    if (!native.empty()) record.note(CHUANYU_UNMAPPED, "第四栏", "", "本插件不取第三栏以后的内容");
    record.emit(out.bytes());
  }

  void put(Record& record, std::string_view canonical, const std::string_view* old) override {
    std::string columns[4];
    for (WireReader r(canonical); r.next();) {
      if (r.field() > 3) {
        record.note(CHUANYU_LOSS, "", "field " + std::to_string(r.field()), "本格式没有此栏");
      } else if (r.text().find('|') != std::string_view::npos) {
        record.refuse(CHUANYU_CODE_SEPARATOR, "", "field " + std::to_string(r.field()), "取值含有竖线");
      } else {
        columns[r.field()] = r.text();
      }
    }
    if (record.refused()) return;
    std::string line = columns[1] + "|" + columns[2] + "|" + columns[3];
    if (old != nullptr) line += rest(*old);
    record.emit(line);
  }

 private:
  // What get() did not take over stays as it was.
  static std::string_view rest(std::string_view old) {
    std::size_t at = 0;
    for (int column = 0; column < 3; ++column) {
      at = old.find('|', at + (column > 0 ? 1 : 0));
      if (at == std::string_view::npos) return {};
    }
    return old.substr(at);
  }
};

constexpr chuanyu_descriptor kDescriptor = {sizeof(chuanyu_descriptor),
                                            "org.example.my-adapter",
                                            "Example",
                                            "1.0.0",
                                            CHUANYU_TYPE_CASE,
                                            "text",
                                            "",  // any character set
                                            CHUANYU_FP_CASE,
                                            CHUANYU_CAP_GET | CHUANYU_CAP_PUT | CHUANYU_CAP_CREATE,
                                            0};

}  // namespace

CHUANYU_ADAPTER_PLUGIN(MyAdapter, kDescriptor);
