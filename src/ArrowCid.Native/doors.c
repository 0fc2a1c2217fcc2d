/*
 * The functions of arrowcid.h: each goes through a door to the managed function of the same name. In a forked child the
 * doors are shut before anything of the managed runtime is touched, whose threads and locks the child does not have.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define ARROWCID_API __attribute__((visibility("default")))
#include "arrowcid.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* One int in a page that the kernel zeroes in a child: 1 once this process has come through a door. */
static volatile int *mark;
static volatile int is_used;
static volatile int user;

__attribute__((constructor)) static void make_mark(void) {
  size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, bytes, MADV_WIPEONFORK) == 0)
    mark = (volatile int *)page;
  else
    munmap(page, bytes);
}

/*
 * A program that has an OpenSSL of its own and exports it, as Node.js does, would have libcrypto call into that one
 * from its own inside, and crash where the two differ. Bound deep, before the managed runtime loads the same two
 * libraries, each keeps to itself.
 */
__attribute__((constructor)) static void part_from_other_openssl(void) {
  if (dlsym(RTLD_DEFAULT, "OPENSSL_init_crypto") == NULL) return;
  (void)dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  (void)dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}

/* Whether this is a child of a process that had come through a door. */
static int is_child(void) {
  if (mark != NULL && *mark != 0) return 0;
  if (!is_used) {
    user = (int)getpid();
    if (mark != NULL) *mark = 1;
    __sync_synchronize();
    is_used = 1;
    return 0;
  }
  /* Another thread may have been the first just now. */
  __sync_synchronize();
  return mark != NULL ? *mark == 0 : user != (int)getpid();
}

static const char forked[] =
    "this process was forked from one that had used libarrowcid, which does not work in the child; start it with "
    "exec, posix_spawn or, in Python, multiprocessing's method 'spawn'";

static int32_t refuse(arrowcid_error *error) {
  if (error != NULL) {
    error->code = ARROWCID_FORKED;
    memcpy(error->message, forked, sizeof forked);
  }
  return ARROWCID_FORKED;
}

/* Where a door leads: to this library's managed function, or to the twin's. The linker gathers them. */
typedef struct {
  const char *name;
  void *to;
} door;

#define DOOR(name, parameters, arguments)                                                                   \
  extern int32_t managed_##name parameters;                                                                 \
  static door door_##name __attribute__((section("doors"), used)) = {"arrowcid_" #name, managed_##name};    \
  int32_t arrowcid_##name parameters {                                                                      \
    if (is_child()) return refuse(error);                                                                   \
    return ((int32_t(*) parameters)door_##name.to) arguments;                                               \
  }

/*
 * The functions of exported structs: they leave the managed runtime of a forked child alone as well. A struct
 * cannot be returned there; its memory stays until the child ends. CDataCallbacks has the same order.
 */
typedef struct {
  void (*release_schema)(struct ArrowSchema *);
  void (*release_array)(struct ArrowArray *);
  int (*stream_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
  int (*stream_next)(struct ArrowArrayStream *, struct ArrowArray *);
  const char *(*stream_error)(struct ArrowArrayStream *);
  void (*release_stream)(struct ArrowArrayStream *);
} callbacks;

#define RELEASE(name, type)                        \
  extern void managed_release_##name(type *);      \
  static void release_##name(type *each) {         \
    if (each == NULL) return;                      \
    if (is_child())                                \
      each->release = NULL;                        \
    else                                           \
      managed_release_##name(each);                \
  }

RELEASE(schema, struct ArrowSchema)
RELEASE(array, struct ArrowArray)
RELEASE(stream, struct ArrowArrayStream)

extern int managed_stream_schema(struct ArrowArrayStream *, struct ArrowSchema *);
extern int managed_stream_next(struct ArrowArrayStream *, struct ArrowArray *);
extern const char *managed_stream_error(struct ArrowArrayStream *);

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  return is_child() ? EPERM : managed_stream_schema(stream, out);
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  return is_child() ? EPERM : managed_stream_next(stream, out);
}

static const char *stream_error(struct ArrowArrayStream *stream) {
  return is_child() ? forked : managed_stream_error(stream);
}

/* Called by the managed half before it exports the first struct. */
void guarded_callbacks(callbacks *target) {
  callbacks own = {release_schema, release_array, stream_schema, stream_next, stream_error, release_stream};
  *target = own;
}

