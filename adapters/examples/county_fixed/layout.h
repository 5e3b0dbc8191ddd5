// adapters/examples/county_fixed/layout.h: the columns of the county's file, and their texts. LAYOUT.md is the format.
//
// Threads: plain values. Failure: split() and join() say by their result what does not fit.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "adapters/sdk/adapter.hpp"

namespace county {

enum Column : std::size_t {
  case_id,
  case_no,
  case_name,
  domain,
  state,
  agency_name,
  agency_uscc,
  party_name,
  party_kind,
  party_uscc,
  illegal_act,
  penalties,
  fine,
  confiscated,
  decision_no,
  decision_date,
  closed_date,
  publish_until,
  remark,
  reserved,
  column_count
};

struct ColumnSpec {
  std::string_view name;  // as the layout calls it
  unsigned width;         // bytes of the native character set
};

constexpr std::array<ColumnSpec, column_count> kColumns = {
    {{"案件标识", 32},     {"案件编号", 40},     {"案件名称", 80},   {"执法领域", 2},   {"案件状态", 2},
     {"执法机关名称", 60}, {"执法机关代码", 18}, {"当事人名称", 80}, {"当事人类别", 1}, {"当事人代码", 18},
     {"违法行为", 200},    {"处罚种类", 6},      {"罚款金额", 12},   {"没收金额", 12},  {"决定书文号", 40},
     {"决定日期", 8},      {"结案日期", 8},      {"公示截止", 8},    {"备注", 40},      {"备用", 8}}};

using Texts = std::array<std::string, column_count>;       // without the padding
using Cells = std::array<std::string_view, column_count>;  // with it

// Cuts a line at the columns' ends. False when a character lies across an end, or the line is too short or too long.
bool split(std::string_view line, const chuanyu::sdk::Charset& charset, Cells& cells);

std::string_view trimmed(std::string_view cell);  // without the spaces at its end

// A cell's text as this program writes it: amounts with zeros before them, also where the county wrote spaces.
std::string normal(Column column, std::string_view cell);

// Appends the text and its padding; false when it is too wide for the column.
bool append_padded(std::string& line, std::string_view text, Column column, const chuanyu::sdk::Charset& charset);

}  // namespace county
