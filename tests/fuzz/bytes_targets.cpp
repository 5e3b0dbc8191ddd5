// What takes bytes apart before any mapping sees them: readers, character sets, HTTP framing, frames of plug-ins.
#include <algorithm>

#include "adapters/formats/charset.h"
#include "adapters/formats/readers.h"
#include "adapters/plugin/canonical.h"
#include "adapters/plugin/diagnosis.h"
#include "adapters/plugin/runner.h"
#include "gateway/transport/framing.h"
#include "tests/fuzz/laws.h"
#include "tests/fuzz/targets.h"

namespace chuanyu::fuzz {
namespace {

using adapters::Charset;
using adapters::RecordReader;

// Every record and error as text; the document arrives in pieces of `size` bytes, 0: all at once.
std::string outcome(RecordReader& reader, std::string_view document, std::size_t size, std::size_t limit) {
  std::string out;
  std::string_view rest = document;
  for (bool last = false; !last && !reader.fatal();) {
    const auto chunk = rest.substr(0, size == 0 ? rest.size() : size);
    rest.remove_prefix(chunk.size());
    last = rest.empty();
    reader.feed(chunk, last);
    while (true) {
      const auto record = reader.next();
      if (record.ok() && record->bytes.empty()) break;
      if (record.ok()) {
        must(record->bytes.size() <= 2 * limit + 2, "a record keeps to the limit");
        out += std::to_string(record->number) + "@" + std::to_string(record->line) + ":" + std::string(record->bytes) +
               "\n";
      } else {
        must_be_record_error(record.error());
        out +=
            (reader.fatal() ? "!!" : "!") + std::string(to_string(record.error().code)) + record.error().where + "\n";
        if (reader.fatal()) break;
      }
    }
  }
  return out;
}

template <typename Make>
void any_chunks(std::string_view input, const Make& make) {
  const unsigned char how = first(input);
  const std::uint32_t limit = how & 1 ? 64 : 4096;
  const auto one = make(how & 2, limit);
  const auto many = make(how & 2, limit);
  const auto at_once = outcome(*one, input, 0, limit);
  const auto in_pieces = outcome(*many, input, 1 + (how >> 2), limit);
  must(at_once == in_pieces, "the outcome does not depend on the chunks", at_once + "--\n" + in_pieces);
}

const Charset& charset_of(bool gb) { return *Charset::find(gb ? "gb18030-2022" : "utf-8"); }

}  // namespace

void json_reader(std::string_view input) {
  any_chunks(input, [](bool gb, std::uint32_t limit) { return adapters::make_json_reader(charset_of(gb), {limit}); });
}

void xml_reader(std::string_view input) {
  any_chunks(input, [](bool gb, std::uint32_t limit) {
    return adapters::make_xml_reader(charset_of(gb), gb ? "案件集" : "l", gb ? "案件" : "r", {limit});
  });
}

void csv_reader(std::string_view input) {
  any_chunks(input, [](bool gb, std::uint32_t limit) { return adapters::make_csv_reader(charset_of(gb), {limit}); });
}

void charset(std::string_view input) {
  for (const char* id : {"utf-8", "gb18030-2022", "gb18030-2000", "gbk"}) {
    const auto& set = *Charset::find(id);
    std::string utf8;
    std::string bytes;
    if (const auto decoded = set.decode(input, utf8); decoded.ok()) {
      must(adapters::valid_utf8(utf8), "decode gives UTF-8", id);
      must(set.encode(utf8, bytes).ok() && bytes == input, "encode undoes decode", id);
    } else {
      must_be_record_error(decoded.error());
    }
    utf8.clear();
    bytes.clear();
    if (!adapters::valid_utf8(input)) continue;
    if (const auto encoded = set.encode(input, bytes); encoded.ok())
      must(set.decode(bytes, utf8).ok() && utf8 == input, "decode undoes encode", id);
    else
      must_be_record_error(encoded.error());
  }
}

namespace {

// A line a request, and the code of the refusal that ended the stream.
std::string requests(std::string_view stream, std::size_t size) {
  transport::FramingLimits limits;
  limits.header_count = 10;
  limits.header_bytes = 600;
  limits.target_bytes = 100;
  transport::Framer framer(limits);
  std::string out;
  std::string body;
  while (!stream.empty()) {
    std::string_view in = stream.substr(0, size);
    stream.remove_prefix(in.size());
    while (true) {
      const auto step = framer.consume(in);
      must(step.used <= in.size(), "no more bytes are used than there are");
      in.remove_prefix(step.used);
      using Event = transport::Framer::Event;
      if (step.event == Event::need_more) break;
      if (step.event == Event::head) framer.accept_body(1000);
      if (step.event == Event::body) body.append(step.body);
      if (step.event == Event::failed) return out + std::string(to_string(framer.error().code));
      if (step.event != Event::done) continue;
      must(body.size() <= 1000, "a body keeps to the limit");
      out += framer.head().text + framer.head().path + "?" + framer.head().query + "\n" + body + "\n";
      body.clear();
      framer.reset();
    }
  }
  return out;
}

}  // namespace

void http_framing(std::string_view input) {
  const std::size_t size = 1 + first(input) % 64;
  must(requests(input, input.size()) == requests(input, size), "requests do not depend on the reads");
}

void plugin_frames(std::string_view input) {
  constexpr std::uint64_t kLimit = 4096;
  const std::size_t count = 1 + first(input) % 8;
  const std::string copy(input);  // of its own, so that reading beyond its end is seen
  auto outcomes =
      adapters::plugin::read_frames(reinterpret_cast<const std::uint8_t*>(copy.data()), copy.size(), count, kLimit);
  if (!outcomes.ok()) {
    must(outcomes.error().code == Code::LOCAL_PLUGIN_INVALID, "frames that do not hold together are the plug-in's");
    return;
  }
  must(outcomes->size() == count, "an outcome for each record");
  for (auto& outcome : *outcomes) {
    adapters::plugin::GapSets sets;
    const auto said = adapters::plugin::diagnose(std::move(outcome), CHUANYU_OK, false, input.substr(0, 64), sets);
    if (!said.ok()) {
      must(adapters::valid_utf8(said.error().to_text()), "a refusal is text");
      continue;
    }
    for (const auto& note : said->notes) must(adapters::valid_utf8(note.message), "a note is text");
    const auto accepted = adapters::plugin::accept(adapters::Kind::enforcement_case, said->bytes, {});
    if (!accepted.ok()) continue;
    const auto normal = adapters::plugin::normal_form(adapters::Kind::enforcement_case, accepted->bytes);
    must(normal.ok() && *normal == accepted->bytes, "what is accepted is canonical");
  }
}

}  // namespace chuanyu::fuzz
