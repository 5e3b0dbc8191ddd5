#include "adapters/mapping/wire.h"

#include <algorithm>

namespace chuanyu::adapters {
namespace {

void varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void tag(Bytes& out, std::uint32_t number, std::uint32_t type) { varint(out, std::uint64_t{number} << 3 | type); }

void bytes_field(Bytes& out, std::uint32_t number, std::string_view value) {
  tag(out, number, 2);
  varint(out, value.size());
  out.append(value);
}

// Reserves one byte for a length and makes room for more when the body turns out longer.
class Delimited {
 public:
  Delimited(Bytes& out, std::uint32_t number) : out_(out), start_(out.size()) {
    tag(out, number, 2);
    out_ += '\0';
    body_ = out_.size();
  }
  bool empty() const { return out_.size() == body_; }
  void drop() { out_.resize(start_); }
  void close() {
    const std::size_t length = out_.size() - body_;
    if (length < 0x80) {
      out_[body_ - 1] = static_cast<char>(length);
      return;
    }
    Bytes prefix;
    varint(prefix, length);
    out_.replace(body_ - 1, 1, prefix);
  }

 private:
  Bytes& out_;
  std::size_t start_;
  std::size_t body_;
};

class Encoder {
 public:
  Encoder(const Plan& plan, const Workspace& ws, Bytes& out) : plan_(plan), ws_(ws), out_(out) {}

  void message(const CanonNode& node, std::uint32_t base) {
    for (const int child : node.children) field(plan_.canonical[static_cast<std::size_t>(child)], base);
  }

 private:
  void field(const CanonNode& node, std::uint32_t base) {
    const Cell& cell = ws_.canonical[base + node.slot];
    if (node.wire == Wire::map) return ext(node);
    if (node.repeated) return list(node, cell);
    switch (node.wire) {
      case Wire::text:
        if (cell.is == Is::text && (cell.size > 0 || node.explicit_presence))
          bytes_field(out_, node.number, cell.text());
        return;
      case Wire::message: {
        Delimited body(out_, node.number);
        message(node, base);
        if (body.empty())
          body.drop();
        else
          body.close();
        return;
      }
      default:
        if (cell.is == Is::absent || (cell.number == 0 && !node.explicit_presence)) return;
        tag(out_, node.number, 0);
        varint(out_, static_cast<std::uint64_t>(cell.number));
    }
  }

  void list(const CanonNode& node, const Cell& cell) {
    if (cell.is != Is::list || cell.size == 0) return;
    const auto& scope = plan_.canon_scopes[static_cast<std::size_t>(node.item)];
    const auto& item = plan_.canonical[static_cast<std::size_t>(scope.root)];
    std::uint32_t base = cell.first;
    if (node.wire != Wire::message && node.wire != Wire::text) {  // numbers are packed
      Delimited body(out_, node.number);
      for (std::uint32_t i = 0; i < cell.size; ++i, base = ws_.canonical[base].next) {
        varint(out_, static_cast<std::uint64_t>(ws_.canonical[base].number));
      }
      return body.close();
    }
    for (std::uint32_t i = 0; i < cell.size; ++i, base = ws_.canonical[base].next) {
      if (node.wire == Wire::text) {
        bytes_field(out_, node.number, ws_.canonical[base].is == Is::text ? ws_.canonical[base].text() : "");
        continue;
      }
      Delimited body(out_, node.number);
      message(item, base);
      body.close();
    }
  }

  void ext(const CanonNode& node) {
    if (ws_.extras.empty() && ws_.foreign.empty()) return;
    std::vector<std::pair<std::string, std::string_view>> entries;
    entries.reserve(ws_.extras.size() + ws_.foreign.size());
    for (const auto& extra : ws_.extras) entries.emplace_back(plan_.ext_prefix + extra.path, extra.text);
    for (const auto& [key, value] : ws_.foreign) entries.emplace_back(key, value);
    std::sort(entries.begin(), entries.end());
    for (const auto& [key, value] : entries) {
      Delimited body(out_, node.number);
      bytes_field(out_, 1, key);
      bytes_field(out_, 2, value);
      body.close();
    }
  }

