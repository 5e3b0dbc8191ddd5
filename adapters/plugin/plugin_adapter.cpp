#include "adapters/plugin/plugin_adapter.h"

#include <algorithm>

#include "adapters/formats/charset.h"
#include "adapters/formats/readers.h"
#include "adapters/plugin/canonical.h"
#include "adapters/plugin/diagnosis.h"
#include "adapters/plugin/explain.h"

namespace chuanyu::adapters::plugin {
namespace {

using Many = std::vector<Result<Converted>>;

bool is_loss(const Note& note) { return note.kind == Note::Kind::loss; }

class PluginAdapter final : public Adapter {
 public:
  PluginAdapter(Profile profile, const Limits& limits, std::unique_ptr<Runner> runner)
      : profile_(std::move(profile)),
        limits_(limits),
        charset_(*Charset::find(profile_.charset)),
        runner_(std::move(runner)) {}

  const Profile& profile() const override { return profile_; }

  Result<Converted> get(std::string_view native, const GetOptions& options) const override {
    return std::move(get_many({native}, options).front());
  }

  Many get_many(const std::vector<std::string_view>& natives, const GetOptions& options) const override {
    std::vector<Result<std::string>> texts;
    std::vector<Input> inputs;
    texts.reserve(natives.size());
    for (const auto& native : natives) {
      texts.push_back(decode(native));
      if (texts.back().ok()) inputs.push_back({*texts.back(), std::nullopt});
    }
    Many converted = convert(Op::get, inputs);
    Many out;
    out.reserve(natives.size());
    auto next = converted.begin();
    for (auto& text : texts) {
      if (text.ok())
        out.push_back(accepted(std::move(*next++), options));
      else
        out.emplace_back(std::move(text).error());
    }
    return out;
  }

  Result<Converted> create(std::string_view canonical) const override {
    CHUANYU_TRY(const Bytes wanted, normal_form(profile_.kind, canonical));
    CHUANYU_TRY(Converted out, write({wanted, std::nullopt}));
    const auto back = get(out.bytes, lenient());
    if (back.ok() && means(wanted, back->bytes, out.notes)) return out;
    return error(Code::LOCAL_PLUGIN_INVALID, "新写的记录读回后与所要的不同，而插件没有注明损失");
  }

  Result<Converted> put(std::string_view canonical, std::string_view old, const GetOptions& options) const override {
    CHUANYU_TRY(const Bytes wanted, normal_form(profile_.kind, canonical));
    const auto present = get(old, options);
    if (!present.ok()) {
      return error(Code::RECORD_RESIDUAL_STALE, "原文已不能读取：" + present.error().to_text(), present.error().where);
    }
    if (present->bytes == wanted) return Converted{Bytes(old), {}};
    CHUANYU_TRY(const std::string text, decode(old));
    CHUANYU_TRY(Converted out, write({wanted, text}));
    const auto back = get(out.bytes, options);
    if (back.ok() && means(wanted, back->bytes, out.notes)) return out;
    return error(Code::RECORD_LAW_PUTGET, back.ok() ? "改写后读回的记录与所要的不同" : "改写后的记录不能读回");
  }

  Result<Converted> get_edited(std::string_view native, std::string_view base,
                               const GetOptions& options) const override {
    CHUANYU_TRY(const Bytes original, normal_form(profile_.kind, base));
    CHUANYU_TRY(const Converted written, create(original));
    CHUANYU_TRY(const Converted before, get(written.bytes, lenient()));
    CHUANYU_TRY(Converted after, get(native, options));
    after.bytes = merge_edit(profile_.kind, original, before.bytes, after.bytes);
    return after;
  }

  Result<Explanation> explain(std::string_view native, const GetOptions& options) const override {
    Explanation out;
    CHUANYU_TRY(out.converted, get(native, options));
    out.steps = steps_of(profile_, native.size(), out.converted.bytes);
    return out;
  }

  Result<Explanation> explain_put(std::string_view canonical, std::string_view old,
                                  const GetOptions& options) const override {
    CHUANYU_TRY(Explanation out, explain(old, options));
    CHUANYU_TRY(out.converted, put(canonical, old, options));
    return out;
  }

  Bytes join(const std::vector<std::string_view>& records) const override {
    Bytes out;
    for (const auto& record : records) out.append(record).append("\r\n");
    return out;
  }

