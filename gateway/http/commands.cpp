#include "gateway/http/commands.h"

#include <charconv>
#include <optional>
#include <utility>

#include "adapters/formats/charset.h"
#include "gateway/http/metadata.h"
#include "gateway/http/request_json.h"
#include "schemas/canonical_json.h"

namespace chuanyu::http {
namespace {

constexpr std::uint64_t kInboxLimit = 100;
constexpr std::uint64_t kInboxWaitSeconds = 60;
constexpr std::int64_t kQueryWaitSeconds = 60;

Status check_media(const transport::Request& request, const identity::Principal& caller, std::string_view kind,
                   const exchange::World& world) {
  const auto adapter = world.adapter(caller.party(), kind);
  if (!adapter) return error(Code::CLIENT_PROFILE_UNKNOWN, "名录未登记本机构这类记录的格式，或该格式未装载");
  if (!media_fits(request.header("Content-Type"), adapter->profile().syntax)) {
    return error(Code::CLIENT_MEDIA_TYPE,
                 "本机构的格式 " + adapter->profile().id + " 要求 " + adapter->profile().media_type, "Content-Type");
  }
  return {};
}

Result<exchange::Command> command_from_headers(const transport::Request& request, Caller caller,
                                               std::string_view what) {
  exchange::Command command;
  CHUANYU_TRY(command.idempotency_key, idempotency_key(request));
  CHUANYU_TRY(command.purpose, purpose_from_headers(request, what));
  command.principal = std::move(caller);
  return command;
}

// A record inside a JSON envelope: an object as it stands, text of XML or CSV, or the exact bytes.
Result<Bytes> enveloped_record(RequestJson& envelope, const adapters::Adapter& adapter) {
  const std::string_view object = envelope.raw("record");
  const std::string_view quoted = envelope.raw("recordText");
  const std::string_view base64 = envelope.raw("recordBase64");
  const int given = (object.empty() ? 0 : 1) + (quoted.empty() ? 0 : 1) + (base64.empty() ? 0 : 1);
  if (given == 0) return error(Code::CLIENT_FIELD_MISSING, "须给出 record、recordText 或 recordBase64", "/record");
  if (given > 1) return error(Code::CLIENT_FIELD_INVALID, "record、recordText、recordBase64 只能给出一个", "/record");
  if (!object.empty()) return Bytes(object);
  if (!base64.empty()) {
    // A large text member: the reader's own limit does not apply to content.
    auto bytes = from_base64(base64.size() >= 2 ? base64.substr(1, base64.size() - 2) : std::string_view());
    if (!bytes) return error(Code::CLIENT_FIELD_INVALID, "须为 RFC 4648 base64", "/recordBase64");
    return std::move(*bytes);
  }
  const adapters::Charset* charset = adapters::Charset::find(adapter.profile().charset);
  std::string native;
  CHUANYU_TRY(const std::string text, unquoted(quoted));
  if (charset == nullptr) return error(Code::LOCAL_INTERNAL, "没有该格式的字符集");
  if (Status encoded = charset->encode(text, native); !encoded.ok()) {
    return error(encoded.error().code, encoded.error().detail, "/recordText");
  }
  return native;
}

Result<exchange::PushCommand> push_from_json(transport::Request& request, Caller caller, const exchange::World& world) {
  CHUANYU_TRY(RequestJson envelope, RequestJson::parse(request.body));
  exchange::PushCommand push;
  CHUANYU_TRY(push.command.idempotency_key, idempotency_key(request));
  const std::string type = envelope.text("type", true);
  push.to = envelope.text("to", true);
  push.in_reply_to = envelope.uuid("inReplyTo");
  push.expires_at = envelope.time("expiresAt");
  push.record = type == "record";
  push.what = push.record ? envelope.text("kind", true) : type;
  const std::string_view message = push.record ? std::string_view() : envelope.raw("message");
  // Asked for here so that status() knows them; enveloped_record() reads them.
  if (push.record)
    static_cast<void>(envelope.raw("record").size() + envelope.raw("recordText").size() +
                      envelope.raw("recordBase64").size());
  auto purpose = purpose_from_json(envelope, push.what);
  CHUANYU_CHECK(envelope.status());
  if (!purpose.ok()) return purpose.error();
  push.command.purpose = std::move(*purpose);
  push.command.principal = std::move(caller);
  if (!push.record) {
    if (schemas::find_message_type(type) == nullptr) return error(Code::CLIENT_FIELD_INVALID, "没有这种函件", "/type");
    if (message.empty()) return error(Code::CLIENT_FIELD_MISSING, "必填", "/message");
    push.native = message;
    return push;
  }
  CHUANYU_CHECK(adapters::parse_kind(push.what).ok() ? Status()
                                                     : Status(error(Code::CLIENT_KIND_UNKNOWN, "", "/kind")));
  const auto adapter = world.adapter(push.command.principal->party(), push.what);
  if (!adapter) return error(Code::CLIENT_PROFILE_UNKNOWN, "名录未登记本机构这类记录的格式，或该格式未装载", "/kind");
  CHUANYU_TRY(push.native, enveloped_record(envelope, *adapter));
  return push;
}

Result<exchange::PushCommand> push_from_headers(transport::Request& request, Caller caller,
                                                const exchange::World& world) {
  exchange::PushCommand push;
  CHUANYU_TRY(push.what, text_header(request, "Chuanyu-Kind"));
  CHUANYU_TRY(push.to, text_header(request, "Chuanyu-To"));
  if (push.what.empty()) return error(Code::CLIENT_FIELD_MISSING, "必填", "Chuanyu-Kind");
  if (push.to.empty()) return error(Code::CLIENT_FIELD_MISSING, "必填", "Chuanyu-To");
  CHUANYU_TRY(const adapters::Kind kind, adapters::parse_kind(push.what));
  CHUANYU_CHECK(check_media(request, *caller, adapters::to_string(kind), world));
  CHUANYU_TRY(push.command, command_from_headers(request, std::move(caller), push.what));
  push.native = std::move(request.body);
  return push;
}

Result<std::uint64_t> number_parameter(const transport::Request& request, std::string_view name,
                                       std::uint64_t otherwise, std::uint64_t most) {
  const auto text = request.parameter(name);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failure != std::errc() || end != text->data() + text->size() || value > most) {
    return error(Code::CLIENT_FIELD_INVALID, "须为不大于 " + std::to_string(most) + " 的整数", "?" + std::string(name));
  }
  return value;
}

}  // namespace

