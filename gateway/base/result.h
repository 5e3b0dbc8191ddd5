// gateway/base/result.h: Result<T>: a value, or the Error that says why there is none.
//
// The product's only way to report a failure that can be expected. A broken invariant aborts; no exception crosses a
// room's edge. Threads: plain values.
//
//   Result<Bytes> read(...);
//   CHUANYU_TRY(auto bytes, read(path));   // returns the error from the enclosing function
//   CHUANYU_CHECK(write(bytes));           // the same for Status
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>

#include "gateway/base/error.h"

namespace chuanyu {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Error failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Only when ok(); otherwise aborts with the error's text.
  T& value() & { return require(), std::get<0>(state_); }
  const T& value() const& { return require(), std::get<0>(state_); }
  T&& value() && { return require(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when !ok().
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  void require() const {
    if (!ok()) {
      std::fprintf(stderr, "Result without a value: %s\n", std::get<1>(state_).to_text().c_str());
      std::abort();
    }
  }

  std::variant<T, Error> state_;
};

// Success, or an Error. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error failure) : error_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace chuanyu

#define CHUANYU_CONCAT_INNER(a, b) a##b
#define CHUANYU_CONCAT(a, b) CHUANYU_CONCAT_INNER(a, b)
#define CHUANYU_TRY_INNER(tmp, declaration, expression) \
  auto tmp = (expression);                              \
  if (!tmp.ok()) return std::move(tmp).error();         \
  declaration = std::move(tmp).value()
#define CHUANYU_TRY(declaration, expression) CHUANYU_TRY_INNER(CHUANYU_CONCAT(try_, __LINE__), declaration, expression)
#define CHUANYU_CHECK(expression)                                                      \
  do {                                                                                 \
    if (auto status_ = (expression); !status_.ok()) return std::move(status_).error(); \
  } while (false)
