/* adapters/sdk/chuanyu_adapter.h: the C interface between the gateway (host) and an adapter plug-in, version 1.1.
 *
 * A plug-in converts records between a native format and the canonical Protobuf messages. What crosses is bytes only:
 * native records as UTF-8 (the host does the character set) and canonical records as Protobuf wire bytes; never a C++
 * or protobuf object, never an exception, never a longjmp. README.md beside this file is the guide.
 *
 * Memory: a chuanyu_view is borrowed and dies when the call returns. What emit() and diag() are given is copied at
 * once. alloc() gives memory that lives until the call returns; the plug-in never frees it. Threads: one adapter is
 * used by one thread at a time, unless it says CHUANYU_CAP_REENTRANT. [control] functions are called when no other call
 * is in flight; [thread-safe] ones at any time. Versions: CHUANYU_ABI_MAJOR must be equal. Minor versions only append
 * members; struct_size says which are there: set it to sizeof, and look at it before reading a member that the comment
 * marks with a later version. Valid C11 and C++20. */
#ifndef CHUANYU_ADAPTER_H
#define CHUANYU_ADAPTER_H
/* NOLINTBEGIN: this is C */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHUANYU_ABI_MAJOR 1u
#define CHUANYU_ABI_MINOR 1u

/* The host never gives more records in one call. */
#define CHUANYU_MAX_BATCH 64u

typedef struct chuanyu_view {
  const uint8_t* ptr;
  uint64_t len;
} chuanyu_view;

/* What get() and put() answer for the whole batch. A record counts as converted when emit() was called for it, exactly
 * once; as refused when a diagnostic of CHUANYU_ERROR or CHUANYU_HOLD was given for it. A record with neither is a
 * fault. */
typedef int32_t chuanyu_status;
enum {
  CHUANYU_OK = 0,
  CHUANYU_OK_LOSS = 1,    /* some records were converted with losses; each has a diagnostic */
  CHUANYU_REJECT = 2,     /* some records were refused; each has a diagnostic */
  CHUANYU_QUARANTINE = 3, /* some records are to be looked at by people; each has a diagnostic */
  CHUANYU_RETRY = 4,      /* the records not emitted may be tried again later */
  CHUANYU_FATAL = 5       /* the adapter cannot go on: the host throws it away and makes a new one */
};

/* chuanyu_diag.severity. The first five are notes on a record that is converted. */
enum {
  CHUANYU_LOSS = 0,       /* the canonical (get: native) value has no place on the other side */
  CHUANYU_GAP = 1,        /* a code outside the code set */
  CHUANYU_UNMAPPED = 2,   /* native data that is known and not taken over */
  CHUANYU_NORMALISED = 3, /* another spelling of the same value */
  CHUANYU_WARNING = 4,    /* a check failed; code says which */
  CHUANYU_ERROR = 5,      /* the record is refused; code says why */
  CHUANYU_HOLD = 6        /* the record goes to quarantine; code says why */
};

/* chuanyu_diag.code: the gateway's own code is RECORD_ and the same word. */
enum {
  CHUANYU_CODE_VALUE = 0,
  CHUANYU_CODE_PARSE = 1,
  CHUANYU_CODE_TRUNCATED = 2,
  CHUANYU_CODE_TOO_LARGE = 3,
  CHUANYU_CODE_FIELD_MISSING = 4,
  CHUANYU_CODE_FIELD_UNKNOWN = 5,
  CHUANYU_CODE_TYPE = 6,
  CHUANYU_CODE_CODE_UNKNOWN = 7,
  CHUANYU_CODE_CHECK_DIGIT = 8,
  CHUANYU_CODE_IDENTIFIER = 9,
  CHUANYU_CODE_REGION = 10,
  CHUANYU_CODE_AMOUNT = 11,
  CHUANYU_CODE_DATE = 12,
  CHUANYU_CODE_LIST_LENGTH = 13,
  CHUANYU_CODE_SEPARATOR = 14,
  CHUANYU_CODE_CHARSET_UNMAPPABLE = 15,
  CHUANYU_CODE_MODIFIER_UNREPRESENTABLE = 16,
  CHUANYU_CODE_INTERNAL = 255 /* a fault in the plug-in itself, e.g. an exception caught at the edge */
};

/* chuanyu_diag.direction */
enum { CHUANYU_DIRECTION_GET = 0, CHUANYU_DIRECTION_PUT = 1 };

/* One thing that did not fit. Texts are UTF-8; message is one Chinese sentence and never holds a name, a number of a
 * document or any other value of the record. The host cuts texts at 512 bytes and keeps 64 diagnostics of a record. */