  const Plan& plan_;
  const Workspace& ws_;
  Bytes& out_;
};

class Decoder {
 public:
  Decoder(const Plan& plan, Workspace& ws) : plan_(plan), ws_(ws) {}

  bool message(const CanonNode& node, std::uint32_t base, std::string_view bytes) {
    const char* p = bytes.data();
    const char* const end = p + bytes.size();
    while (p < end) {
      std::uint64_t key = 0;
      if (!read(p, end, key) || key >> 3 == 0 || key >> 32 != 0) return bad();
      const auto number = static_cast<std::size_t>(key >> 3);
      const auto type = static_cast<unsigned>(key & 7);
      const int child = number < node.by_number.size() ? node.by_number[number] : -1;
      if (child < 0) {
        if (!skip(p, end, type)) return bad();
        unknown(number, node);
        continue;
      }
      const auto& field = plan_.canonical[static_cast<std::size_t>(child)];
      if (type == 0) {
        std::uint64_t value = 0;
        if (!read(p, end, value) || field.wire == Wire::text || field.wire == Wire::message ||
            field.wire == Wire::map) {
          return bad();
        }
        number_value(field, base, value);
      } else if (type == 2) {
        std::uint64_t length = 0;
        if (!read(p, end, length) || length > static_cast<std::uint64_t>(end - p)) return bad();
        if (!delimited(field, base, {p, static_cast<std::size_t>(length)})) return false;
        p += length;
      } else {
        return bad();
      }
    }
    return true;
  }

 private:
  bool too_large() { return ws_.fail(Code::RECORD_TOO_LARGE, "列表或 ext 的项过多", ""); }
  bool bad() { return ws_.fail(Code::RECORD_PARSE, "标准记录的字节有误", ""); }

