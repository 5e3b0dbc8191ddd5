// adapters/worker/sandbox.h: what the worker process may still do, made smaller in two steps.
//
// limit_process()  resources; no privileges, nobody instead of root; files only under the folders of libraries
//                  (Landlock, where the kernel has it)
// before_load()    only the system calls that dlopen() needs, for a library's constructors already run
// after_load()     memory, time, and the control socket: no file, no socket, no process, no thread, no new code
// A call that is not allowed ends the process with SIGSYS. Each step can only be followed by a narrower one.
// Failure: false; the worker must not go on.
#pragma once

#include <cstdint>

namespace chuanyu::adapters::worker {

bool limit_process(std::uint64_t address_space);
bool before_load();
bool after_load();

}  // namespace chuanyu::adapters::worker
