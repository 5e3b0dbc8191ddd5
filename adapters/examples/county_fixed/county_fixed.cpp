// adapters/examples/county_fixed/county_fixed.cpp: 县级旧执法系统的定长文本, a plug-in for a format no mapping covers.
#include "adapters/examples/county_fixed/convert.h"
#include "adapters/examples/county_fixed/layout.h"
#include "adapters/sdk/adapter.hpp"
#include "adapters/sdk/canonical.h"

namespace county {
namespace {

using chuanyu::sdk::Record;

class CountyFixed : public chuanyu::sdk::Adapter {
 public:
  explicit CountyFixed(std::string_view) {}

  void get(Record& record, std::string_view native) override {
    Cells cells;
    if (!cut(record, native, cells)) return;
    Texts texts;
    for (std::size_t i = 0; i < column_count; ++i) {
      texts[i] = normal(static_cast<Column>(i), cells[i]);
      if (texts[i] != trimmed(cells[i])) {
        record.note(CHUANYU_NORMALISED, kColumns[i].name, "", "金额前应补零，此处为空格");
      }
    }
    if (!texts[reserved].empty())
      record.note(CHUANYU_UNMAPPED, kColumns[reserved].name, "", "县内自用，不在共享目录中");
    const std::string wire = to_canonical(cells, texts, kExtPrefix, record);
    if (!record.refused()) record.emit(wire);
  }

  void put(Record& record, std::string_view canonical, const std::string_view* old) override {
    const Texts texts = from_canonical(canonical, kExtPrefix, record);
    Cells before;
    if (record.refused() || (old != nullptr && !cut(record, *old, before))) return;
    std::string line;
    for (std::size_t i = 0; i < column_count; ++i) {
      const auto column = static_cast<Column>(i);
      // What did not change stays as the county wrote it; the reserved column is the county's own.
      if (old != nullptr && (column == reserved || normal(column, before[i]) == texts[i])) {
        line += before[i];
      } else if (!append_padded(line, texts[i], column, charset)) {
        record.refuse(CHUANYU_CODE_TOO_LARGE, kColumns[i].name, "", "取值超过栏宽");
      }
    }
    if (!record.refused()) record.emit(line);
  }

 private:
  static inline const std::string kExtPrefix = "county.case.v1";

  bool cut(Record& record, std::string_view line, Cells& cells) const {
    if (!charset) {
      record.refuse(CHUANYU_CODE_INTERNAL, "", "", "网关没有提供字符宽度表");
    } else if (!split(line, charset, cells)) {
      record.refuse(CHUANYU_CODE_PARSE, "", "", "行长或栏界不符，每行应为 675 字节，汉字不得跨栏");
    }
    return !record.refused();
  }
};

constexpr chuanyu_descriptor kDescriptor = {sizeof(chuanyu_descriptor),
                                            "cn.county.fixed-case",
                                            "Chuanyu Gateway",
                                            "1.0.0",
                                            CHUANYU_TYPE_CASE,
                                            "text",
                                            "",  // any: widths come from the host
                                            CHUANYU_FP_CASE,
                                            CHUANYU_CAP_GET | CHUANYU_CAP_PUT | CHUANYU_CAP_CREATE,
                                            0};

}  // namespace
}  // namespace county

CHUANYU_ADAPTER_PLUGIN(county::CountyFixed, county::kDescriptor);
