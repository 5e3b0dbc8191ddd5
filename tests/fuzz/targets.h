// tests/fuzz/targets.h: what is fuzzed: one function a target, over any bytes. Linked with libFuzzer, and with a plain
// main that replays the seeds and the regressions.
//
// Failure: a law that does not hold prints itself and aborts; so does whatever the sanitizers find.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chuanyu::fuzz {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
};

const std::vector<Target>& targets();
const Target* find_target(std::string_view name);  // nullptr: none

void json_reader(std::string_view input);  // documents cut into records: byte 0 picks limit and chunks
void xml_reader(std::string_view input);
void csv_reader(std::string_view input);
void charset(std::string_view input);
void http_framing(std::string_view input);
void plugin_frames(std::string_view input);
void spec(std::string_view input);  // a mapping file
// Byte 0 picks the profile.
void get(std::string_view input);         // a native record
void create(std::string_view input);      // a canonical record
void put(std::string_view input);         // edits (edits.h), kEnd, the old native record
void get_edited(std::string_view input);  // byte 1 picks the record that was sent; edits of what the partner got

struct Seed {
  std::string target;
  std::string bytes;
};
// From fixtures and goldens: every record through every target that takes one.
std::vector<Seed> seeds();

}  // namespace chuanyu::fuzz
