// gateway/base/secret.h: bytes that must not be printed: keys, passphrases.
//
// A Secret is wiped when it dies, can be moved but not copied, and has no stream or format operator; reveal() is the
// one way to its bytes and easy to find in a review. Threads: as a std::string.
#pragma once

#include <string>
#include <string_view>

namespace chuanyu {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const { return Secret(bytes_); }
  std::string_view reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe();
  std::string bytes_;
};

}  // namespace chuanyu
