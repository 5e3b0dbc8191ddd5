#include "tests/unit/adapters/respell.h"

#include <rapidcheck.h>

#include <algorithm>

#include "adapters/formats/charset.h"
#include "tests/unit/adapters/records.h"

namespace chuanyu::adapters::testing {
namespace {

bool now_and_then(int percent) { return *rc::gen::inRange(0, 100) < percent; }

// --- JSON ---

class Json {
 public:
  Json(const std::string& text, bool with_privates) : in_(text), with_privates_(with_privates) {}

  std::string run(std::vector<std::string>& privates) {
    privates_ = &privates;
    value(0);
    return out_;
  }

 private:
  void space() {
    if (now_and_then(15)) out_ += pick<std::string>({" ", "\n  ", "\t", "\r\n"});
  }

  void string() {
    out_ += in_[at_++];
    while (in_[at_] != '"') {
      const char c = in_[at_];
      if (c == '\\') {
        out_ += in_[at_++];
      } else if (c >= '0' && c <= 'z' && now_and_then(3)) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
        out_ += escaped;
        ++at_;
        continue;
      }
      out_ += in_[at_++];
    }
    out_ += in_[at_++];
  }

  void value(int depth) {
    space();
    if (in_[at_] == '"') {
      string();
    } else if (in_[at_] == '{') {
      object(depth);
    } else if (in_[at_] == '[') {
      out_ += in_[at_++];
      while (in_[at_] != ']') {
        value(depth + 1);
        space();
        if (in_[at_] == ',') out_ += in_[at_++];
      }
      space();
      out_ += in_[at_++];
    } else {
      while (std::string("0123456789+-.eEtrufalsn").find(in_[at_]) != std::string::npos) out_ += in_[at_++];
    }
  }

  // Members in another order, with one of our own among them.
  void object(int depth) {
    ++at_;
    std::vector<std::string> members;
    std::string outer;
    outer.swap(out_);
    while (in_[at_] != '}') {
      space();
      string();
      space();
      out_ += in_[at_++];  // colon
      value(depth + 1);
      members.push_back(std::move(out_));
      out_.clear();
      if (in_[at_] == ',') ++at_;
    }
    ++at_;
    if (with_privates_ && (depth == 0 || now_and_then(10))) {
      const std::string own = "\"私有" + std::to_string(number_++) + "\": " +
                              pick<std::string>({"5.00", "[1, 2,{}]", "\"甲\\u4e59\"", "-0", "1E5", "{\"a\" :null}"});
      if (depth == 0) privates_->push_back(own);
      members.push_back(own);
    }
    if (members.size() > 1 && now_and_then(50)) {
      std::rotate(members.begin(), members.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, members.size()),
                  members.end());
    }
    out_.swap(outer);
    out_ += '{';
    for (std::size_t i = 0; i < members.size(); ++i) out_ += (i == 0 ? "" : ",") + members[i];
    space();
    out_ += '}';
  }

  const std::string& in_;
  std::size_t at_ = 0;
  std::string out_;
  bool with_privates_;
  int number_ = 0;
  std::vector<std::string>* privates_ = nullptr;
};

// --- XML ---

std::string text_run(const std::string& text) {
  if (text.find('&') == std::string::npos && now_and_then(10)) return "<![CDATA[" + text + "]]>";
  std::string out;
  bool entity = false;
  for (const char c : text) {
    entity = (entity && c != ';') || c == '&';
    if (!entity && c >= '0' && c <= 'z' && c != '<' && c != '>' && c != ';' && now_and_then(3))
      out += "&#" + std::to_string(static_cast<int>(c)) + ";";
    else
      out += c;
  }
  return out;
}

std::string tag(std::string text) {
  for (std::size_t at = text.find("=\""); at != std::string::npos; at = text.find("=\"", at)) {
    const auto end = text.find('"', at + 2);
    if (now_and_then(30) && text.substr(at, end - at).find('\'') == std::string::npos) text[at + 1] = text[end] = '\'';
    at = end;
  }
  if (text[1] != '/' && now_and_then(15)) text.insert(text.size() - (text[text.size() - 2] == '/' ? 2 : 1), " ");
  return text;
}

std::string respell_xml(const std::string& in, bool with_privates, std::vector<std::string>& privates) {
  std::string out;
  bool first = true;
  for (std::size_t at = 0; at < in.size();) {
    if (in[at] != '<') {
      const auto end = std::min(in.find('<', at), in.size());
      out += text_run(in.substr(at, end - at));
      at = end;
      continue;
    }
    const auto end = in.find('>', at) + 1;
    const bool closing = in[at + 1] == '/';
    if (!first && !closing && in[at - 1] == '>' && now_and_then(40))
      out += pick<std::string>({"\n  ", " ", "<!-- 注 -->", "<?x y?>"});
    if (with_privates && end == in.size()) {
      privates.emplace_back("<私有 a='1'> 5.00<b/></私有>");
      out += privates.back();
    }
    // <x></x> may be written <x/>
    if (!closing && in.compare(end, 2, "</") == 0 && now_and_then(50)) {
      out += tag(in.substr(at, end - at - 1) + "/>");
      at = in.find('>', end) + 1;
      continue;
    }
    out += tag(in.substr(at, end - at));
    if (with_privates && first) {
      privates.emplace_back(" 私有属性 = \"甲\"");
      out.insert(out.size() - 1, privates.back());
    }
    first = false;
    at = end;
  }
  return out;
}

// --- CSV ---

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

std::string respell_csv(const std::string& in, bool with_privates, std::vector<std::string>& privates) {
  const auto line = in.find("\r\n");
  auto names = cells(in.substr(0, line));
  auto row = cells(in.substr(line + 2, in.size() - line - 4));
  if (with_privates) {
    names.emplace_back("私有列");
    row.emplace_back("\"5.00 \"");
    privates = {"私有列", row.back()};
  }
  const auto by = *rc::gen::inRange<std::ptrdiff_t>(0, names.size());
  std::rotate(names.begin(), names.begin() + by, names.end());
  std::rotate(row.begin(), row.begin() + by, row.end());
  for (auto& cell : row) {
    if (cell.substr(0, 1) != "\"" && now_and_then(20)) cell = "\"" + cell + "\"";
  }
  const std::string end = pick<std::string>({"\r\n", "\n"});
  std::string out;
  for (const auto* cells : {&names, &row}) {
    for (std::size_t i = 0; i < cells->size(); ++i) out += (i == 0 ? "" : ",") + (*cells)[i];
    if (cells == &names || now_and_then(80)) out += end;
  }
  return out;
}

}  // namespace

Respelled respell(const Adapter& adapter, const std::string& native, bool with_privates) {
  const auto& charset = *Charset::find(adapter.profile().charset);
  std::string text;
  RC_ASSERT(charset.decode(native, text).ok());
  Respelled out;
  std::string spelled;
  switch (adapter.profile().syntax) {
    case Syntax::json: spelled = Json(text, with_privates).run(out.privates); break;
    case Syntax::xml: spelled = respell_xml(text, with_privates, out.privates); break;
    case Syntax::csv: spelled = respell_csv(text, with_privates, out.privates); break;
    case Syntax::text: spelled = text; break;  // a plug-in's own
  }
  if (now_and_then(20)) out.native = charset.byte_order_mark();
  RC_ASSERT(charset.encode(spelled, out.native).ok());
  for (auto& own : out.privates) {
    std::string bytes;
    RC_ASSERT(charset.encode(own, bytes).ok());
    own = bytes;
  }
  return out;
}

}  // namespace chuanyu::adapters::testing
