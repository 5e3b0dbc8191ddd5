// adapters/plugin/library.h: a plug-in's file, read once and sealed, so that what was hashed is what runs.
//
// The bytes are copied into memory of their own (memfd, sealed against writing): changing or replacing the file
// afterwards changes nothing. Threads: immutable. Ownership: closes its descriptor; what was loaded from it stays.
#pragma once

#include <memory>
#include <string>

#include "gateway/base/result.h"

namespace chuanyu::adapters::plugin {

class Library {
 public:
  // CONFIG_UNREADABLE, CONFIG_VALUE (larger than 64 MiB), LOCAL_IO.
  static Result<std::shared_ptr<const Library>> read(const std::string& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const std::string& name() const { return name_; }      // of the file
  const std::string& sha256() const { return sha256_; }  // lower case hex
  int fd() const { return fd_; }

 private:
  Library(std::string name, std::string sha256, int fd) : name_(std::move(name)), sha256_(std::move(sha256)), fd_(fd) {}
  std::string name_;
  std::string sha256_;
  int fd_;
};

}  // namespace chuanyu::adapters::plugin