Result<exchange::PublishCommand> publish_command(transport::Request& request, Caller caller, std::string_view tail,
                                                 const exchange::World& world) {
  exchange::PublishCommand command;
  std::string_view kind = tail.substr(0, tail.find('/'));
  constexpr std::string_view kPrefix = "/v1/records/";
  if (request.path.size() > kPrefix.size() + tail.size()) {  // the route fixed the kind
    kind =
        std::string_view(request.path).substr(kPrefix.size(), request.path.size() - kPrefix.size() - tail.size() - 1);
    command.id = tail;
  } else if (kind.size() < tail.size()) {
    command.id = tail.substr(kind.size() + 1);
  }
  CHUANYU_TRY(command.kind, adapters::parse_kind(kind));
  if (command.id.empty()) return error(Code::CLIENT_ROUTE_UNKNOWN, "路径须为 /v1/records/{kind}/{id}");
  CHUANYU_CHECK(check_media(request, *caller, kind, world));
  CHUANYU_TRY(command.command, command_from_headers(request, std::move(caller), "publish"));
  command.native = std::move(request.body);
  return command;
}

Result<exchange::ImportCommand> import_command(transport::Request& request, Caller caller, std::string_view tail,
                                               const exchange::World& world) {
  exchange::ImportCommand command;
  CHUANYU_TRY(command.kind, adapters::parse_kind(tail));
  CHUANYU_CHECK(check_media(request, *caller, tail, world));
  CHUANYU_TRY(command.command, command_from_headers(request, std::move(caller), "publish"));
  if (request.stream == nullptr) return error(Code::LOCAL_INTERNAL, "导入接口没有得到数据流");
  command.read = [stream = request.stream] { return stream->read(); };
  return command;
}

Result<exchange::PushCommand> push_command(transport::Request& request, Caller caller, const exchange::World& world) {
  const bool json_envelope =
      media_fits(request.header("Content-Type"), adapters::Syntax::json) && request.header("Chuanyu-Kind").empty();
  return json_envelope ? push_from_json(request, std::move(caller), world)
                       : push_from_headers(request, std::move(caller), world);
}