  std::unique_ptr<RecordReader> reader() const override { return make_line_reader(charset_, {limits_.bytes}); }

 private:
  bool means(BytesView wanted, BytesView back, const std::vector<Note>& notes) const {
    return back == wanted || (std::any_of(notes.begin(), notes.end(), is_loss) && is_part(profile_.kind, back, wanted));
  }

  // For reading back: an identifier that could be published with a warning is not refused on its way out.
  static const GetOptions& lenient() {
    static const GetOptions kLenient{
        {{"uscc", CheckAction::warn}, {"org_code", CheckAction::warn}, {"id_number", CheckAction::warn}}};
    return kLenient;
  }

  // One line as UTF-8, without its end.
  Result<std::string> decode(std::string_view native) const {
    if (native.size() > limits_.bytes) {
      return error(Code::RECORD_TOO_LARGE, "单条记录超过 " + std::to_string(limits_.bytes) + " 字节");
    }
    if (native.ends_with('\n')) native.remove_suffix(1);
    if (native.ends_with('\r')) native.remove_suffix(1);
    if (native.find('\n') != std::string_view::npos) return error(Code::RECORD_PARSE, "应为一行，即一条记录");
    std::string text;
    if (!charset_.is_utf8() || !valid_utf8(native)) {
      CHUANYU_CHECK(charset_.decode(native, text));
      return text;
    }
    return std::string(native);
  }

  Result<Converted> accepted(Result<Converted> raw, const GetOptions& options) const {
    if (!raw.ok()) return raw;
    CHUANYU_TRY(Converted out, accept(profile_.kind, raw->bytes, options));
    out.notes.insert(out.notes.begin(), raw->notes.begin(), raw->notes.end());
    return out;
  }

  // put() of the plug-in, in the native character set.
  Result<Converted> write(const Input& input) const {
    if (input.record.size() > limits_.result()) return error(Code::RECORD_TOO_LARGE, "规范记录超过插件的上限");
    CHUANYU_TRY(Converted out, std::move(convert(Op::put, {input}).front()));
    if (!valid_utf8(out.bytes)) return error(Code::LOCAL_PLUGIN_INVALID, "插件给出的文本不是 UTF-8");
    if (out.bytes.find_first_of("\r\n") != Bytes::npos) {
      return error(Code::LOCAL_PLUGIN_INVALID, "插件给出的记录含有换行");
    }
    Bytes native;
    CHUANYU_CHECK(charset_.encode(out.bytes, native));
    if (native.size() > limits_.bytes) return error(Code::RECORD_TOO_LARGE, "写出的记录超过格式上限");
    out.bytes = std::move(native);
    return out;
  }

  // In batches of the size the plug-in takes.
  Many convert(Op op, const std::vector<Input>& inputs) const {
    Many out;
    out.reserve(inputs.size());
    const std::size_t most = runner_->description().max_batch;
    for (std::size_t from = 0; from < inputs.size(); from += most) {
      const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(from);
      const auto size = static_cast<std::ptrdiff_t>(std::min(most, inputs.size() - from));
      run(op, {first, first + size}, out);
    }
    return out;
  }

  void run(Op op, const std::vector<Input>& inputs, Many& out) const {
    Result<Batch> batch = runner_->run(op, inputs);
    if (batch.ok() && batch->status == CHUANYU_FATAL) batch = error(Code::LOCAL_PLUGIN_CRASH, "插件报告不能继续");
    if (batch.ok()) {
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto native = op == Op::get ? inputs[i].record : std::string_view();
        out.push_back(diagnose(std::move(batch->outcomes[i]), batch->status, batch->late, native, gap_sets_));
      }
    } else if (inputs.size() > 1 && batch.error().code != Code::LOCAL_PLUGIN_STOPPED) {
      for (const Input& input : inputs) run(op, {input}, out);
    } else {
      for (std::size_t i = 0; i < inputs.size(); ++i) out.emplace_back(batch.error());
    }
  }

  const Profile profile_;
  const Limits limits_;
  const Charset& charset_;
  const std::unique_ptr<Runner> runner_;
  mutable GapSets gap_sets_;
};

}  // namespace

std::shared_ptr<const Adapter> make_plugin_adapter(Profile profile, const Limits& limits,
                                                   std::unique_ptr<Runner> runner) {
  return std::make_shared<PluginAdapter>(std::move(profile), limits, std::move(runner));
}

}  // namespace chuanyu::adapters::plugin