typedef struct chuanyu_diag {
  uint32_t struct_size;
  uint32_t code;
  uint8_t severity, direction;
  uint16_t pad;
  chuanyu_view rule_id, native_path, canonical_path, message;
  /* Where in the record as the plug-in got it, in bytes; length 0 when not known. The native text of a code outside the
   * code set (CHUANYU_GAP, CHUANYU_CODE_CODE_UNKNOWN in get()) is counted by the host, which takes it from there. */
  uint64_t offset;
  uint32_t length;
} chuanyu_diag;

/* Host -> plug-in. `call` is what get() or put() was given; it dies with that call. [thread-safe] */
typedef struct chuanyu_host {
  uint32_t struct_size, abi_major, abi_minor;
  void* ctx;
  /* 0 when there is no such amount, or align is not a power of two up to 4096. */
  void* (*alloc)(void* call, uint64_t n, uint64_t align);
  /* The result of record `rec` (0-based in the batch). 0; or not 0 when refused: no such record, too large, twice. */
  int (*emit)(void* call, uint32_t rec, chuanyu_view bytes);
  /* 0; or not 0 when refused: no such record, too many. */
  int (*diag)(void* call, uint32_t rec, const chuanyu_diag* diag);
  /* Not 0: the time is up, return now. Ask between records. */
  int (*cancelled)(void* call);
  /* What the host offers beyond this struct, by name; 0 when not known. ctx is the member above. */
  const void* (*get_extension)(void* ctx, const char* id);
} chuanyu_host;

/* "chuanyu.charset/1": how many bytes characters take in the native character set that the host converts to and from,
 * for formats that count bytes. 0: the set has no such character. */
#define CHUANYU_EXT_CHARSET "chuanyu.charset/1"
typedef struct chuanyu_charset {
  uint32_t struct_size;
  uint32_t beyond;    /* every code point from U+10000 */
  const uint8_t* bmp; /* 65536 entries, U+0000 to U+FFFF */
} chuanyu_charset;

#define CHUANYU_CAP_GET 1u
#define CHUANYU_CAP_PUT 2u       /* put() with an old record */
#define CHUANYU_CAP_CREATE 4u    /* put() without one */
#define CHUANYU_CAP_REENTRANT 8u /* one adapter may be used by several threads at once */

typedef struct chuanyu_descriptor {
  uint32_t struct_size;
  const char* id; /* "cn.county.fixed"; the declaration's "plugin" */
  const char* vendor;
  const char* version;        /* of the plug-in, "1.0.0" */
  const char* record_type;    /* "chuanyu.v1.EnforcementCase" */
  const char* native_format;  /* "text": records are lines */
  const char* native_charset; /* "gb18030-2022", ... or "" for any */
  uint64_t canonical_fp;      /* CHUANYU_FP_* of canonical.h: the record type it was built for */
  uint64_t caps;              /* CHUANYU_CAP_* */
  uint32_t max_batch;         /* since 1.1: most records in one call; 0 = CHUANYU_MAX_BATCH */
} chuanyu_descriptor;

typedef struct chuanyu_adapter {
  uint32_t struct_size;
  void* self;
  /* n native records -> canonical wire bytes, by emit(). */
  chuanyu_status (*get)(struct chuanyu_adapter*, void* call, const chuanyu_view* native, uint32_t n);
  /* n canonical records -> native records. old[i].ptr == 0: a new record; else the present native record, of which
   * everything that did not change is to be kept. */
  chuanyu_status (*put)(struct chuanyu_adapter*, void* call, const chuanyu_view* canonical, const chuanyu_view* old,
                        uint32_t n);
  void (*destroy)(struct chuanyu_adapter*);                              /* [control] */
  const void* (*get_extension)(struct chuanyu_adapter*, const char* id); /* [thread-safe] may be 0 */
} chuanyu_adapter;

typedef struct chuanyu_entry {
  uint32_t struct_size, abi_major, abi_minor;
  /* [control] 0 when ready. host lives as long as the process. name is the file name of the library. May be called more
   * than once; as many deinit() follow, if any. */
  int (*init)(const chuanyu_host* host, const char* name);
  void (*deinit)(void);
  /* [control] Fast, without side effects. */
  uint32_t (*count)(void);
  const chuanyu_descriptor* (*describe)(uint32_t index);
  /* [control] 0 when it cannot. config_json is the declaration's "config", "{}" when there is none. */
  chuanyu_adapter* (*create)(const chuanyu_host* host, const char* id, chuanyu_view config_json);
} chuanyu_entry;

/* The only symbol a plug-in exports. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const chuanyu_entry chuanyu_adapter_entry;

#ifdef __cplusplus
}
#endif

/* NOLINTEND */
#endif /* CHUANYU_ADAPTER_H */