typedef arrowcid_handle handle;
typedef const arrowcid_cid cid_in;
typedef const struct ArrowSchema schema_in;
typedef const struct ArrowArray array_in;
typedef arrowcid_error err;

DOOR(cid_format, (cid_in *cid, char text[64], err *error), (cid, text, error))
DOOR(cid_parse, (const char *text, arrowcid_cid *cid, err *error), (text, cid, error))
DOOR(open, (const char *directory, const arrowcid_options *options, handle *store, err *error),
     (directory, options, store, error))
DOOR(close, (handle store, err *error), (store, error))
DOOR(directory, (handle store, char *buffer, int64_t capacity, int64_t *needed, err *error),
     (store, buffer, capacity, needed, error))
DOOR(flush, (handle store, err *error), (store, error))
DOOR(put_array, (handle store, schema_in *schema, array_in *array, const char *facts_json, arrowcid_block *out,
                 err *error),
     (store, schema, array, facts_json, out, error))
DOOR(put_arrays, (handle store, schema_in *schema, array_in *const *arrays, int64_t count, arrowcid_block *out,
                  err *error),
     (store, schema, arrays, count, out, error))
DOOR(put_stream, (handle store, struct ArrowArrayStream *stream, const char *facts_json, arrowcid_block *out,
                  int64_t capacity, int64_t *count, err *error),
     (store, stream, facts_json, out, capacity, count, error))
DOOR(put_ipc, (handle store, const uint8_t *bytes, int64_t length, const char *facts_json, arrowcid_block *out,
               int64_t capacity, int64_t *count, err *error),
     (store, bytes, length, facts_json, out, capacity, count, error))
DOOR(put_raw, (handle store, const uint8_t *bytes, int64_t length, const char *facts_json, arrowcid_block *out,
               err *error),
     (store, bytes, length, facts_json, out, error))
DOOR(put_dataset, (handle store, cid_in *batches, int64_t count, const char *dataset_json, const char *facts_json,
                   arrowcid_block *out, err *error),
     (store, batches, count, dataset_json, facts_json, out, error))
DOOR(put_table, (handle store, struct ArrowArrayStream *stream, const char *dataset_json, const char *facts_json,
                 arrowcid_block *out, err *error),
     (store, stream, dataset_json, facts_json, out, error))
DOOR(dataset_batches, (handle store, cid_in *cid, arrowcid_cid *batches, int64_t capacity, int64_t *count, err *error),
     (store, cid, batches, capacity, count, error))
DOOR(reserve, (handle store, schema_in *schema, int64_t rows, const int64_t *data_bytes, handle *reservation,
               err *error),
     (store, schema, rows, data_bytes, reservation, error))
DOOR(reserved_column, (handle reservation, int32_t column, arrowcid_column *out, err *error),
     (reservation, column, out, error))
DOOR(reserved_validity, (handle reservation, int32_t column, uint8_t **bits, int64_t *length, err *error),
     (reservation, column, bits, length, error))
DOOR(commit, (handle reservation, arrowcid_block *out, err *error), (reservation, out, error))
DOOR(abandon, (handle reservation, err *error), (reservation, error))
DOOR(get, (handle store, cid_in *cid, handle *lease, err *error), (store, cid, lease, error))
DOOR(lease_block, (handle lease, const uint8_t **bytes, int64_t *length, arrowcid_block *out, err *error),
     (lease, bytes, length, out, error))
DOOR(lease_array, (handle lease, struct ArrowSchema *schema, struct ArrowArray *array, err *error),
     (lease, schema, array, error))
DOOR(lease_device_array, (handle lease, struct ArrowSchema *schema, struct ArrowDeviceArray *array, err *error),
     (lease, schema, array, error))
DOOR(release_lease, (handle lease, err *error), (lease, error))
DOOR(get_array, (handle store, cid_in *cid, struct ArrowSchema *schema, struct ArrowArray *array, err *error),
     (store, cid, schema, array, error))
DOOR(get_schema, (handle store, cid_in *cid, struct ArrowSchema *schema, err *error), (store, cid, schema, error))
DOOR(get_stream, (handle store, cid_in *cids, int64_t count, struct ArrowArrayStream *stream, err *error),
     (store, cids, count, stream, error))
DOOR(find, (handle store, cid_in *cid, arrowcid_block *out, err *error), (store, cid, out, error))
DOOR(contains, (handle store, cid_in *cids, int64_t count, uint8_t *found, err *error),
     (store, cids, count, found, error))
