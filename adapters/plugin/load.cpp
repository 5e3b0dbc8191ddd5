#include "adapters/plugin/load.h"

#include <filesystem>

#include "adapters/plugin/canonical.h"
#include "adapters/plugin/declaration.h"
#include "adapters/plugin/plugin_adapter.h"
#include "adapters/plugin/self_test.h"

namespace chuanyu::adapters::plugin {
namespace {

std::string default_worker() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  return (self.parent_path() / "chuanyu-adapter-worker").string();
}

// What the library says it is must be what the declaration says, and what this gateway exchanges.
void check(const Declaration& declared, const Description& found, std::vector<Error>& errors) {
  const auto wrong = [&](const char* key, std::string detail) {
    errors.push_back(error(Code::LOCAL_PLUGIN_ABI, std::move(detail), declared.file + "#/" + key));
  };
  const Profile& profile = declared.profile;
  if (found.record_type != message_name(profile.kind)) {
    wrong("kind", "插件的记录类型不是 " + message_name(profile.kind));
  } else if (found.canonical_fp != message_fingerprint(profile.kind)) {
    wrong("library", "插件按另一版规范记录构建（指纹不符），请用本版 adapters/sdk/canonical.h 重新构建");
  }
  if (std::string_view(found.native_format) != "text") wrong("library", "插件的 native_format 应为 text");
  if (found.native_charset[0] != 0 && found.native_charset != profile.charset) {
    wrong("charset", "插件只用于另一种字符集");
  }
  constexpr std::uint64_t kAll = CHUANYU_CAP_GET | CHUANYU_CAP_PUT | CHUANYU_CAP_CREATE;
  if ((found.caps & kAll) != kAll) wrong("library", "插件须支持 GET、PUT、CREATE 三种转换");
  if (found.max_batch == 0 || found.max_batch > CHUANYU_MAX_BATCH) wrong("library", "插件的 max_batch 超出范围");
}

std::uint64_t fingerprint(const Declaration& declared) {
  std::uint64_t h = message_fingerprint(declared.profile.kind);
  for (const std::string* text : {&declared.sha256, &declared.config, &declared.profile.charset}) {
    for (const char c : *text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return h;
}

}  // namespace

Loader::Loader(const PluginOptions& options, std::vector<Error>& errors)
    : worker_(options.worker.empty() ? default_worker() : options.worker),
      in_process_(parse_allow_list(options.allow, errors)),
      errors_(errors) {}

std::shared_ptr<const Adapter> Loader::load(const std::string& declaration_file) {
  const auto fail = [this](Error why, const std::string& where) {
    if (why.where.empty()) why.where = where;
    errors_.push_back(std::move(why));
    return nullptr;
  };
  auto declared = parse_declaration(declaration_file, errors_);
  if (!declared) return nullptr;
  const std::string at = declaration_file + "#/library";
  auto library = Library::read(declared->library);
  if (!library.ok()) return fail(error(library.error().code, library.error().detail), at);
  if ((*library)->sha256() != declared->sha256) {
    return fail(error(Code::CONFIG_VALUE, "插件库的 SHA-256 与所写的不同，文件已变或不是所要的"),
                declaration_file + "#/sha256");
  }
  if (declared->in_process && !in_process_.contains(declared->sha256)) {
    return fail(
        error(Code::CONFIG_VALUE, "运维人员的允许名单中没有此库，不能在网关进程内运行；请改为 worker 或登记其 SHA-256"),
        declaration_file + "#/isolation");
  }
  const Start start{*library, declared->plugin, declared->config, declared->profile.charset, declared->limits};
  auto runner = declared->in_process ? start_in_process(start) : start_worker(start, worker_);
  if (!runner.ok()) return fail(runner.error(), at);
  const Description& found = (*runner)->description();
  const std::size_t before = errors_.size();
  check(*declared, found, errors_);
  if (errors_.size() > before) return nullptr;
  declared->profile.mapping_version = found.version;
  declared->profile.fingerprint = fingerprint(*declared);
  const std::string samples = declared->samples;
  auto adapter = make_plugin_adapter(std::move(declared->profile), declared->limits, *std::move(runner));
  if (samples.empty()) return adapter;
  if (auto tried = self_test(*adapter, samples); !tried.ok()) {
    return fail(error(tried.error().code, tried.error().detail), declaration_file + "#/samples");
  }
  return adapter;
}

}  // namespace chuanyu::adapters::plugin
