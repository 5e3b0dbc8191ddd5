// The laws of put, on records and spellings that nobody wrote by hand:
//   GetPut    nothing changed gives the old bytes, whatever their spelling
//   PutGet    what was changed reads back, but for the losses that the notes name
//   PutPut    the same change again changes nothing
//   Private   what the mapping does not know stays, byte for byte
//   RoundTrip province to province and back: equal but for what the notes of the way name
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <regex>
#include <set>

#include "tests/unit/adapters/records.h"
#include "tests/unit/adapters/respell.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using testing::deterministic;
using testing::Filler;
using testing::message_of;
using testing::pick;

const std::set<Code> kMayRefuse = {Code::RECORD_SEPARATOR,     Code::RECORD_CODE_UNKNOWN,
                                   Code::RECORD_FIELD_MISSING, Code::RECORD_MODIFIER_UNREPRESENTABLE,
                                   Code::RECORD_VALUE,         Code::RECORD_CHARSET_UNMAPPABLE};

std::string without_ext(Kind kind, const std::string& wire) {
  const auto message = message_of(kind);
  RC_ASSERT(message->ParseFromString(wire));
  message->GetReflection()->ClearField(message.get(), message->GetDescriptor()->FindFieldByName("ext"));
  return deterministic(*message);
}

// Entries of ext that name positions in lists: who moves items says no more where they were.
void forget_positions(Message& message) {
  const auto* ext = message.GetDescriptor()->FindFieldByName("ext");
  const auto* to = message.GetReflection();
  for (int i = to->FieldSize(message, ext); i-- > 0;) {
    const auto& entry = to->GetRepeatedMessage(message, ext, i);
    const auto key = entry.GetReflection()->GetString(entry, entry.GetDescriptor()->map_key());
    static const std::regex kPosition("/[0-9]+(/|$)");
    if (!std::regex_search(key, kPosition)) continue;
    to->SwapElements(&message, ext, i, to->FieldSize(message, ext) - 1);
    to->RemoveLast(&message, ext);
  }
}

// A few fields taken from another record, lists with items gone, doubled, swapped.
std::string edited(Kind kind, const std::string& wire) {
  const auto message = message_of(kind);
  RC_ASSERT(message->ParseFromString(wire));
  const auto other = message_of(kind);
  Filler().fill(*other);
  const auto* to = message->GetReflection();
  const int changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes; ++i) {
    const auto* field = message->GetDescriptor()->field(*rc::gen::inRange(0, message->GetDescriptor()->field_count()));
    if (field->is_map()) continue;
    if (field->is_repeated()) {
      forget_positions(*message);
      const int size = to->FieldSize(*message, field);
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          if (size > 1) to->SwapElements(message.get(), field, 0, *rc::gen::inRange(0, size));
          break;
        case 1:
          if (size > 0) {
            to->SwapElements(message.get(), field, *rc::gen::inRange(0, size), size - 1);
            to->RemoveLast(message.get(), field);
          }
          break;
        case 2:
          if (to->FieldSize(*other, field) > 0)
            to->AddMessage(message.get(), field)->CopyFrom(to->GetRepeatedMessage(*other, field, 0));
          break;
        default: to->SwapFields(message.get(), other.get(), {field});
      }
      continue;
    }
    to->SwapFields(message.get(), other.get(), {field});
  }
  Filler::no_end_and_an_end(*message);
  return deterministic(*message);
}

// Columns that no rule names.
bool takes_strangers(const std::string& id) { return testing::product().plan(id)->unknown != Unknown::reject; }

bool lossy(const Converted& converted) {
  return std::any_of(converted.notes.begin(), converted.notes.end(),
                     [](const Note& note) { return note.kind != Note::Kind::unmapped; });
}

