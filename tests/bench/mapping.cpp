// tests/bench/mapping: what one record costs in get(), create() and put(), per profile, beside protobuf's own JSON
// parser. get and put with the SHA-256 of the native bytes, put of a record whose status was changed, read back as
// always.
//
//   mapping [--json] [--seconds S]
// The fixtures of all six profiles are converted over and over; a figure is the best of several rounds of CPU time of
// this thread, so that other work on the machine disturbs it little. The last line is one JSON object.
#include <google/protobuf/util/json_util.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "gateway/crypto/digest.h"
#include "tests/support/messages.h"

namespace {

using namespace chuanyu;
using testing::message_of;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Microseconds of one call of `work` over `count` records, best of the rounds that fit into `seconds`.
double measure(double seconds, std::size_t count, const std::function<void()>& work) {
  work();
  double best = 1e9;
  const double end = cpu_seconds() + seconds;
  for (int rounds = 0; rounds < 5 || cpu_seconds() < end; ++rounds) {
    const double start = cpu_seconds();
    for (int i = 0; i < 50; ++i) work();
    best = std::min(best, (cpu_seconds() - start) / 50 / static_cast<double>(count));
  }
  return best * 1e6;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> records_of(const adapters::Adapter& adapter, const std::string& document) {
  std::vector<std::string> out;
  const auto reader = adapter.reader();
  reader->feed(document, true);
  while (true) {
    auto record = reader->next();
    if (!record.ok() || record->bytes.empty()) return out;
    out.emplace_back(record->bytes);
  }
}

// The record with another status.
std::string with_another_status(adapters::Kind kind, const std::string& wire) {
  const auto message = message_of(kind);
  if (!message->ParseFromString(wire)) std::abort();
  if (auto* credit = dynamic_cast<v1::CreditRecord*>(message.get()))
    credit->set_status(credit->status() == v1::CREDIT_STATUS_ACTIVE ? v1::CREDIT_STATUS_REVOKED
                                                                    : v1::CREDIT_STATUS_ACTIVE);
  else if (auto* licence = dynamic_cast<v1::Licence*>(message.get()))
    licence->set_status(licence->status() == v1::LICENCE_STATUS_01 ? v1::LICENCE_STATUS_03 : v1::LICENCE_STATUS_01);
  else if (auto* enforced = dynamic_cast<v1::EnforcementCase*>(message.get()))
    enforced->set_state(enforced->state() == v1::CASE_STATE_CLOSED ? v1::CASE_STATE_TERMINATED : v1::CASE_STATE_CLOSED);
  return message->SerializeAsString();
}

struct Row {
  std::string profile;
  std::size_t bytes = 0;
  double get = 0;
  double create = 0;
  double put = 0;
  double read = 0;
  double protobuf_json = 0;
};

Row measure_profile(const adapters::Adapter& adapter, const std::string& document, double seconds) {
  const auto records = records_of(adapter, document);
  Row row;
  row.profile = adapter.profile().id;
  std::vector<std::string> canonical;
  std::vector<std::string> proto_json;
  const auto message = message_of(adapter.profile().kind);
  for (const auto& record : records) {
    row.bytes += record.size() / records.size();
    canonical.push_back(adapter.get(record)->bytes);
    std::string json;
    if (!message->ParseFromString(canonical.back()) ||
        !google::protobuf::util::MessageToJsonString(*message, &json).ok())
      std::abort();
    proto_json.push_back(std::move(json));
  }
  volatile unsigned digests = 0;
  row.get = measure(seconds, records.size(), [&] {
    for (const auto& record : records) {
      if (!adapter.get(record).ok()) std::abort();
      digests = digests ^ crypto::sha256(record)[0];
    }
  });
  std::vector<std::string> changed;
  for (const auto& bytes : canonical) changed.push_back(with_another_status(adapter.profile().kind, bytes));
  row.put = measure(seconds, records.size(), [&] {
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto put = adapter.put(changed[i], records[i]);
      if (!put.ok() || put->bytes == records[i]) std::abort();
      digests = digests ^ crypto::sha256(put->bytes)[0];
    }
  });
  row.create = measure(seconds, records.size(), [&] {
    for (const auto& wire : canonical) {
      if (!adapter.create(wire).ok()) std::abort();
    }
  });
  std::string ten;  // ten times the document's records, as an import would stream them
  std::vector<std::string_view> many;
  for (int i = 0; i < 10; ++i) many.insert(many.end(), records.begin(), records.end());
  ten = adapter.join(many);
  row.read = measure(seconds, many.size(), [&] {
    const auto reader = adapter.reader();
    reader->feed(ten, true);
    std::size_t n = 0;
    for (auto record = reader->next(); record.ok() && !record->bytes.empty(); record = reader->next()) ++n;
    if (n != many.size()) std::abort();
  });
  std::string wire;
  row.protobuf_json = measure(seconds, records.size(), [&] {
    for (const auto& json : proto_json) {
      message->Clear();
      if (!google::protobuf::util::JsonStringToMessage(json, message.get()).ok()) std::abort();
      message->SerializeToString(&wire);
    }
  });
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  bool as_json = false;
  double seconds = 0.3;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      as_json = true;
    } else if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else {
      std::fprintf(stderr, "usage: mapping [--json] [--seconds S]\n");
      return 2;
    }
  }
  const std::string root = std::string(CHUANYU_SOURCE_DIR) + "/adapters";
  const auto loaded = adapters::Registry::load(root);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
    for (const auto& error : *errors) std::fprintf(stderr, "%s\n", error.to_text().c_str());
    return 1;
  }
  const auto& registry = *std::get<std::shared_ptr<const adapters::Registry>>(loaded);
  const std::pair<const char*, const char*> documents[] = {{"cq.credit.v1", "/chongqing/fixtures/cq_credit.json"},
                                                           {"cq.case.v1", "/chongqing/fixtures/cq_case.json"},
                                                           {"sc.licence.v1", "/sichuan/fixtures/sc_licence.json"},
                                                           {"cq.licence.v1", "/chongqing/fixtures/cq_licence.xml"},
                                                           {"sc.case.v1", "/sichuan/fixtures/sc_case.gb18030.xml"},
                                                           {"sc.credit.v1", "/sichuan/fixtures/sc_credit.gb18030.csv"}};
  std::vector<Row> rows;
  for (const auto& [profile, file] : documents) {
    rows.push_back(measure_profile(*registry.find(profile), read_file(root + file), seconds));
    const Row& r = rows.back();
    if (!as_json) {
      std::printf(
          "%-14s %5zu bytes  get %6.2f us  create %6.2f us  put %6.2f us  cut %5.2f us  protobuf json %6.2f us\n",
          r.profile.c_str(), r.bytes, r.get, r.create, r.put, r.read, r.protobuf_json);
    }
  }
  const auto ratio = [&](std::size_t a, std::size_t b) {
    return (rows[a].protobuf_json / rows[a].get + rows[b].protobuf_json / rows[b].get) / 2;
  };
  const auto put_ratio = [&](std::size_t a, std::size_t b) {
    return (rows[a].protobuf_json / rows[a].put + rows[b].protobuf_json / rows[b].put) / 2;
  };
  std::string detail;
  for (const auto& r : rows) {
    char text[160];
    std::snprintf(text, sizeof text, "%s\"%s\":{\"get_us\":%.2f,\"create_us\":%.2f,\"put_us\":%.2f,\"cut_us\":%.2f}",
                  detail.empty() ? "" : ",", r.profile.c_str(), r.get, r.create, r.put, r.read);
    detail += text;
  }
  std::printf(
      "{\"json_get_vs_protobuf_json\":%.2f,\"json_put_vs_protobuf_json\":%.2f,\"xml_get_vs_protobuf_json\":%.2f,"
      "\"xml_put_vs_protobuf_json\":%.2f,\"csv_get_vs_protobuf_json\":%.2f,\"profiles\":{%s}}\n",
      ratio(0, 1), put_ratio(0, 1), ratio(3, 4), put_ratio(3, 4), rows[5].protobuf_json / rows[5].get, detail.c_str());
  return 0;
}
