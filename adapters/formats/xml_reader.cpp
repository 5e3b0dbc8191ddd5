#include "adapters/formats/reader_base.h"
#include "adapters/formats/scan.h"

namespace chuanyu::adapters {
namespace {

constexpr std::size_t kSlack = 4096;  // how much longer than a record one token may be

// Finds the tokens of markup and counts depth; whether what stands in a record is right, Adapter::get says.
class XmlReader final : public ReaderBase {
 public:
  XmlReader(const Charset& charset, std::string list, std::string record, ReaderLimits limits)
      : ReaderBase(charset, limits), list_(std::move(list)), record_(std::move(record)) {}

  Result<Record> next() override {
    if (fatal_ || !skip_bom()) return Record{};
    while (true) {
      const Token token = scan();
      const std::size_t begin = at_;
      if (token == Token::more) return more();
      if (token == Token::bad) return fail(Code::RECORD_PARSE, "标记格式有误", begin, true);
      if (token == Token::forbidden) return fail(Code::RECORD_XML_FORBIDDEN, "不接受 DTD 与实体声明", begin, true);
      if (token != Token::text && token_end_ - begin > limits_.bytes + kSlack) return too_long(begin);
      at_ = token_end_;
      quote_ = '\0';
      scan_ = at_;
      if (in_record_) {
        if (token == Token::open) ++depth_;
        if (token == Token::close && --depth_ == 0) return finish();
        if (at_ - start_ > limits_.bytes) oversize_ = true;
        if (oversize_) start_ = at_;
        continue;
      }
      if (token == Token::open || token == Token::empty) {
        if (auto failed = element(token, begin); !failed.ok()) return failed.error();
        if (in_record_ && depth_ == 0) return finish();
      } else if (token == Token::close) {
        if (place_ != Place::list || name_ != list_) return fail(Code::RECORD_PARSE, "结束标签不成对", begin, true);
        place_ = Place::after;
      } else if (token == Token::declaration) {
        if (begin_done_) return fail(Code::RECORD_PARSE, "XML 声明只能在开头", begin, true);
        const auto label = xml_encoding(std::string_view(buffer_).substr(begin, at_ - begin));
        if (label && !charset_.accepts_label(*label)) {
          return fail(Code::RECORD_CHARSET, "XML 声明的编码与格式登记的 " + std::string(charset_.id()) + " 不符", begin,
                      true);
        }
      } else if (token == Token::text) {
        const auto text = std::string_view(buffer_).substr(begin, at_ - begin);
        if (!std::all_of(text.begin(), text.end(), is_xml_space)) {
          return fail(Code::RECORD_PARSE, "记录之外有文本", begin, true);
        }
      } else if (token == Token::cdata) {
        return fail(Code::RECORD_PARSE, "记录之外有文本", begin, true);
      }
      begin_done_ = true;
      if (!in_record_) start_ = at_;
    }
  }

 private:
  enum class Token { more, text, open, empty, close, misc, declaration, cdata, bad, forbidden };
  enum class Place { before, list, after };

  Result<Record> more() {
    if (buffer_.size() - at_ > limits_.bytes + kSlack) return too_long(at_);
    if (!last_) return Record{};
    if (place_ == Place::after && !in_record_ && at_ == buffer_.size()) return Record{};
    return fail(Code::RECORD_TRUNCATED, "文档没有结束", at_, true);
  }

  Error too_long(std::size_t begin) {
    return fail(Code::RECORD_TOO_LARGE, "单个标记超过 " + std::to_string(limits_.bytes) + " 字节", begin, true);
  }

  Status element(Token token, std::size_t begin) {
    if (place_ == Place::after) return fail(Code::RECORD_PARSE, "根元素之后还有元素", begin, true);
    if (place_ == Place::before && name_ == list_) {
      place_ = token == Token::empty ? Place::after : Place::list;
      return {};
    }
    if (place_ == Place::before) {
      if (name_ != record_) return fail(Code::RECORD_TYPE, "根元素不是此格式的", begin, true);
      place_ = Place::after;
    }
    start_ = begin;
    in_record_ = true;
    depth_ = token == Token::open ? 1 : 0;
    return {};
  }

  Result<Record> finish() {
    in_record_ = false;
    begin_done_ = true;
    ++number_;
    const bool large = oversize_ || at_ - start_ > limits_.bytes;
    oversize_ = false;
    if (large) {
      start_ = at_;
      return fail(Code::RECORD_TOO_LARGE, "单条记录超过 " + std::to_string(limits_.bytes) + " 字节", at_, false);
    }
    const Record record{std::string_view(buffer_).substr(start_, at_ - start_), number_, line(start_)};
    start_ = at_;
    return record;
  }

