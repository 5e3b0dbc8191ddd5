// The interface between versions: plug-ins built with the header before, with one to come, and with mistakes; and a
// plug-in of today on a host of before.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/plugin/canonical.h"
#include "adapters/sdk/canonical.h"
#include "adapters/sdk/chuanyu_adapter.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "tests/unit/adapters/plugin_testing.h"

namespace chuanyu::adapters {
namespace {

using ::testing::ElementsAre;
using testing::PluginFolder;

// The most records that one call had, told by the plug-in.
int largest_batch(const Adapter& adapter) {
  const std::vector<std::string_view> many(100, "x");
  int most = 0;
  for (const auto& got : adapter.get_many(many, {})) {
    v1::EnforcementCase message;
    EXPECT_TRUE(got.ok() && message.ParseFromString(got->bytes));
    const int count = message.case_no().empty() ? 0 : (message.case_no()[0] - '0' + 64) % 64;
    most = std::max(most, count == 0 ? 64 : count);
  }
  return most;
}

TEST(PluginAbi, HeaderBeforeWorks) { EXPECT_EQ(largest_batch(*PluginFolder("abi_1_0", "abi").adapter()), 64); }

TEST(PluginAbi, HeaderOfTodayWorksAsC) { EXPECT_EQ(largest_batch(*PluginFolder("abi_today", "abi").adapter()), 7); }

TEST(PluginAbi, HeaderToComeWorks) { EXPECT_EQ(largest_batch(*PluginFolder("abi_future", "abi").adapter()), 64); }

TEST(PluginAbi, WhatDoesNotFitIsRefused) {
  for (const char* name :
       {"abi_major", "abi_short_entry", "abi_short_descriptor", "abi_short_adapter", "abi_canonical"}) {
    for (const bool in_process : {false, true}) {
      PluginFolder folder(name, "abi");
      if (in_process) folder.in_process();
      EXPECT_THAT(folder.mistakes(), ElementsAre("LOCAL_PLUGIN_ABI adapters/county.case.v1.plugin.json#/library"))
          << name;
    }
  }
}

TEST(PluginAbi, FingerprintsOfTheSdkAreThoseOfTheSchemas) {
  const std::pair<Kind, std::pair<const char*, std::uint64_t>> all[] = {
      {Kind::credit, {CHUANYU_TYPE_CREDIT, CHUANYU_FP_CREDIT}},
      {Kind::licence, {CHUANYU_TYPE_LICENCE, CHUANYU_FP_LICENCE}},
      {Kind::enforcement_case, {CHUANYU_TYPE_CASE, CHUANYU_FP_CASE}}};
  for (const auto& [kind, expected] : all) {
    EXPECT_EQ(plugin::message_name(kind), expected.first);
    EXPECT_EQ(plugin::message_fingerprint(kind), expected.second)
        << "adapters/sdk/canonical.h: 0x" << std::hex << plugin::message_fingerprint(kind);
  }
}

// A host of 1.0 that has no extension: the helper and the example must not assume any.
TEST(PluginAbi, PluginOfTodayOnAHostOfBefore) {
  void* library = dlopen(testing::plugin_path("county_fixed").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto* entry = static_cast<const chuanyu_entry*>(dlsym(library, "chuanyu_adapter_entry"));
  ASSERT_NE(entry, nullptr);
  static int refused = 0;
  chuanyu_host host{};
  host.struct_size = sizeof host;
  host.abi_major = 1;
  host.alloc = [](void*, std::uint64_t, std::uint64_t) -> void* { return nullptr; };
  host.emit = [](void*, std::uint32_t, chuanyu_view) { return 1; };
  host.diag = [](void*, std::uint32_t, const chuanyu_diag* diag) {
    return refused += diag->severity == CHUANYU_ERROR, 0;
  };
  host.cancelled = [](void*) { return 0; };
  host.get_extension = [](void*, const char*) -> const void* { return nullptr; };
  ASSERT_EQ(entry->init(&host, "county_fixed.so"), 0);
  chuanyu_adapter* adapter = entry->create(&host, "cn.county.fixed-case", {});
  ASSERT_NE(adapter, nullptr);
  const std::uint8_t line[] = "x";
  const chuanyu_view native{line, 1};
  EXPECT_EQ(adapter->get(adapter, nullptr, &native, 1), CHUANYU_REJECT);
  EXPECT_EQ(refused, 1);
  adapter->destroy(adapter);

  chuanyu_host other = host;
  other.abi_major = 2;
  EXPECT_NE(entry->init(&other, "county_fixed.so"), 0);
}

}  // namespace
}  // namespace chuanyu::adapters
