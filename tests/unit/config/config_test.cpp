// The configuration file: every key, every error at once, each with its place.
#include "gateway/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace chuanyu::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

// "CODE pointer" of each error, with the file's name cut off.
std::vector<std::string> errors_of(const Loaded& loaded) {
  std::vector<std::string> out;
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
    for (const auto& one : *errors) {
      const auto hash = one.where.find('#');
      out.push_back(std::string(to_string(one.code)) + " " +
                    (hash == std::string::npos ? one.where : one.where.substr(hash + 1)));
    }
  }
  return out;
}

Loaded parse_text(const std::string& text) { return parse(text, "etc/sc.json", Files::ignore); }

TEST(Config, DefaultTextParsesToTheDefaults) {
  const auto loaded = parse_text(std::string(default_text()));
  ASSERT_THAT(errors_of(loaded), IsEmpty());
  const auto& config = std::get<Config>(loaded);
  EXPECT_EQ(config.gateway.id, "sc");
  EXPECT_EQ(config.gateway.name, "四川省共享网关");
  EXPECT_EQ(config.data, "etc/var/sc");  // relative to the file
  EXPECT_EQ(config.plugins_in_process, "");
  EXPECT_EQ(config.accepted_mappings, "");
  EXPECT_EQ(config.tls.key, "etc/pki/gateway.key");
  ASSERT_THAT(config.peers, SizeIs(1));
  EXPECT_EQ(config.peers[0].retry_max, std::chrono::seconds(30));

  // Every number that the text writes is the default of the struct.
  const Limits limits;
  EXPECT_EQ(config.limits.connections, limits.connections);
  EXPECT_EQ(config.limits.connections_per_address, limits.connections_per_address);
  EXPECT_EQ(config.limits.header_count, limits.header_count);
  EXPECT_EQ(config.limits.header_bytes, limits.header_bytes);
  EXPECT_EQ(config.limits.target_bytes, limits.target_bytes);
  EXPECT_EQ(config.limits.body_bytes, limits.body_bytes);
  EXPECT_EQ(config.limits.stream_bytes, limits.stream_bytes);
  EXPECT_EQ(config.limits.handshake, limits.handshake);
  EXPECT_EQ(config.limits.request, limits.request);
  EXPECT_EQ(config.limits.idle, limits.idle);
  EXPECT_EQ(config.limits.write, limits.write);
  EXPECT_EQ(config.limits.stream_stall, limits.stream_stall);
  EXPECT_EQ(config.limits.requests_per_second, limits.requests_per_second);
  EXPECT_EQ(config.limits.query_wait_max, limits.query_wait_max);
  EXPECT_EQ(config.limits.query_records, limits.query_records);
  const Listen listen;
  EXPECT_EQ(config.listen.address, listen.address);
  EXPECT_EQ(config.listen.port, listen.port);
  EXPECT_EQ(config.listen.admin_port, listen.admin_port);
  EXPECT_EQ(config.threads.stream_workers, ThreadCounts{}.stream_workers);
  EXPECT_EQ(config.exchange.default_expiry_hours, Exchange{}.default_expiry_hours);
  EXPECT_EQ(config.exchange.query_wait, Exchange{}.query_wait);
  EXPECT_EQ(config.disk.refuse_percent, Disk{}.refuse_percent);
  EXPECT_EQ(config.log_level, Config{}.log_level);
}

TEST(Config, EveryErrorIsReportedAtOnce) {
  std::string text(default_text());
  text = replaced(text, "\"id\": \"sc\"", "\"id\": \"SC 1\"");
  text = replaced(text, "\"region\": \"510000\"", "\"region\": \"51\"");
  text = replaced(text, "\"port\": 8443", "\"prot\": 8443");
  text = replaced(text, "\"allow_tls12\": false", "\"allow_tls12\": \"no\"");
  text = replaced(text, "\"kek_epoch\": 1", "\"kek_epoch\": 0");
  text = replaced(text, "\"policy\": \"policy.json\",", "");
  text = replaced(text, "https://127.0.0.1:8444", "http://127.0.0.1:8444");
  text = replaced(text, "\"*\": {}", "\"*\": {\"id_number\": \"ignore\"}, \"x/y\": {}");
  text = replaced(text, "\"query_records\": 100", "\"query_records\": 99999999999999999999");
  text = replaced(text, "\"refuse_percent\": 90", "\"refuse_percent\": 90.5");
  text = replaced(text, "\"log_level\": \"info\"", "\"log_level\": \"loud\"");
  EXPECT_THAT(errors_of(parse_text(text)),
              UnorderedElementsAre("CONFIG_VALUE /gateway/id", "CONFIG_VALUE /gateway/region",
                                   "CONFIG_KEY_UNKNOWN /listen/prot", "CONFIG_VALUE /tls/allow_tls12",
                                   "CONFIG_VALUE /keys/kek_epoch", "CONFIG_KEY_MISSING /policy",
                                   "CONFIG_VALUE /peers/0/url", "CONFIG_VALUE /checks/*/id_number",
                                   "CONFIG_VALUE /checks/x~1y", "CONFIG_VALUE /limits/query_records",
                                   "CONFIG_VALUE /disk/refuse_percent", "CONFIG_VALUE /log_level"));
}

