// gateway/cli/table.h: tables for people, with Chinese columns that line up.
//
// A cell is one line without control characters: what a gateway sends must not steer the terminal. Threads: plain
// values.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace chuanyu::cli {

// Columns two spaces apart, header underlined. Rows shorter than the header are filled with empty cells.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  void print(std::ostream& out) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// "name  value" lines with the values lined up.
void print_pairs(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace chuanyu::cli
