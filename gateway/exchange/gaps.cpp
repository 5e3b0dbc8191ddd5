#include "gateway/exchange/gaps.h"

#include <algorithm>

#include "adapters/gaps.h"
#include "gateway/base/metrics.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

void write_gap(const Desk& desk, const std::string& profile, const CodeGap& gap, v1::ConversionNote& row) {
  row.set_code_set(gap.set);
  row.set_gap(desk.token("gap", profile + '\0' + gap.set + '\0' + gap.text));
  row.set_sample(adapters::masked_sample(gap.text));
  metrics::counter("chuanyu_code_gaps_total", "Native values that a code set does not know",
                   {{"profile", profile}, {"set", gap.set}})
      .add();
}

}  // namespace

void add_notes(const Desk& desk, const std::string& profile, const std::vector<adapters::Note>& notes,
               v1::LogBody& body) {
  for (const adapters::Note& note : notes) {
    v1::ConversionNote& row = *body.add_notes();
    row.set_kind(std::string(adapters::to_string(note.kind)));
    row.set_code(std::string(to_string(note.code)));
    row.set_rule(note.rule);
    row.set_native(note.native);
    row.set_canonical(note.canonical);
    row.set_message(note.message);
    if (note.gap) write_gap(desk, profile, *note.gap, row);
  }
}

void add_gap(const Desk& desk, const std::string& profile, const Error& why, v1::LogBody& body) {
  if (!why.gap) return;
  v1::ConversionNote& row = *body.add_notes();
  row.set_kind(std::string(adapters::to_string(adapters::Note::Kind::gap)));
  row.set_code(std::string(to_string(why.code)));
  row.set_native(why.where);
  write_gap(desk, profile, *why.gap, row);
}

Result<std::vector<Gap>> gaps(const Desk& desk, const identity::Principal& reader) {
  const auto& own = reader.party().profiles;
  const bool all = reader.role() != identity::Role::agency;
  CHUANYU_TRY(const storage::ReadTxn txn, desk.journal.state());
  std::vector<Gap> rows;
  for (Gap& row : desk.state.gaps(txn)) {
    const auto is_it = [&](const auto& profile) { return profile.second == row.profile; };
    if (all || std::any_of(own.begin(), own.end(), is_it)) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace chuanyu::exchange