TEST(Config, UnknownKeysAreAnsweredWithTheKeyThatWasMeant) {
  const auto loaded =
      parse_text(replaced(std::string(default_text()), "\"connections_per_address\"", "\"connection_per_adress\""));
  ASSERT_THAT(errors_of(loaded), ElementsAre("CONFIG_KEY_UNKNOWN /limits/connection_per_adress"));
  EXPECT_THAT(std::get<std::vector<Error>>(loaded)[0].detail, HasSubstr("\"connections_per_address\""));
  EXPECT_EQ(std::get<std::vector<Error>>(loaded)[0].where, "etc/sc.json#/limits/connection_per_adress");
}

TEST(Config, AnUnknownKeyFarFromAllGetsNoGuess) {
  const auto loaded = parse_text(replaced(std::string(default_text()), "\"log_level\"", "\"zzzzzzzzzzzzz\""));
  ASSERT_THAT(errors_of(loaded), ElementsAre("CONFIG_KEY_UNKNOWN /zzzzzzzzzzzzz"));
  EXPECT_THAT(std::get<std::vector<Error>>(loaded)[0].detail, testing::Not(HasSubstr("是否应为")));
}

TEST(Config, SyntaxErrorSaysLineAndColumn) {
  const auto loaded = parse_text("{\n  \"gateway\": {,}\n}");
  ASSERT_THAT(errors_of(loaded), ElementsAre("CONFIG_SYNTAX "));
  EXPECT_THAT(std::get<std::vector<Error>>(loaded)[0].detail, HasSubstr("第 2 行第 15 字节"));
}

TEST(Config, ANumberThatNothingCanHoldIsAnError) {
  EXPECT_THAT(errors_of(parse_text("{\"gateway\": 1e999}")), ElementsAre("CONFIG_SYNTAX "));
}

TEST(Config, ARepeatedKeyIsAnError) {
  const auto loaded =
      parse_text(replaced(std::string(default_text()), "\"data\": \"var/sc\"", "\"data\": \"a\", \"data\": \"b\""));
  ASSERT_THAT(errors_of(loaded), ElementsAre("CONFIG_SYNTAX "));
  EXPECT_THAT(std::get<std::vector<Error>>(loaded)[0].detail, HasSubstr("\"data\""));
}

TEST(Config, NotAnObject) {
  EXPECT_THAT(errors_of(parse_text("[]")), testing::Contains("CONFIG_VALUE "));
  EXPECT_THAT(errors_of(parse_text("")), ElementsAre("CONFIG_SYNTAX "));
  EXPECT_THAT(errors_of(parse_text(replaced(std::string(default_text()), "\"crypto\": {\"profile\": \"international\"}",
                                            "\"crypto\": 90"))),
              ElementsAre("CONFIG_VALUE /crypto"));
}

TEST(Config, PeersMustDifferFromEachOtherAndFromThisGateway) {
  const std::string peer = R"({"id": "cq", "url": "https://h:1", "log_key": "k"})";
  const std::string self =
      R"({"id": "sc", "url": "https://h:1", "log_key": "k", "retry_min_ms": 500, "retry_max_ms": 100})";
  const std::string text =
      replaced(std::string(default_text()), "\"peers\": [", "\"peers\": [" + peer + "," + self + ",");
  EXPECT_THAT(errors_of(parse_text(text)),
              UnorderedElementsAre("CONFIG_VALUE /peers/1/id", "CONFIG_VALUE /peers/1/retry_max_ms",
                                   "CONFIG_VALUE /peers/2/id"));
}