// A record that the format can say: a narrow code set or character set refuses many, and a law that is not tried holds
// for nothing.
std::string writable(const Adapter& adapter) {
  for (int tries = 0; tries < 500; ++tries) {
    const auto message = message_of(adapter.profile().kind);
    Filler().fill(*message);
    const auto created = adapter.create(deterministic(*message));
    if (created.ok()) return created->bytes;
    RC_ASSERT(kMayRefuse.contains(created.error().code));
  }
  RC_FAIL("the format says none of 500 records");
  return "";
}

void laws(const std::string& id) {
  const auto adapter = testing::product().find(id);
  const Kind kind = adapter->profile().kind;
  const auto created = writable(*adapter);
  const auto old = testing::respell(*adapter, created, takes_strangers(id));
  RC_LOG() << "old: " << old.native << "\n";
  const auto canonical = adapter->get(old.native);
  if (!canonical.ok()) RC_LOG() << canonical.error().to_text() << "\n";
  RC_ASSERT(canonical.ok());

  const auto same = adapter->put(canonical->bytes, old.native);
  RC_ASSERT(same.ok());
  RC_ASSERT(same->bytes == old.native);

  const std::string meant = edited(kind, canonical->bytes);
  const auto put = adapter->put(meant, old.native);
  if (!put.ok()) {
    RC_LOG() << put.error().to_text() << "\n";
    const auto wanted = message_of(kind);
    RC_ASSERT(wanted->ParseFromString(meant));
    RC_LOG() << wanted->DebugString() << "\n";
    RC_ASSERT(kMayRefuse.contains(put.error().code));
    RC_TAG("refused");
    return;
  }
  RC_LOG() << "put: " << put->bytes << "\n";
  const auto read = adapter->get(put->bytes);
  RC_ASSERT(read.ok());
  if (lossy(*put)) {
    RC_TAG("noted");
  } else {
    RC_TAG("exact");
    RC_ASSERT(without_ext(kind, read->bytes) == without_ext(kind, meant));
  }
  for (const auto& own : old.privates) RC_ASSERT(put->bytes.find(own) != std::string::npos);
  const auto again = adapter->put(meant, put->bytes);
  RC_ASSERT(again.ok());
  RC_ASSERT(again->bytes == put->bytes);
}

class PutLaws : public ::testing::TestWithParam<std::string> {};
TEST_P(PutLaws, Hold) {
  EXPECT_TRUE(rc::check([] { laws(GetParam()); }));
}
INSTANTIATE_TEST_SUITE_P(Mapping, PutLaws, ::testing::ValuesIn(testing::mappings()), testing::test_name);

// Paths of the fields that differ, as notes name them; a list whose length differs is one difference.
void differences(const Message& a, const Message& b, const std::string& prefix, std::set<std::string>& out) {
  const auto* type = a.GetDescriptor();
  const auto* of_a = a.GetReflection();
  const auto* of_b = b.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->is_map()) continue;
    const std::string path = prefix + field->name();
    if (field->is_repeated()) {
      const int size = of_a->FieldSize(a, field);
      if (size != of_b->FieldSize(b, field)) {
        out.insert(path);
        continue;
      }
      for (int n = 0; n < size; ++n) {
        differences(of_a->GetRepeatedMessage(a, field, n), of_b->GetRepeatedMessage(b, field, n),
                    path + "[" + std::to_string(n) + "].", out);
      }
    } else if (field->message_type() != nullptr) {
      differences(of_a->GetMessage(a, field), of_b->GetMessage(b, field), path + ".", out);
    } else {
      const auto text = [&](const Message& message, const google::protobuf::Reflection* of) {
        if (field->has_presence() && !of->HasField(message, field)) return std::string("-");
        std::string value;
        google::protobuf::TextFormat::PrintFieldValueToString(message, field, -1, &value);
        return value;
      };
      if (text(a, of_a) != text(b, of_b)) out.insert(path);
    }
  }
}