DOOR(list, (handle store, const char *filter, handle *listing, err *error), (store, filter, listing, error))
DOOR(list_next, (handle listing, arrowcid_block *out, int64_t capacity, int64_t *count, err *error),
     (listing, out, capacity, count, error))
DOOR(list_close, (handle listing, err *error), (listing, error))
DOOR(names, (handle store, handle *listing, err *error), (store, listing, error))
DOOR(names_next, (handle listing, arrowcid_name *out, int64_t capacity, int64_t *count, err *error),
     (listing, out, capacity, count, error))
DOOR(describe, (handle store, cid_in *cid, char *buffer, int64_t capacity, int64_t *needed, err *error),
     (store, cid, buffer, capacity, needed, error))
DOOR(set_name, (handle store, const char *name, cid_in *cid, cid_in *expected, int32_t check, err *error),
     (store, name, cid, expected, check, error))
DOOR(resolve_name, (handle store, const char *name, arrowcid_cid *cid, err *error), (store, name, cid, error))
DOOR(annotate, (handle store, cid_in *cid, const char *facts_json, err *error), (store, cid, facts_json, error))
DOOR(pin, (handle store, cid_in *cid, err *error), (store, cid, error))
DOOR(unpin, (handle store, cid_in *cid, err *error), (store, cid, error))
DOOR(remove, (handle store, cid_in *cids, int64_t count, int64_t *removed, err *error),
     (store, cids, count, removed, error))
DOOR(memo_get, (handle store, const uint8_t *call, int64_t length, arrowcid_result *out, err *error),
     (store, call, length, out, error))
DOOR(memo_begin, (handle store, const uint8_t *call, int64_t length, int64_t timeout_ms, handle *work,
                  arrowcid_result *out, err *error),
     (store, call, length, timeout_ms, work, out, error))
DOOR(memo_set, (handle work, cid_in *value, int64_t life_ms, cid_in *created, int64_t count, const char *form,
                err *error),
     (work, value, life_ms, created, count, form, error))
DOOR(memo_release, (handle work, err *error), (work, error))
DOOR(memo_remove, (handle store, const uint8_t *call, int64_t length, int32_t dry_run, int64_t *removed, err *error),
     (store, call, length, dry_run, removed, error))
DOOR(key_create, (const char *path, int32_t shared, handle *key, err *error), (path, shared, key, error))
DOOR(key_open, (const char *path, handle *key, err *error), (path, key, error))
DOOR(key_id, (handle key, char *buffer, int64_t capacity, int64_t *needed, err *error),
     (key, buffer, capacity, needed, error))
DOOR(key_close, (handle key, err *error), (key, error))
DOOR(sign, (handle store, handle key, cid_in *cid, const char *says_json, arrowcid_cid *statement, err *error),
     (store, key, cid, says_json, statement, error))
DOOR(sign_name, (handle store, handle key, const char *name, cid_in *cid, const char *says_json,
                 arrowcid_cid *statement, err *error),
     (store, key, name, cid, says_json, statement, error))
DOOR(statements, (handle store, cid_in *cid, handle key, char *buffer, int64_t capacity, int64_t *needed, err *error),
     (store, cid, key, buffer, capacity, needed, error))
DOOR(verify, (handle store, cid_in *cid, err *error), (store, cid, error))
DOOR(check, (const uint8_t *bytes, int64_t length, arrowcid_cid *cid, err *error), (bytes, length, cid, error))
DOOR(cid_of_array, (schema_in *schema, array_in *array, arrowcid_cid *cid, err *error), (schema, array, cid, error))
DOOR(cid_of_ipc, (const uint8_t *bytes, int64_t length, arrowcid_cid *cids, int64_t capacity, int64_t *count,
                  err *error),
     (bytes, length, cids, capacity, count, error))
DOOR(watch, (handle store, const char *from, handle *watch, err *error), (store, from, watch, error))
DOOR(watch_fd, (handle watch, int32_t *fd, err *error), (watch, fd, error))
DOOR(watch_next, (handle watch, int64_t timeout_ms, arrowcid_event *out, err *error),
     (watch, timeout_ms, out, error))
DOOR(watch_cursor, (handle watch, char *buffer, int64_t capacity, int64_t *needed, err *error),
     (watch, buffer, capacity, needed, error))
DOOR(watch_close, (handle watch, err *error), (watch, error))