TEST(Config, TheSmProfileNeedsItsKey) {
  const std::string text(default_text());
  const std::string sm = replaced(text, "\"profile\": \"international\"", "\"profile\": \"sm\"");
  EXPECT_THAT(errors_of(parse_text(sm)), ElementsAre("CONFIG_VALUE /crypto/profile"));
  const auto loaded = parse_text(replaced(sm, "\"sm2_log_key\": \"\"", "\"sm2_log_key\": \"sm2.key\""));
  ASSERT_THAT(errors_of(loaded), IsEmpty());
  EXPECT_EQ(std::get<Config>(loaded).crypto.profile, "sm");
  EXPECT_EQ(std::get<Config>(parse_text(text)).crypto.profile, "international");
  EXPECT_THAT(errors_of(parse_text(replaced(text, "\"profile\": \"international\"", "\"profile\": \"gm\""))),
              ElementsAre("CONFIG_VALUE /crypto/profile"));
}

TEST(Config, HubModeHasNoPeers) {
  const std::string text(default_text());
  const auto from = text.find("\"peers\"");
  const auto to = text.find("\"checks\"");
  const auto loaded = parse_text(text.substr(0, from) + text.substr(to));
  ASSERT_THAT(errors_of(loaded), IsEmpty());
  EXPECT_THAT(std::get<Config>(loaded).peers, IsEmpty());
}

TEST(Config, MissingFileIsReported) {
  EXPECT_THAT(errors_of(load("/nonexistent/sc.json")), ElementsAre("CONFIG_UNREADABLE /nonexistent/sc.json"));
}

class ConfigFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "chuanyu-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::create_directories(folder_ + "/pki");
    std::filesystem::create_directories(folder_ + "/adapters");
    for (const char* name :
         {"pki/gateway.chain.crt", "pki/trust.pem", "pki/crl.pem", "pki/cq-log.pub", "directory.json", "policy.json"}) {
      write(name, "x", 0644);
    }
    write("pki/gateway.key", "x", 0600);
    write("pki/log.key", "x", 0600);
    write("pki/kek", std::string(32, 'k'), 0600);
    write("sc.json", std::string(default_text()), 0644);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text, mode_t mode) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    ASSERT_EQ(::chmod((folder_ + "/" + name).c_str(), mode), 0);
  }
  Loaded load_it() { return load(folder_ + "/sc.json"); }

  std::string folder_;
};

TEST_F(ConfigFiles, AllThere) {
  const auto loaded = load_it();
  ASSERT_THAT(errors_of(loaded), IsEmpty());
  EXPECT_EQ(std::get<Config>(loaded).directory, folder_ + "/directory.json");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/var"));  // nothing is made
}

TEST_F(ConfigFiles, ListOfPluginsMustBeThereWhenItIsNamed) {
  write("sc.json",
        replaced(std::string(default_text()), "\"plugins_in_process\": \"\"", "\"plugins_in_process\": \"allow.json\""),
        0644);
  EXPECT_THAT(errors_of(load_it()), UnorderedElementsAre("CONFIG_UNREADABLE /plugins_in_process"));
  write("allow.json", "{}", 0644);
  EXPECT_THAT(errors_of(load_it()), IsEmpty());
}

TEST_F(ConfigFiles, EachFileIsChecked) {
  std::filesystem::remove(folder_ + "/pki/trust.pem");
  write("pki/gateway.key", "x", 0644);
  write("pki/kek", "short", 0600);
  write("policy.json", "", 0644);
  std::filesystem::remove_all(folder_ + "/adapters");
  write("adapters", "x", 0644);
  write("var", "a file where the data folder should be", 0644);
  const auto loaded = load_it();
  EXPECT_THAT(errors_of(loaded), UnorderedElementsAre("CONFIG_UNREADABLE /tls/trust", "CONFIG_UNREADABLE /tls/key",
                                                      "CONFIG_UNREADABLE /keys/kek", "CONFIG_UNREADABLE /policy",
                                                      "CONFIG_UNREADABLE /adapters", "CONFIG_UNREADABLE /data"));
  for (const auto& one : std::get<std::vector<Error>>(loaded)) {
    if (one.where.ends_with("/tls/key")) {
      EXPECT_THAT(one.detail, HasSubstr("0644"));
    }
  }
}

}  // namespace
}  // namespace chuanyu::config
