// gateway/audit/reconvert.h: the conversions of an entry, done again with the mapping versions that it names.
//
// Native in through the mapping of that day must give the canonical bytes that stand in the body, and those the native
// bytes that went out: byte for byte. A record that was written into the source's own bytes (put), or read onto what
// was delivered (get_edited), is done so again from the entries that the body names. Threads: one. What a failed
// identifier's check does is configuration: the recorded one is used; where none is recorded every setting is tried,
// and the report says so when it was not the mapping's own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/audit/versions.h"

namespace chuanyu::v1 {
class LogBody;
}

namespace chuanyu::audit {

struct Reconverted {
  std::uint64_t conversions = 0;   // that gave the same
  bool other_checks = false;       // only under a setting of the checks that is recorded nowhere
  std::vector<Error> differences;  // LOG_DIFFERS; `where` is the part, and the fields that differ
  std::string not_recorded;        // by design, why something was not converted again; empty: everything was
};

class Reconverter {
 public:
  // `reveal`: differences say the values, too.
  Reconverter(const LogReader& log, const BodyOpener& bodies, Versions& versions, bool reveal)
      : log_(log), bodies_(bodies), versions_(versions), reveal_(reveal) {}

  // Nothing to convert: no conversions. Failure: as Versions, and of entries that the body names.
  Result<Reconverted> again(const ledger::Entry& entry, const v1::LogBody& body) const;

 private:
  struct Work;
  Status in(Work& work) const;
  Status message_in(Work& work) const;
  Status out(Work& work) const;
  Status refused(Work& work) const;
  Status from_sources(Work& work) const;

  const LogReader& log_;
  const BodyOpener& bodies_;
  Versions& versions_;
  bool reveal_;
};

}  // namespace chuanyu::audit