  static bool read(const char*& p, const char* end, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(*p++);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  static bool skip(const char*& p, const char* end, unsigned type) {
    std::uint64_t value = 0;
    switch (type) {
      case 0: return read(p, end, value);
      case 1: return end - p >= 8 && (p += 8, true);
      case 2:
        if (!read(p, end, value) || value > static_cast<std::uint64_t>(end - p)) return false;
        p += value;
        return true;
      case 5: return end - p >= 4 && (p += 4, true);
      default: return false;
    }
  }

  void number_value(const CanonNode& field, std::uint32_t base, std::uint64_t raw) {
    auto value = static_cast<std::int64_t>(raw);
    if (field.wire == Wire::boolean) value = raw != 0;
    if (field.wire == Wire::enumeration) value = static_cast<std::int32_t>(raw);
    const Is is = field.wire == Wire::boolean ? Is::boolean : Is::number;
    if (field.repeated) {
      const auto item = ws_.canonical.item(base + field.slot, slots(field));
      ws_.canonical[item].set_number(value, is);
    } else if (value != 0 || field.explicit_presence) {
      ws_.canonical[base + field.slot].set_number(value, is);
    } else {
      ws_.canonical[base + field.slot].set_number(0, Is::absent);  // the last one counts, also when it takes away
    }
  }

  bool delimited(const CanonNode& field, std::uint32_t base, std::string_view body) {
    switch (field.wire) {
      case Wire::text: {
        if (!valid_utf8(body))
          return ws_.fail(Code::RECORD_CHARSET, "标准记录中的文本不是 UTF-8", place(field.path, ws_.index));
        if (field.repeated) {
          if (ws_.canonical[base + field.slot].size == kMostItems) return too_large();
          const auto item = ws_.canonical.item(base + field.slot, slots(field));
          ws_.canonical[item].set_text(body);
        } else if (!body.empty() || field.explicit_presence) {
          ws_.canonical[base + field.slot].set_text(body);
        } else {
          ws_.canonical[base + field.slot].is = Is::absent;
        }
        return true;
      }
      case Wire::message: {
        if (!field.repeated) {
          ws_.canonical[base + field.slot].is = Is::present;
          return message(field, base, body);
        }
        const auto at = base + field.slot;
        if (ws_.canonical[at].is == Is::list && ws_.canonical[at].size == kMostItems) return too_large();
        ws_.index.push_back(ws_.canonical[at].is == Is::list ? ws_.canonical[at].size : 0);
        const auto item = ws_.canonical.item(at, slots(field));
        const auto& scope = plan_.canon_scopes[static_cast<std::size_t>(field.item)];
        const bool ok = message(plan_.canonical[static_cast<std::size_t>(scope.root)], item, body);
        ws_.index.pop_back();
        return ok;
      }
      case Wire::map: return ws_.extras.size() + ws_.foreign.size() < kMostExtras ? ext(body) : too_large();
      default: {  // packed numbers
        if (!field.repeated) return bad();
        const char* p = body.data();
        const char* const end = p + body.size();
        std::uint64_t value = 0;
        while (p < end) {
          if (!read(p, end, value)) return bad();
          number_value(field, base, value);
        }
        return true;
      }
    }
  }

  bool ext(std::string_view entry) {
    std::string_view key;
    std::string_view value;
    const char* p = entry.data();
    const char* const end = p + entry.size();
    while (p < end) {
      std::uint64_t tag_value = 0;
      std::uint64_t length = 0;
      if (!read(p, end, tag_value) || (tag_value & 7) != 2 || !read(p, end, length) ||
          length > static_cast<std::uint64_t>(end - p)) {
        return bad();
      }
      const std::string_view body(p, static_cast<std::size_t>(length));
      if (!valid_utf8(body)) return ws_.fail(Code::RECORD_CHARSET, "标准记录中的文本不是 UTF-8", "ext");
      if (tag_value >> 3 == 1)
        key = body;
      else
        value = body;
      p += length;
    }
    const auto& prefix = plan_.ext_prefix;
    if (key.size() > prefix.size() && key.substr(0, prefix.size()) == prefix && key[prefix.size()] == '/') {
      const auto path = key.substr(prefix.size());
      const auto twice =
          std::find_if(ws_.extras.begin(), ws_.extras.end(), [&](const Extra& e) { return e.path == path; });
      if (twice != ws_.extras.end())
        twice->text = value;  // of a key of a map the last value counts
      else
        ws_.extras.push_back({std::string(path), value, false});
    } else {
      ws_.foreign.emplace_back(key, value);
    }
    return true;
  }

  void unknown(std::size_t number, const CanonNode& node) {
    if (ws_.notes.size() >= kMostNotes) return;
    const std::string where = place(node.path, ws_.index);
    ws_.notes.push_back({Note::Kind::loss, Code::RECORD_VALUE, "", "",
                         where.empty() ? "#" + std::to_string(number) : where + "#" + std::to_string(number),
                         "标准记录中有本网关不认识的字段，未转换"});
  }

  std::uint32_t slots(const CanonNode& field) const {
    return plan_.canon_scopes[static_cast<std::size_t>(field.item)].slots;
  }

  const Plan& plan_;
  Workspace& ws_;
};

}  // namespace

void encode_wire(const Plan& plan, const Workspace& ws, Bytes& out) {
  Encoder(plan, ws, out).message(plan.canonical[static_cast<std::size_t>(plan.canon_scopes[0].root)], 0);
}

bool decode_wire(const Plan& plan, std::string_view bytes, Workspace& ws) {
  ws.canonical.block(plan.canon_scopes[0].slots);
  return Decoder(plan, ws).message(plan.canonical[static_cast<std::size_t>(plan.canon_scopes[0].root)], 0, bytes);
}

}  // namespace chuanyu::adapters