Result<exchange::QueryCommand> query_command(transport::Request& request, Caller caller) {
  if (!media_fits(request.header("Content-Type"), adapters::Syntax::json)) {
    return error(Code::CLIENT_MEDIA_TYPE, "须为 application/json", "Content-Type");
  }
  CHUANYU_TRY(RequestJson envelope, RequestJson::parse(request.body));
  exchange::QueryCommand query;
  CHUANYU_TRY(query.command.idempotency_key, idempotency_key(request));
  const std::string kind = envelope.text("kind", true);
  if (auto subject = envelope.object("subject")) {
    query.uscc = subject->text("uscc");
    query.id_no = subject->text("idNo");
    query.record_id = subject->text("id");
    envelope.include(*subject);
  }
  query.owner = envelope.text("owner");
  query.gateway = envelope.text("gateway");
  query.list_kinds = envelope.texts("listKinds");
  const auto wait = envelope.integer("waitSeconds", 1, kQueryWaitSeconds);
  if (wait) query.wait = std::chrono::seconds(*wait);
  auto purpose = purpose_from_json(envelope, kind);
  CHUANYU_CHECK(envelope.status());
  if (!purpose.ok()) return purpose.error();
  const auto known = adapters::parse_kind(kind);
  if (!known.ok()) return error(Code::CLIENT_KIND_UNKNOWN, "须为 credit、licence 或 case", "/kind");
  query.kind = *known;
  query.command.purpose = std::move(*purpose);
  query.command.principal = std::move(caller);
  return query;
}

Result<bool> wants_document(const transport::Request& request, const identity::Principal& caller, adapters::Kind kind,
                            const exchange::World& world) {
  const std::string_view accept = request.header("Accept");
  if (accept.empty() || accept.find("*/*") != std::string_view::npos ||
      accept.find("application/json") != std::string_view::npos)
    return false;
  const auto adapter = world.adapter(caller.party(), adapters::to_string(kind));
  if (adapter && media_fits(accept, adapter->profile().syntax)) return true;
  return error(Code::CLIENT_NOT_ACCEPTABLE, "可用 application/json 或本机构格式的类型", "Accept");
}

Result<exchange::EraseCommand> erase_command(const transport::Request& request, Caller caller) {
  if (!media_fits(request.header("Content-Type"), adapters::Syntax::json)) {
    return error(Code::CLIENT_MEDIA_TYPE, "须为 application/json", "Content-Type");
  }
  CHUANYU_TRY(RequestJson envelope, RequestJson::parse(request.body));
  exchange::EraseCommand command;
  command.principal = std::move(caller);
  const std::vector<std::string> exchanges = envelope.texts("exchanges");
  command.basis = envelope.text("basis", true);
  command.approver = envelope.text("approver", true);
  CHUANYU_CHECK(envelope.status());
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    const auto id = Uuid::parse(exchanges[i]);
    if (!id) return error(Code::CLIENT_FIELD_INVALID, "交换编号须为 UUID", "/exchanges/" + std::to_string(i));
    command.exchanges.push_back(*id);
  }
  return command;
}

Result<QuarantinePage> quarantine_page(const transport::Request& request) {
  constexpr std::size_t kLongestCursor = 128;
  QuarantinePage page;
  page.after = request.parameter("after").value_or("");
  if (page.after.size() > kLongestCursor || !from_hex(page.after))
    return error(Code::CLIENT_FIELD_INVALID, "须为上一页所给的 next", "?after");
  CHUANYU_TRY(page.limit, number_parameter(request, "limit", kInboxLimit, kInboxLimit));
  return page;
}

Result<InboxPage> inbox_page(const transport::Request& request) {
  InboxPage page;
  CHUANYU_TRY(page.after, number_parameter(request, "after", 0, UINT64_MAX - 1));
  CHUANYU_TRY(page.limit, number_parameter(request, "limit", kInboxLimit, kInboxLimit));
  CHUANYU_TRY(const std::uint64_t wait, number_parameter(request, "wait", 0, kInboxWaitSeconds));
  page.wait = std::chrono::seconds(wait);
  return page;
}

}  // namespace chuanyu::http
