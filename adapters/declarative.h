// adapters/declarative.h: an Adapter that runs a Plan. For the registry and for tests of the engine.
//
// Threads and failure: as Adapter.
#pragma once

#include <memory>

#include "adapters/adapter.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

std::shared_ptr<const Adapter> make_declarative(std::shared_ptr<const Plan> plan);

}  // namespace chuanyu::adapters
