// adapters/formats/write.h: appends values to a document in UTF-8, escaped as JSON, XML and CSV want it.
//
// Threads: pure functions. Failure: XML has no way to write control characters; those functions then return false.
#pragma once

#include <string>
#include <string_view>

namespace chuanyu::adapters {

void append_json_string(std::string& out, std::string_view text);  // with quotes
bool append_xml_text(std::string& out, std::string_view text);
bool append_xml_attribute(std::string& out, std::string_view text);  // without quotes
void append_csv(std::string& out, std::string_view cell);            // quoted only when it must be

}  // namespace chuanyu::adapters
