#include "adapters/adapter.h"

#include "adapters/declarative.h"
#include "adapters/explain.h"
#include "adapters/formats/readers.h"
#include "adapters/mapping/cells.h"
#include "adapters/mapping/explain.h"
#include "adapters/mapping/load.h"
#include "adapters/mapping/map.h"
#include "adapters/mapping/merge.h"
#include "adapters/mapping/put.h"
#include "adapters/mapping/wire.h"

namespace chuanyu::adapters {
namespace {

class DeclarativeAdapter final : public Adapter {
 public:
  explicit DeclarativeAdapter(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {
    const auto& p = *plan_;
    std::string head;
    std::string foot;
    if (p.profile.syntax == Syntax::xml) {
      head = "<?xml version=\"1.0\" encoding=\"" + std::string(p.charset->label()) + "\"?>\n<" + p.list_name + ">\n";
      foot = "</" + p.list_name + ">\n";
    } else if (p.profile.syntax == Syntax::csv) {
      head = p.csv_header + "\r\n";
    }
    // The names were checked against the character set when the plan was loaded.
    (void)p.charset->encode(head, head_);
    (void)p.charset->encode(foot, foot_);
  }

  const Profile& profile() const override { return plan_->profile; }

  Result<Converted> get(std::string_view native, const GetOptions& options) const override {
    Workspace& ws = workspace();
    CHUANYU_TRY(const std::string_view text, read(native, options, ws));
    Converted out;
    out.bytes.reserve(text.size() + 64);
    encode_wire(*plan_, ws, out.bytes);
    out.notes.swap(ws.notes);
    return out;
  }

  Result<Explanation> explain(std::string_view native, const GetOptions& options) const override {
    Workspace& ws = workspace();
    CHUANYU_TRY(const std::string_view text, read(native, options, ws));
    Explanation out;
    out.steps = steps_of(*plan_, ws, text, byte_order_mark(native));
    encode_wire(*plan_, ws, out.converted.bytes);
    out.converted.notes.swap(ws.notes);
    return out;
  }

  Result<Explanation> explain_put(std::string_view canonical, std::string_view old,
                                  const GetOptions& options) const override {
    CHUANYU_TRY(Explanation out, explain(old, options));
    CHUANYU_TRY(out.converted, put(canonical, old, options));
    Workspace& was = workspace();
    CHUANYU_TRY(const std::string_view text, read(old, options, was));
    Workspace& now = other_workspace();
    now.begin();
    if (!decode_wire(*plan_, canonical, now)) return std::move(now.failure);
    CHUANYU_TRY(const Edits edits, edits_of(*plan_, was, now, text));
    out.splices = splices_of(*plan_, text, byte_order_mark(old), edits);
    return out;
  }

  Result<Converted> put(std::string_view canonical, std::string_view old, const GetOptions& options) const override {
    const Plan& plan = *plan_;
    Workspace& was = workspace();
    const auto source = read(old, options, was);
    if (!source.ok()) {
      return error(Code::RECORD_RESIDUAL_STALE, "原文已不能读取：" + source.error().to_text(), source.error().where);
    }
    Converted out;
    encode_wire(plan, was, out.bytes);
    if (out.bytes == canonical) {
      out.bytes = old;
      return out;
    }
    Workspace& now = other_workspace();
    now.begin();
    if (!decode_wire(plan, canonical, now)) return std::move(now.failure);
    CHUANYU_TRY(const Edits edits, edits_of(plan, was, now, *source));
    const std::string text = applied(*source, edits, {0, static_cast<std::uint32_t>(source->size())});
    std::vector<std::pair<std::string, std::string>> before;
    for (const auto& extra : was.extras) before.emplace_back(extra.path, extra.text);
    out.bytes.assign(old, 0, byte_order_mark(old));
    if (plan.charset->is_utf8())
      out.bytes += text;
    else
      CHUANYU_CHECK(plan.charset->encode(text, out.bytes));
    CHUANYU_CHECK(read(out.bytes, options, was));
    CHUANYU_CHECK(check_put_get(plan, was, now, before));
    out.notes.swap(now.notes);
    return out;
  }

  Result<Converted> get_edited(std::string_view native, std::string_view base,
                               const GetOptions& options) const override {
    CHUANYU_TRY(const Converted written, create(base));
    Workspace before;
    CHUANYU_CHECK(read(written.bytes, options, before));
    Workspace& after = workspace();
    CHUANYU_CHECK(read(native, options, after));
    Workspace original;
    original.begin();
    if (!decode_wire(*plan_, base, original)) return std::move(original.failure);
    Workspace& out = other_workspace();
    out.begin();
    merge_edit(*plan_, original, before, after, out);
    Converted merged;
    encode_wire(*plan_, out, merged.bytes);
    merged.notes.swap(after.notes);
    return merged;
  }

  Result<Converted> create(std::string_view canonical) const override {
    const Plan& plan = *plan_;
    Workspace& ws = workspace();
    ws.begin();
    Bytes& text = ws.utf8;
    if (!decode_wire(plan, canonical, ws) || !map_backward(plan, ws) || !print_native(plan, ws, text)) {
      return std::move(ws.failure);
    }
    Converted out;
    if (plan.charset->is_utf8())
      out.bytes.assign(text);
    else
      CHUANYU_CHECK(plan.charset->encode(text, out.bytes));
    if (out.bytes.size() > plan.max_bytes + head_.size()) return too_large();  // get would not read it
    out.notes.swap(ws.notes);
    return out;
  }

  Bytes join(const std::vector<std::string_view>& records) const override {
    Bytes out = head_;
    switch (plan_->profile.syntax) {
      case Syntax::json:
        if (records.empty()) return "[]\n";
        out += '[';
        for (std::size_t i = 0; i < records.size(); ++i) {
          out += i == 0 ? "\n" : ",\n";
          out.append(records[i]);
        }
        out += "\n]\n";
        break;
      case Syntax::xml:
        for (const auto& record : records) {
          out.append(record);
          out += '\n';
        }
        out += foot_;
        break;
      case Syntax::csv:
        for (const auto& record : records) out.append(row(record));
        break;
      case Syntax::text: break;
    }
    return out;
  }

  std::unique_ptr<RecordReader> reader() const override {
    const ReaderLimits limits{plan_->max_bytes};
    switch (plan_->profile.syntax) {
      case Syntax::json: return make_json_reader(*plan_->charset, limits);
      case Syntax::xml: return make_xml_reader(*plan_->charset, plan_->list_name, plan_->record_name, limits);
      case Syntax::csv:
      case Syntax::text: break;
    }
    return make_csv_reader(*plan_->charset, limits);
  }

 private:
  // How many bytes stand before the text.
  std::size_t byte_order_mark(std::string_view native) const {
    const auto mark = plan_->charset->byte_order_mark();
    return native.starts_with(mark) ? mark.size() : 0;
  }

  // The native record into the workspace, mapped; what comes back is its text in UTF-8.
  Result<std::string_view> read(std::string_view native, const GetOptions& options, Workspace& ws) const {
    const Plan& plan = *plan_;
    ws.begin();
    if (native.size() > plan.max_bytes + head_.size()) return too_large();
    std::string_view text = native;
    if (plan.charset->is_utf8()) {
      if (!valid_utf8(text)) return plan.charset->decode(text, ws.utf8).error();
    } else {
      CHUANYU_CHECK(plan.charset->decode(native, ws.utf8));
      text = ws.utf8;
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    bool ok = false;
    switch (plan.profile.syntax) {
      case Syntax::json: ok = load_json(plan, text, ws); break;
      case Syntax::xml: ok = load_xml(plan, text, ws); break;
      case Syntax::csv: ok = load_csv(plan, text, ws); break;
      case Syntax::text: break;  // no mapping has it
    }
    if (!ok || !map_forward(plan, options, ws)) return std::move(ws.failure);
    return text;
  }

  Error too_large() const {
    return error(Code::RECORD_TOO_LARGE, "单条记录超过 " + std::to_string(plan_->max_bytes) + " 字节");
  }

  // What follows the header line.
  std::string_view row(std::string_view record) const {
    if (record.substr(0, head_.size()) == head_) return record.substr(head_.size());
    bool quoted = false;
    for (std::size_t i = 0; i < record.size(); ++i) {
      if (record[i] == '"') quoted = !quoted;
      if (record[i] == '\n' && !quoted) return record.substr(i + 1);
    }
    return {};
  }

  std::shared_ptr<const Plan> plan_;
  Bytes head_;
  Bytes foot_;
};

}  // namespace

std::vector<Result<Converted>> Adapter::get_many(const std::vector<std::string_view>& natives,
                                                 const GetOptions& options) const {
  std::vector<Result<Converted>> out;
  out.reserve(natives.size());
  for (const auto& native : natives) out.push_back(get(native, options));
  return out;
}

std::shared_ptr<const Adapter> make_declarative(std::shared_ptr<const Plan> plan) {
  return std::make_shared<DeclarativeAdapter>(std::move(plan));
}

}  // namespace chuanyu::adapters