uint32_t arrowcid_abi(void) { return ARROWCID_ABI; }

const char *arrowcid_version(void) { return ARROWCID_VERSION; }

const char *arrowcid_error_name(int32_t code) {
#define NAME(word) \
  case ARROWCID_##word: return #word
  switch (code) {
    NAME(NOTHING);
    NAME(OK);
    NAME(INTERNAL);
    NAME(INVALID_ARGUMENT);
    NAME(INVALID_CID);
    NAME(SCHEMA_MISMATCH);
    NAME(UNSUPPORTED);
    NAME(BLOCK_NOT_FOUND);
    NAME(NAME_NOT_FOUND);
    NAME(NAME_EXISTS);
    NAME(NAME_CONFLICT);
    NAME(BLOCK_CORRUPT);
    NAME(INVALID_DATA);
    NAME(NOT_CANONICAL);
    NAME(STORE_FAULTED);
    NAME(FORMAT_VERSION);
    NAME(STORE_FULL);
    NAME(INDEX_FULL);
    NAME(TOO_LARGE);
    NAME(SUBSCRIBER_LAGGED);
    NAME(BUSY);
    NAME(STORE_GONE);
    NAME(FORKED);
    NAME(ACCESS_DENIED);
    NAME(IO);
    NAME(RESOURCE_EXHAUSTED);
    default: return "UNKNOWN";
  }
}

extern int32_t managed_has_lanes(void);

static const char *own_hash_path(void) {
  static volatile int has_lanes = -1;
  if (has_lanes < 0 && !is_child()) has_lanes = managed_has_lanes();
  if (has_lanes > 0) return "avx512-16";
#if defined(__x86_64__)
  {
    unsigned a, b, c, d;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0) return "sha-ni";
  }
#elif defined(__aarch64__)
  if ((getauxval(AT_HWCAP) & HWCAP_SHA2) != 0) return "sha2";
#endif
  return "serial";
}

#include "capsules.c"

static const char *(*hash_path)(void) = own_hash_path;

const char *arrowcid_hash_path(void) { return hash_path(); }

#if defined(__x86_64__) && !defined(ARROWCID_TWIN)
/*
 * The ahead-of-time compiler decides for a whole library whether AVX-512 is there. So there is a twin of this one that
 * was compiled for it, libarrowcid-avx512.so in the same folder. Where the processor has AVX-512 and the twin is there
 * and of the same version, the doors lead to it, and this library's managed half is never started.
 */
extern door __start_doors[] __attribute__((visibility("hidden")));
extern door __stop_doors[] __attribute__((visibility("hidden")));

#ifndef HAS_AVX512
#define HAS_AVX512()                                                                                      \
  (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&                             \
   __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&                            \
   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && \
   __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
#endif

/* A copy of this library under its twin's name is no twin: its doors would lead to themselves. */
static int is_this(void *symbol) {
  Dl_info its, own;
  return dladdr(symbol, &its) == 0 || dladdr((void *)__start_doors, &own) == 0 || its.dli_fbase == own.dli_fbase;
}

static int is_of_this_version(void *twin) {
  const char *(*version)(void) = (const char *(*)(void))dlsym(twin, "arrowcid_version");
  door *each;
  if (version == NULL || strcmp(version(), ARROWCID_VERSION) != 0) return 0;
  if (is_this((void *)version)) return 0;
  if (dlsym(twin, "arrowcid_hash_path") == NULL) return 0;
  for (each = __start_doors; each < __stop_doors; each++)
    if (dlsym(twin, each->name) == NULL) return 0;
  return 1;
}

__attribute__((constructor)) static void find_twin(void) {
  static const char name[] = "libarrowcid-avx512.so";
  char path[PATH_MAX], *end;
  Dl_info own;
  void *twin;
  door *each;
  __builtin_cpu_init();
  if (!HAS_AVX512()) return;
  if (dladdr((void *)arrowcid_abi, &own) == 0 || realpath(own.dli_fname, path) == NULL) return;
  end = strrchr(path, '/');
  if (end == NULL || (size_t)(end + 1 - path) + sizeof name > sizeof path) return;
  memcpy(end + 1, name, sizeof name);
  twin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (twin == NULL || !is_of_this_version(twin)) return;
  for (each = __start_doors; each < __stop_doors; each++) each->to = dlsym(twin, each->name);
  hash_path = (const char *(*)(void))dlsym(twin, "arrowcid_hash_path");
}
#endif
