// gateway/cli/commands.h: what each sub-command does, once its arguments are read. Private to this room.
//
// Threads: one. Each returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "gateway/cli/session.h"

namespace chuanyu::cli {

struct PutArguments {
  std::string kind;
  std::string file;
  std::string id;            // empty: read from the file
  std::string content_type;  // empty: by the file's name
  std::string idempotency_key;
  Purpose purpose;
};
int put(Session& session, const PutArguments& arguments);
int import_file(Session& session, const PutArguments& arguments);

struct SendArguments {
  std::string to;
  std::string kind;  // a record of this kind ...
  std::string type;  // ... or a message of this type
  std::string file;
  std::string in_reply_to;
  std::string expires_at;
  std::string content_type;
  std::string idempotency_key;
  Purpose purpose;
};
int send(Session& session, const SendArguments& arguments);

struct QueryArguments {
  std::string kind;
  std::string uscc;
  std::string id_no;
  std::string id;
  std::string owner;
  std::string gateway;
  std::vector<std::string> list_kinds;
  int wait_seconds = -1;  // -1: the gateway's default
  std::string native;     // write the native document here
  std::string idempotency_key;
  Purpose purpose;
};
int query(Session& session, const QueryArguments& arguments);

struct InboxArguments {
  std::string after;
  int wait_seconds = 0;
  int limit = 100;
  bool acknowledge = false;
  bool details = false;
};
int inbox(Session& session, const InboxArguments& arguments);
int acknowledge(Session& session, const std::string& id);
int status(Session& session, const std::string& id);
struct ReceiptArguments {
  std::string id;
  std::string file;  // empty or "-": standard output
};
int receipt(Session& session, const ReceiptArguments& arguments);
struct EraseArguments {
  std::vector<std::string> ids;
  std::string basis;
  std::string approver;
};
int erase(Session& session, const EraseArguments& arguments);

int whoami(Session& session);
int mappings(Session& session);
int gaps(Session& session);

// Records that were refused but kept, and running them again: one exchange's, or all that the caller may.
int quarantine(Session& session);
int rerun(Session& session, const std::string& exchange);
int rerun_all(Session& session);
int selftest(Session& session, const std::string& admin_url);

// The receipt and the notes that most answers carry.
void print_receipt(Session& session, const Json& receipt);
void print_notes(Session& session, const Json& notes);

}  // namespace chuanyu::cli
