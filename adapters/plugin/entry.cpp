#include "adapters/plugin/entry.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace chuanyu::adapters::plugin {
namespace {

template <std::size_t N>
void copy(char (&to)[N], const char* from) {
  if (from == nullptr) return;
  const std::size_t size = strnlen(from, N - 1);
  std::memcpy(to, from, size);
  to[size] = 0;
}

// Members that 1.0 already had; later ones are read only when struct_size says that they are there.
constexpr std::uint32_t kEntrySize = offsetof(chuanyu_entry, create) + sizeof(void*);
constexpr std::uint32_t kDescriptorSize = offsetof(chuanyu_descriptor, max_batch);
constexpr std::uint32_t kAdapterSize = offsetof(chuanyu_adapter, get_extension);

std::string too_short(const char* what) { return std::string(what) + " 的 struct_size 小于 1.0 版接口所定"; }

std::string describe(const chuanyu_descriptor& from, Description& to) {
  if (from.struct_size < kDescriptorSize) return too_short("chuanyu_descriptor");
  copy(to.id, from.id);
  copy(to.version, from.version);
  copy(to.record_type, from.record_type);
  copy(to.native_format, from.native_format);
  copy(to.native_charset, from.native_charset);
  to.canonical_fp = from.canonical_fp;
  to.caps = from.caps;
  const bool has_batch = from.struct_size >= offsetof(chuanyu_descriptor, max_batch) + sizeof from.max_batch;
  const std::uint32_t wanted = has_batch && from.max_batch != 0 ? from.max_batch : CHUANYU_MAX_BATCH;
  to.max_batch = std::min(wanted, CHUANYU_MAX_BATCH);
  return {};
}

}  // namespace

std::string open_entry(const char* path, const chuanyu_entry*& entry) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return "不能装入插件库：" + std::string(why == nullptr ? "" : why);
  }
  entry = static_cast<const chuanyu_entry*>(dlsym(library, "chuanyu_adapter_entry"));
  if (entry == nullptr) return "插件库没有导出 chuanyu_adapter_entry";
  if (entry->struct_size < kEntrySize) return too_short("chuanyu_entry");
  if (entry->abi_major != CHUANYU_ABI_MAJOR) {
    return "插件按接口第 " + std::to_string(entry->abi_major) + " 版构建，本网关为第 " +
           std::to_string(CHUANYU_ABI_MAJOR) + " 版";
  }
  if (entry->init == nullptr || entry->count == nullptr || entry->describe == nullptr || entry->create == nullptr) {
    return "chuanyu_entry 缺少函数";
  }
  return {};
}

std::string start_adapter(const chuanyu_entry& entry, const chuanyu_host& host, const Setup& setup,
                          chuanyu_adapter*& adapter, Description& description) {
  try {
    if (entry.init(&host, setup.library) != 0) return "插件的 init 拒绝启动";
    description.abi_minor = entry.abi_minor;
    for (std::uint32_t i = 0, n = entry.count(); i < n; ++i) {
      const chuanyu_descriptor* found = entry.describe(i);
      if (found == nullptr || found->id == nullptr || std::strcmp(found->id, setup.plugin) != 0) continue;
      if (auto wrong = describe(*found, description); !wrong.empty()) return wrong;
      const chuanyu_view config{reinterpret_cast<const std::uint8_t*>(setup.config), setup.config_size};
      adapter = entry.create(&host, setup.plugin, config);
      if (adapter == nullptr) return "插件不能按所给的 config 建立适配器";
      if (adapter->struct_size < kAdapterSize) return too_short("chuanyu_adapter");
      if (adapter->get == nullptr || adapter->put == nullptr) return "chuanyu_adapter 缺少函数";
      return {};
    }
    return "插件库中没有名为 " + std::string(setup.plugin) + " 的适配器";
  } catch (...) {
    return "插件在启动时抛出异常";
  }
}

chuanyu_status call_adapter(chuanyu_adapter& adapter, Op op, void* call, const chuanyu_view* first,
                            const chuanyu_view* old, std::uint32_t count) noexcept {
  try {
    return op == Op::get ? adapter.get(&adapter, call, first, count) : adapter.put(&adapter, call, first, old, count);
  } catch (...) {
    return CHUANYU_FATAL;
  }
}

}  // namespace chuanyu::adapters::plugin