bool within(const std::string& path, const std::string& outer) {
  return path.compare(0, outer.size(), outer) == 0 &&
         (path.size() == outer.size() || path[outer.size()] == '.' || path[outer.size()] == '[');
}

// A difference is named by a note on the field or on the message it is in; a note by a difference likewise.
bool meet(const std::string& path, const std::string& note) { return within(path, note) || within(note, path); }

void there_and_back(const std::string& here_id, const std::string& there_id) {
  const auto here = testing::product().find(here_id);
  const auto there = testing::product().find(there_id);
  const Kind kind = here->profile().kind;
  const auto first = writable(*here);
  const auto old = testing::respell(*here, first, takes_strangers(here_id));
  const auto original = here->get(old.native);
  RC_ASSERT(original.ok());
  const auto partner = there->create(original->bytes);
  if (!partner.ok()) return;
  const auto back = there->get(partner->bytes);
  RC_ASSERT(back.ok());

  // What the way there and back changed is what its notes say, no more and no less.
  const auto before = message_of(kind);
  const auto after = message_of(kind);
  RC_ASSERT(before->ParseFromString(original->bytes));
  RC_ASSERT(after->ParseFromString(back->bytes));
  std::set<std::string> paths;
  differences(*before, *after, "", paths);
  std::vector<Note> notes = partner->notes;
  notes.insert(notes.end(), back->notes.begin(), back->notes.end());
  for (const auto& path : paths) {
    RC_LOG() << "differs: " << path << "\n";
    RC_ASSERT(std::any_of(notes.begin(), notes.end(), [&](const Note& note) {
      return note.kind != Note::Kind::unmapped && !note.canonical.empty() && meet(path, note.canonical);
    }));
  }
  for (const auto& note : partner->notes) {
    if (note.kind != Note::Kind::loss || note.canonical == "ext") continue;
    RC_LOG() << "loss: " << note.canonical << " " << note.message << "\n";
    RC_ASSERT(std::any_of(paths.begin(), paths.end(), [&](const auto& path) { return meet(path, note.canonical); }));
  }

  // Not edited: the partner gives back what it got, with everything its format has no place for.
  const auto untouched = there->get_edited(partner->bytes, original->bytes);
  RC_ASSERT(untouched.ok());
  RC_ASSERT(untouched->bytes == original->bytes);

  // Edited in the partner's format: the edit arrives, in the partner's words and in the source's own bytes.
  const auto edit = there->put(edited(kind, back->bytes), partner->bytes);
  if (!edit.ok()) return;
  const auto returned = there->get_edited(edit->bytes, original->bytes);
  RC_ASSERT(returned.ok());
  const auto again = there->create(returned->bytes);
  RC_ASSERT(again.ok());
  RC_ASSERT(without_ext(kind, there->get(again->bytes)->bytes) == without_ext(kind, there->get(edit->bytes)->bytes));
  const auto home = here->put(returned->bytes, old.native);
  if (!home.ok()) {
    RC_LOG() << home.error().to_text() << "\n";
    RC_ASSERT(kMayRefuse.contains(home.error().code));
    return;
  }
  RC_TAG("home");
  for (const auto& own : old.privates) RC_ASSERT(home->bytes.find(own) != std::string::npos);
}

// With every other mapping of the kind.
class RoundTrip : public ::testing::TestWithParam<std::string> {};
TEST_P(RoundTrip, IsWhatTheNotesSay) {
  const auto kind = testing::product().find(GetParam())->profile().kind;
  for (const auto& there : testing::mappings()) {
    if (there == GetParam() || testing::product().find(there)->profile().kind != kind) continue;
    SCOPED_TRACE(there);
    EXPECT_TRUE(rc::check([&] { there_and_back(GetParam(), there); }));
  }
}
INSTANTIATE_TEST_SUITE_P(Mapping, RoundTrip, ::testing::ValuesIn(testing::mappings()), testing::test_name);

}  // namespace
}  // namespace chuanyu::adapters
