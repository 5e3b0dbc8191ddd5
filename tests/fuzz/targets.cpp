#include "tests/fuzz/targets.h"

#include <algorithm>

namespace chuanyu::fuzz {

const std::vector<Target>& targets() {
  static const std::vector<Target> kTargets = {
      {"json_reader", json_reader},
      {"xml_reader", xml_reader},
      {"csv_reader", csv_reader},
      {"charset", charset},
      {"http_framing", http_framing},
      {"plugin_frames", plugin_frames},
      {"spec", spec},
      {"get", get},
      {"create", create},
      {"put", put},
      {"get_edited", get_edited},
  };
  return kTargets;
}

const Target* find_target(std::string_view name) {
  const auto& all = targets();
  const auto it = std::find_if(all.begin(), all.end(), [&](const Target& target) { return target.name == name; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace chuanyu::fuzz
