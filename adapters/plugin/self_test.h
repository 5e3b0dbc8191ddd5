// adapters/plugin/self_test.h: a plug-in's own sample records, tried before it goes live.
//
// Each is read and written anew; the host holds the laws (plugin_adapter.cpp) as on any other day. Threads: any.
#pragma once

#include <string>

#include "adapters/adapter.h"

namespace chuanyu::adapters::plugin {

// CONFIG_UNREADABLE; or why the first of the records that failed did: the plug-in's own LOCAL_PLUGIN_*, and
// LOCAL_PLUGIN_INVALID when it refused its own sample.
Status self_test(const Adapter& adapter, const std::string& samples);

}  // namespace chuanyu::adapters::plugin
