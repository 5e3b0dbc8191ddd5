// From the directory's JSON text to a Directory: every check of the file, every error at once.
#include <algorithm>
#include <regex>

#include "gateway/identity/directory.h"
#include "gateway/identity/json_file.h"
#include "schemas/identifiers.h"

namespace chuanyu::identity {
namespace {

constexpr std::size_t kMaxGatewayPins = 2;  // the one in use and the one that comes next or was before

bool is_digits(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_gateway_id(std::string_view text) {
  return !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::optional<crypto::Digest> to_digest(std::string_view hex) {
  const auto bytes = from_hex(hex);
  crypto::Digest out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace

class DirectoryReader {
 public:
  explicit DirectoryReader(std::string_view json)
      : text_(json), file_(json), directory_(std::shared_ptr<Directory>(new Directory)) {}

  std::variant<std::shared_ptr<const Directory>, std::vector<Error>> read() {
    if (const auto root = file_.root()) {
      root->only_keys({"version", "authorities", "parties"});
      root->text("version", Need::optional);
      for (const JsonNode& node : root->objects("authorities", Need::optional)) read_authority(node);
      for (const JsonNode& node : root->objects("parties", Need::mandatory)) read_party(node);
      for (const auto& [home, pointer] : homes_) {
        if (!directory_->gateways_.contains(home)) {
          root->fail(Code::CONFIG_VALUE, "名录中没有网关 " + home + "（角色为 gateway 的系统，其机构的 home 与之相同）",
                     pointer);
        }
      }
    }
    if (!file_.errors().empty()) return std::move(file_.errors());
    directory_->text_ = std::string(text_);
    directory_->digest_ = crypto::sha256(text_);
    return std::shared_ptr<const Directory>(directory_);
  }

 private:
  void read_authority(const JsonNode& node) {
    node.only_keys({"name", "root", "regions"});
    Authority authority;
    authority.name = node.text("name", Need::mandatory).value_or("");
    if (const auto root = node.text("root", Need::mandatory)) {
      const auto digest = to_digest(*root);
      if (!digest) node.fail(Code::CONFIG_VALUE, "应为根证书 SHA-256 的 64 位十六进制", node.pointer("root"));
      authority.root = digest.value_or(crypto::Digest{});
    }
    for (const JsonText& region : node.texts("regions", Need::mandatory)) {
      if (!is_digits(region.text, 2, 6)) node.fail(Code::CONFIG_VALUE, "应为 2 至 6 位行政区划前缀", region.pointer);
      authority.regions.push_back(region.text);
    }
    directory_->authorities_.push_back(std::move(authority));
  }

  void read_party(const JsonNode& node) {
    node.only_keys({"uscc", "name", "region", "home", "profiles", "systems"});
    Party party;
    party.uscc = read_uscc(node);
    party.name = node.text("name", Need::mandatory).value_or("");
    party.region = node.text("region", Need::mandatory).value_or("");
    if (!party.region.empty() && !is_digits(party.region, 6, 6)) {
      node.fail(Code::CONFIG_VALUE, "行政区划应为 6 位数字", node.pointer("region"));
    }
    party.home = node.text("home", Need::mandatory).value_or("");
    if (is_gateway_id(party.home)) {
      homes_.try_emplace(party.home, node.pointer("home"));
    } else if (!party.home.empty()) {
      node.fail(Code::CONFIG_VALUE, "网关标识应为 1 至 16 个小写字母、数字或连字符", node.pointer("home"));
    }
    for (const JsonText& profile : node.members("profiles")) read_profile(node, profile, party);
    for (const JsonNode& system : node.objects("systems", Need::optional)) read_system(system, party);
    if (party.uscc.empty()) return;
    const std::string uscc = party.uscc;
    if (!directory_->parties_.try_emplace(uscc, std::move(party)).second) {
      node.fail(Code::CONFIG_VALUE, "统一社会信用代码重复", node.pointer("uscc"));
    }
  }

  static std::string read_uscc(const JsonNode& node) {
    const auto text = node.text("uscc", Need::mandatory);
    if (!text) return {};
    const auto checked = schemas::check_uscc(*text);
    if (checked.ok() && checked.value == *text) return *text;
    node.fail(Code::CONFIG_VALUE,
              "统一社会信用代码有误：" +
                  (checked.ok() ? std::string("应为大写") : std::string(schemas::to_chinese(checked.fault))),
              node.pointer("uscc"));
    return {};
  }

  static void read_profile(const JsonNode& node, const JsonText& profile, Party& party) {
    static const std::regex kForm("[a-z][a-z0-9]{0,15}\\.(credit|licence|case)\\.v[1-9][0-9]{0,3}");
    std::smatch match;
    if (profile.key != "credit" && profile.key != "licence" && profile.key != "case") {
      node.fail(Code::CONFIG_KEY_UNKNOWN, "记录种类应为 credit、licence 或 case", profile.pointer);
    } else if (!std::regex_match(profile.text, match, kForm)) {
      node.fail(Code::CONFIG_VALUE, "格式名应形如 sc.credit.v1", profile.pointer);
    } else if (match[1] != profile.key) {
      node.fail(Code::CONFIG_VALUE, "格式名的种类与键不一致", profile.pointer);
    } else {
      party.profiles.emplace(profile.key, profile.text);
    }
  }

  void read_system(const JsonNode& node, const Party& party) {
    node.only_keys({"urn", "suspended", "pins"});
    System system;
    system.suspended = node.flag("suspended", false);
    for (const JsonText& pin : node.texts("pins", Need::optional)) {
      const auto digest = to_digest(pin.text);
      if (!digest) node.fail(Code::CONFIG_VALUE, "公钥指纹应为 SHA-256 的 64 位十六进制", pin.pointer);
      if (digest) system.pins.push_back(*digest);
    }
    const auto text = node.text("urn", Need::mandatory);
    if (!text) return;
    auto urn = parse_urn(*text);
    if (!urn.ok()) {
      node.fail(Code::CONFIG_VALUE, urn.error().detail, node.pointer("urn"));
      return;
    }
    if (!party.uscc.empty() && urn->uscc != party.uscc) {
      node.fail(Code::CONFIG_VALUE, "身份标识中的统一社会信用代码与机构不一致", node.pointer("urn"));
    }
    if (urn->region != party.region) {
      node.fail(Code::CONFIG_VALUE, "身份标识中的行政区划与机构不一致", node.pointer("urn"));
    }
    system.urn = std::move(*urn);
    const std::size_t index = directory_->systems_.size();
    if (!directory_->by_urn_.try_emplace(*text, index).second) {
      node.fail(Code::CONFIG_VALUE, "身份标识重复", node.pointer("urn"));
    }
    if (system.urn.role == Role::gateway) check_gateway(node, system, party.home, index);
    directory_->systems_.push_back(std::move(system));
  }

  void check_gateway(const JsonNode& node, const System& system, const std::string& id, std::size_t index) {
    if (!directory_->gateways_.try_emplace(id, index).second) {
      node.fail(Code::CONFIG_VALUE, "网关 " + id + " 已有登记，一个网关只有一个身份标识", node.pointer("urn"));
    }
    if (system.pins.empty() || system.pins.size() > kMaxGatewayPins) {
      node.fail(Code::CONFIG_VALUE, "网关必须固定 1 或 2 个公钥指纹", node.pointer("pins"));
    }
  }

  std::string_view text_;
  JsonFile file_;
  std::shared_ptr<Directory> directory_;
  std::map<std::string, std::string> homes_;  // gateway id -> pointer of its first mention
};

std::variant<std::shared_ptr<const Directory>, std::vector<Error>> Directory::parse(std::string_view json) {
  return DirectoryReader(json).read();
}

std::variant<std::shared_ptr<const Directory>, std::vector<Error>> Directory::load(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text.ok()) return std::vector<Error>{text.error()};
  auto parsed = parse(*text);
  if (auto* errors = std::get_if<std::vector<Error>>(&parsed)) {
    for (Error& error : *errors)  // "file#/json/pointer" or "file:line:column"
      error.where = path + (error.where.starts_with('/') ? "#" : error.where.empty() ? "" : ":") + error.where;
  }
  return parsed;
}

}  // namespace chuanyu::identity
