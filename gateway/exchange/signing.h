// gateway/exchange/signing.h: the contexts that keep a gateway's signatures apart: one made for an envelope is none for
// a receipt. Threads: constants and a pure function. They are on the wire: never change them.
#pragma once

#include <algorithm>
#include <string_view>

#include "gateway/ledger/checkpoint.h"

namespace chuanyu::exchange {

inline constexpr std::string_view kEnvelopeContext = "chuanyu-envelope-v1";
inline constexpr std::string_view kReceiptContext = "chuanyu-receipt-v1";

// While a gateway changes its key, two of them count.
inline bool verified(const ledger::VerifyKeys& keys, std::string_view context, BytesView message, BytesView signature) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const crypto::VerifyKey& key) { return key.verify(context, message, signature); });
}

}  // namespace chuanyu::exchange