  Token until(std::string_view terminator, std::size_t opening, Token token) {
    const auto from = std::max(at_ + opening, scan_);
    const auto found = buffer_.find(terminator, from);
    if (found == std::string::npos) {
      scan_ = std::max(from, buffer_.size() - std::min(buffer_.size(), terminator.size() - 1));
      return Token::more;
    }
    token_end_ = found + terminator.size();
    return token;
  }

  bool starts(std::string_view word) const { return buffer_.compare(at_, word.size(), word) == 0; }

  // The token at at_; token_end_ is behind it. Every byte it looks for is below 0x40, so no part of a GB18030
  // character.
  Token scan() {
    if (at_ >= buffer_.size()) return Token::more;
    if (buffer_[at_] != '<') {
      const auto less = buffer_.find('<', std::max(at_, scan_));
      if (less == std::string::npos && !last_ && !in_record_ && buffer_.size() - at_ < kSlack)
        return scan_ = buffer_.size(), Token::more;
      token_end_ = less == std::string::npos ? buffer_.size() : less;
      return Token::text;
    }
    const std::size_t have = buffer_.size() - at_;
    const bool few = have < 9 && !last_;
    if (few && (have < 2 || (buffer_[at_ + 1] == '!' && (have < 4 || buffer_[at_ + 2] == '[')))) return Token::more;
    if (have < 2) return Token::bad;
    if (buffer_[at_ + 1] != '!' && buffer_[at_ + 1] != '?') return tag();
    if (starts("<!--")) return until("-->", 4, Token::misc);
    if (starts("<![CDATA[")) return until("]]>", 9, Token::cdata);
    if (buffer_[at_ + 1] == '!') return Token::forbidden;
    if (have < 6 && !last_) return Token::more;
    const bool declaration = starts("<?xml") && have > 5 && is_xml_space(buffer_[at_ + 5]);
    return until("?>", 2, declaration ? Token::declaration : Token::misc);
  }

  // The next '>' when nothing before it needs a closer look; otherwise where the look must begin.
  std::size_t plain_end(std::size_t from) const {
    const auto found = buffer_.find('>', from);
    if (found == std::string::npos) return from;
    for (std::size_t i = from; i < found; ++i) {
      if (buffer_[i] == '"' || buffer_[i] == '\'' || buffer_[i] == '<') return from;
    }
    return found;
  }

  Token tag() {
    std::size_t i = std::max(at_ + 1, scan_);
    if (quote_ == '\0') i = plain_end(i);
    for (; i < buffer_.size(); ++i) {
      const char c = buffer_[i];
      if (quote_ != '\0') {
        if (c == quote_) quote_ = '\0';
      } else if (c == '"' || c == '\'') {
        quote_ = c;
      } else if (c == '>') {
        break;
      } else if (c == '<') {
        return Token::bad;
      }
    }
    scan_ = i;
    if (i == buffer_.size()) return Token::more;
    token_end_ = i + 1;
    const bool closing = buffer_[at_ + 1] == '/';
    const std::size_t from = at_ + (closing ? 2 : 1);
    if (from == i || !is_xml_name(buffer_[from])) return Token::bad;
    if (!in_record_) {  // inside a record names are Adapter::get's affair
      std::size_t to = from;
      while (to < i && is_xml_name(buffer_[to])) ++to;
      name_ = std::string_view(buffer_).substr(from, to - from);
    }
    if (closing) return Token::close;
    return buffer_[i - 1] == '/' ? Token::empty : Token::open;
  }

  std::string list_;  // in the native character set
  std::string record_;
  std::string_view name_;  // of the tag just scanned; valid until the buffer changes
  Place place_ = Place::before;
  bool in_record_ = false;
  bool oversize_ = false;
  bool begin_done_ = false;
  std::size_t depth_ = 0;
  std::size_t token_end_ = 0;
  char quote_ = '\0';
};

}  // namespace

std::unique_ptr<RecordReader> make_xml_reader(const Charset& charset, const std::string& list,
                                              const std::string& record, ReaderLimits limits) {
  std::string native_list;
  std::string native_record;
  // The mapping was compiled with these names in this character set, so both can be encoded.
  if (!charset.encode(list, native_list).ok() || !charset.encode(record, native_record).ok()) return nullptr;
  return std::make_unique<XmlReader>(charset, std::move(native_list), std::move(native_record), limits);
}

}  // namespace chuanyu::adapters
