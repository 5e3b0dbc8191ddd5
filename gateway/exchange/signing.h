// gateway/exchange/signing.h: the contexts that keep a gateway's signatures apart: one made for an envelope is none for
// a receipt. Threads: constants. They are on the wire: never change them.
#pragma once

#include <string_view>

namespace chuanyu::exchange {

inline constexpr std::string_view kEnvelopeContext = "chuanyu-envelope-v1";
inline constexpr std::string_view kReceiptContext = "chuanyu-receipt-v1";

}  // namespace chuanyu::exchange
