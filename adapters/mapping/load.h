// adapters/mapping/load.h: one native record -> native cells. One function per syntax; the input is UTF-8 (load_csv's
// too) and must stay where it is until the record has been mapped.
//
// Failure: false with ws.failure: code, and the place as the syntax names it. Unknown fields are handled as the plan
// says.
#pragma once

#include <string_view>

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

bool load_json(const Plan& plan, std::string_view record, Workspace& ws);
bool load_xml(const Plan& plan, std::string_view record, Workspace& ws);
bool load_csv(const Plan& plan, std::string_view record, Workspace& ws);

// Text from ext that is to stand in a document again: one JSON value, one element called `name`.
bool well_formed_json(const Plan& plan, std::string_view value, Workspace& ws);
bool well_formed_xml(const Plan& plan, std::string_view element, std::string_view name, Workspace& ws);

// The place of a native field for people: JSON pointer, XML path (当事人列表/当事人[1]/证件号码) or column.
std::string native_place(const Plan& plan, const NativeNode& node, const std::vector<std::uint32_t>& index);
std::string native_place(const Plan& plan, std::string_view pointer);
// As a JSON pointer, for ext.
std::string native_pointer(const NativeNode& node, const std::vector<std::uint32_t>& index);

// An unknown or dropped field: into ws.extras and a note, a note, or the failure RECORD_FIELD_UNKNOWN (then false).
bool handle_unknown(const Plan& plan, std::string pointer, std::string_view raw, Workspace& ws);
void note_dropped(const Plan& plan, const NativeNode& node, Workspace& ws);

}  // namespace chuanyu::adapters
