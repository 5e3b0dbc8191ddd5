// adapters/mapping/compile.h: Spec + canonical descriptor -> Plan.
//
// Failure: every mistake is added to `errors` with file#/pointer; nullptr when there was one.
#pragma once

#include <memory>
#include <vector>

#include "adapters/mapping/plan.h"
#include "adapters/mapping/spec.h"

namespace google::protobuf {
class Descriptor;
}

namespace chuanyu::adapters {

std::shared_ptr<const Plan> compile(const Spec& spec, std::vector<Error>& errors);

// chuanyu.v1.CreditRecord | Licence | EnforcementCase; nullptr for any other name.
const google::protobuf::Descriptor* canonical_descriptor(const std::string& name);
// Fills plan.canonical, plan.canon_scopes and plan.ext_node.
void build_canonical(const google::protobuf::Descriptor& type, Plan& plan);

}  // namespace chuanyu::adapters
