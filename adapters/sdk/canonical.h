/* adapters/sdk/canonical.h: the canonical messages of this version of the gateway, for chuanyu_descriptor.canonical_fp.
 *
 * A fingerprint changes when a field of the message, or of a message in it, is added or changed; build the plug-in anew
 * then, and look whether the new field concerns it. The messages are schemas/canonical; a test of the gateway holds
 * these numbers against them. Valid C11 and C++20. */
#ifndef CHUANYU_CANONICAL_H
#define CHUANYU_CANONICAL_H

#define CHUANYU_TYPE_CREDIT "chuanyu.v1.CreditRecord"
#define CHUANYU_FP_CREDIT 0xcf25e69573ac6bf1ull
#define CHUANYU_TYPE_LICENCE "chuanyu.v1.Licence"
#define CHUANYU_FP_LICENCE 0x9e01ba1144563d0full
#define CHUANYU_TYPE_CASE "chuanyu.v1.EnforcementCase"
#define CHUANYU_FP_CASE 0x207d6cf3f6815396ull

#endif /* CHUANYU_CANONICAL_H */
