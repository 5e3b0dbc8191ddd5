#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapters/plugin/call.h"
#include "tests/fuzz/laws.h"
#include "tests/fuzz/targets.h"

namespace chuanyu::fuzz {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Frames as a plug-in's calls make them.
std::string frames(std::string_view canonical) {
  std::string area(8192, '\0');
  adapters::plugin::Call call(reinterpret_cast<std::uint8_t*>(area.data()), area.size(), 4, {4096, 4096, 0});
  const auto view = [](std::string_view text) {
    return chuanyu_view{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  };
  chuanyu_diag diag{};
  diag.struct_size = sizeof diag;
  diag.severity = CHUANYU_ERROR;
  diag.message = view("案号 510902198503129972 有误");
  call.emit(0, view(canonical.substr(0, 4096)));
  call.emit(1, view("x"));
  call.diag(1, &diag);
  call.emit(9, view(""));
  area.resize(call.used());
  return "\x03" + area;
}

void documents(std::vector<Seed>& out) {
  for (const auto& entry : fs::recursive_directory_iterator(CHUANYU_SOURCE_DIR "/adapters")) {
    const auto name = entry.path().filename().string();
    const bool native = name.find(".in.") != std::string::npos || entry.path().parent_path().filename() == "fixtures";
    if (!entry.is_regular_file() || entry.file_size() > 16384) continue;
    const auto text = read_file(entry.path());
    if (name.ends_with(".mapping.json")) out.push_back({"spec", text});
    if (!native) continue;
    out.push_back({"charset", text.substr(0, 2048)});
    for (const std::string syntax : {"json", "xml", "csv"}) {
      if (!name.ends_with("." + syntax)) continue;
      out.push_back({syntax + "_reader", "\x22" + text});
      out.push_back({syntax + "_reader", "\x1D" + text});
    }
  }
}

void records(unsigned char picked, std::vector<Seed>& out) {
  const auto& adapter = profile(picked);
  const std::string byte(1, static_cast<char>(picked));
  unsigned char n = 0;
  for (const auto& record : fixtures(adapter)) {
    out.push_back({"get", byte + record});
    out.push_back({"put", byte + "\n--\n" + record});
    out.push_back(
        {"put", byte + static_cast<char>(n) + "a甲乙\xFF" + static_cast<char>(n + 7) + "\x01丙\n--\n" + record});
    out.push_back({"get_edited", byte + static_cast<char>(n++)});
    const auto canonical = adapter.get(record);
    if (!canonical.ok()) continue;
    out.push_back({"create", byte + canonical->bytes});
    if (n == 1) out.push_back({"plugin_frames", frames(canonical->bytes)});
  }
}

}  // namespace

std::vector<Seed> seeds() {
  std::vector<Seed> out = {
      {"http_framing", "\x07POST /a%2Fb?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.0\r\n\r\n"},
      {"http_framing",
       "\x02PUT /v1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
       "3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nT: t\r\n\r\n"},
      {"json_reader", "\x05{\"a\":1}\n  \n{\"a\":\n2}"},
      {"spec",
       "{\"mapping\":\"t\",\"version\":\"1\",\"kind\":\"case\",\"canonical\":\"chuanyu.v1.EnforcementCase\","
       "\"media_type\":\"x\",\"native\":{\"format\":\"json\"},\"rules\":[{\"kind\":\"prism\",\"n\":\"/a\","
       "\"cases\":[{\"when\":{\"eq\":\"x\"},\"c\":\"source\",\"const\":\"y\"},{\"else\":{\"c\":\"case_no\","
       "\"as\":{\"text\":{\"max\":9}}}}]}]}"},
  };
  documents(out);
  for (unsigned char picked = 0; picked < profiles().size(); ++picked) records(picked, out);
  return out;
}

}  // namespace chuanyu::fuzz
