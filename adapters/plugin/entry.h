// adapters/plugin/entry.h: a plug-in's library opened, its entry checked, an adapter made and called.
//
// Used by the worker and by the in-process runner. A library is never closed again: its threads, its static objects and
// its exceptions may outlive any moment that we could choose. Threads: adapters as chuanyu_adapter.h says.
// Failure: a Chinese sentence; empty when all is well.
#pragma once

#include <string>

#include "adapters/plugin/channel.h"
#include "adapters/sdk/chuanyu_adapter.h"

namespace chuanyu::adapters::plugin {

// RTLD_NOW | RTLD_LOCAL: what is missing is seen now, and its symbols are nobody else's.
std::string open_entry(const char* path, const chuanyu_entry*& entry);

// init(), the descriptor called `plugin`, create().
std::string start_adapter(const chuanyu_entry& entry, const chuanyu_host& host, const Setup& setup,
                          chuanyu_adapter*& adapter, Description& description);

// CHUANYU_FATAL for an exception. `old` is not used by get.
chuanyu_status call_adapter(chuanyu_adapter& adapter, Op op, void* call, const chuanyu_view* first,
                            const chuanyu_view* old, std::uint32_t count) noexcept;

}  // namespace chuanyu::adapters::plugin
