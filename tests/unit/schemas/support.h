// Files of the tree for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace chuanyu::schemas {

using TestJson = nlohmann::ordered_json;

inline TestJson fixture(const std::string& name) {
  std::ifstream file(std::string(CHUANYU_SOURCE_DIR) + "/schemas/fixtures/" + name);
  EXPECT_TRUE(file.good()) << name;
  return TestJson::parse(file);
}

}  // namespace chuanyu::schemas
