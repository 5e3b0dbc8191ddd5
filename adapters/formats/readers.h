// adapters/formats/readers.h: cuts a document of one syntax into records without taking the records apart.
//
// What ends a document (fatal) and what only costs one record is said at each make_ function. Threads: one reader, one
// thread. Memory: the record at hand (at most `limits.bytes`) and the chunk fed last.
#pragma once

#include <memory>
#include <string>

#include "adapters/adapter.h"
#include "adapters/formats/charset.h"

namespace chuanyu::adapters {

struct ReaderLimits {
  std::uint32_t bytes = 1 << 20;
};

// A JSON array of records, NDJSON, or objects one after the other. A broken line of NDJSON costs that line; an array
// whose brackets or commas are wrong is fatal. White space around a record does not count towards its limit.
std::unique_ptr<RecordReader> make_json_reader(const Charset& charset, ReaderLimits limits);

// <list> around <record>s, or one <record>. Anything that is not well-formed markup is fatal, DTDs too; a record
// that is only too large is passed over. `list` and `record` are in UTF-8.
std::unique_ptr<RecordReader> make_xml_reader(const Charset& charset, const std::string& list,
                                              const std::string& record, ReaderLimits limits);

// Header and rows; each record is header line + row. A row that is too large costs that row (it ends at the next line
// end outside quotes). Empty lines are passed over.
std::unique_ptr<RecordReader> make_csv_reader(const Charset& charset, ReaderLimits limits);

// One record a line, LF or CRLF; the record is the line without its end. A line that is too large costs that line;
// empty lines are passed over.
std::unique_ptr<RecordReader> make_line_reader(const Charset& charset, ReaderLimits limits);

}  // namespace chuanyu::adapters
