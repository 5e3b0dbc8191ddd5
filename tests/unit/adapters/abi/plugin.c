/* A plug-in in C11, built once with each version of the interface: ABI_HEADER. What a variant gets wrong is a macro. */
#include ABI_HEADER

#include <string.h>

#include "adapters/sdk/canonical.h"

#ifndef ENTRY_SIZE
#define ENTRY_SIZE sizeof(chuanyu_entry)
#endif
#ifndef ENTRY_MAJOR
#define ENTRY_MAJOR CHUANYU_ABI_MAJOR
#endif
#ifndef ENTRY_MINOR
#define ENTRY_MINOR CHUANYU_ABI_MINOR
#endif
#ifndef DESCRIPTOR_SIZE
#define DESCRIPTOR_SIZE sizeof(chuanyu_descriptor)
#endif
#ifndef ADAPTER_SIZE
#define ADAPTER_SIZE sizeof(chuanyu_adapter)
#endif
#ifndef FINGERPRINT
#define FINGERPRINT CHUANYU_FP_CASE
#endif

static const chuanyu_host* host;

/* caseId = the line; after it, how many records the call had, as caseNo. */
static chuanyu_status get(chuanyu_adapter* self, void* call, const chuanyu_view* native, uint32_t n) {
  (void)self;
  for (uint32_t i = 0; i < n; ++i) {
    uint8_t* out = host->alloc(call, native[i].len + 5, 1);
    if (out == NULL || native[i].len > 100) return CHUANYU_FATAL;
    out[0] = 1 << 3 | 2;
    out[1] = (uint8_t)native[i].len;
    memcpy(out + 2, native[i].ptr, native[i].len);
    uint8_t* count = out + 2 + native[i].len;
    count[0] = 2 << 3 | 2;
    count[1] = 1;
    count[2] = (uint8_t)('0' + n % 64);
    host->emit(call, i, (chuanyu_view){out, native[i].len + 5});
  }
  return CHUANYU_OK;
}

static chuanyu_status put(chuanyu_adapter* self, void* call, const chuanyu_view* canonical, const chuanyu_view* old,
                          uint32_t n) {
  (void)self, (void)old;
  for (uint32_t i = 0; i < n; ++i) host->emit(call, i, (chuanyu_view){canonical[i].ptr + 2, canonical[i].ptr[1]});
  return CHUANYU_OK;
}

static const chuanyu_descriptor descriptor = {.struct_size = DESCRIPTOR_SIZE,
                                              .id = "abi",
                                              .vendor = "test",
                                              .version = "1",
                                              .record_type = CHUANYU_TYPE_CASE,
                                              .native_format = "text",
                                              .native_charset = "",
                                              .canonical_fp = FINGERPRINT,
#ifdef MAX_BATCH
                                              .max_batch = MAX_BATCH,
#endif
                                              .caps = CHUANYU_CAP_GET | CHUANYU_CAP_PUT | CHUANYU_CAP_CREATE};

static chuanyu_adapter adapter = {.struct_size = ADAPTER_SIZE, .get = get, .put = put};

static int init(const chuanyu_host* given, const char* name) {
  (void)name;
  host = given;
  return 0;
}
static void deinit(void) {}
static uint32_t count(void) { return 1; }
static const chuanyu_descriptor* describe(uint32_t index) { return index == 0 ? &descriptor : NULL; }
static chuanyu_adapter* create(const chuanyu_host* given, const char* id, chuanyu_view config) {
  (void)given, (void)id, (void)config;
  return &adapter;
}

/* From the future: an entry with members that this gateway has not heard of. */
#ifdef FUTURE_ENTRY
const struct {
  chuanyu_entry known;
  void* unknown[4];
} chuanyu_adapter_entry_future __asm__("chuanyu_adapter_entry") __attribute__((visibility("default"))) = {
    {sizeof(chuanyu_entry) + 4 * sizeof(void*), CHUANYU_ABI_MAJOR, 9, init, deinit, count, describe, create}, {0}};
#else
const chuanyu_entry chuanyu_adapter_entry = {ENTRY_SIZE, ENTRY_MAJOR, ENTRY_MINOR, init,
                                             deinit,     count,       describe,    create};
#endif
