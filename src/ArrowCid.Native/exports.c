/*
 * The functions of arrowcid.h: each calls the managed function of the same name. In a forked child they
 * are refused before anything of the managed runtime is touched, whose threads and locks the child does not have.
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

/* One int in a page that the kernel zeroes in a child: 1 once this process has called a function. */
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

/* Whether this is a child of a process that had called a function. */
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

/* What an export calls: this library's managed function, or that of the AVX-512 build. The linker gathers them. */
typedef struct {
  const char *name;
  void *to;
} export_entry;

#define EXPORT(name, parameters, arguments)                                                                 \
  extern int32_t managed_##name parameters;                                                                 \
  static export_entry export_##name __attribute__((section("exports"), used)) = {                           \
    "arrowcid_" #name, managed_##name};                                                                     \
  int32_t arrowcid_##name parameters {                                                                      \
    if (is_child()) return refuse(error);                                                                   \
    return ((int32_t(*) parameters)export_##name.to) arguments;                                             \
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

EXPORT(cid_format, (cid_in *cid, char text[64], err *error), (cid, text, error))
EXPORT(cid_parse, (const char *text, arrowcid_cid *cid, err *error), (text, cid, error))
EXPORT(open, (const char *directory, const arrowcid_options *options, handle *store, err *error),
       (directory, options, store, error))
EXPORT(close, (handle store, err *error), (store, error))
EXPORT(directory, (handle store, char *buffer, int64_t capacity, int64_t *needed, err *error),
       (store, buffer, capacity, needed, error))
EXPORT(flush, (handle store, err *error), (store, error))
EXPORT(put_array, (handle store, schema_in *schema, array_in *array, const char *facts_json, arrowcid_block *out,
                   err *error),
       (store, schema, array, facts_json, out, error))
EXPORT(put_arrays, (handle store, schema_in *schema, array_in *const *arrays, int64_t count, arrowcid_block *out,
                    err *error),
       (store, schema, arrays, count, out, error))
EXPORT(put_stream, (handle store, struct ArrowArrayStream *stream, const char *facts_json, arrowcid_block *out,
                    int64_t capacity, int64_t *count, err *error),
       (store, stream, facts_json, out, capacity, count, error))
EXPORT(put_ipc, (handle store, const uint8_t *bytes, int64_t length, const char *facts_json, arrowcid_block *out,
                 int64_t capacity, int64_t *count, err *error),
       (store, bytes, length, facts_json, out, capacity, count, error))
EXPORT(put_raw, (handle store, const uint8_t *bytes, int64_t length, const char *facts_json, arrowcid_block *out,
                 err *error),
       (store, bytes, length, facts_json, out, error))
EXPORT(put_dataset, (handle store, cid_in *batches, int64_t count, const char *dataset_json, const char *facts_json,
                     arrowcid_block *out, err *error),
       (store, batches, count, dataset_json, facts_json, out, error))
EXPORT(put_table, (handle store, struct ArrowArrayStream *stream, const char *dataset_json, const char *facts_json,
                   arrowcid_block *out, err *error),
       (store, stream, dataset_json, facts_json, out, error))
EXPORT(dataset_batches, (handle store, cid_in *cid, arrowcid_cid *batches, int64_t capacity,
                        int64_t *count, err *error),
       (store, cid, batches, capacity, count, error))
EXPORT(reserve, (handle store, schema_in *schema, int64_t rows, const int64_t *data_bytes, handle *reservation,
                 err *error),
       (store, schema, rows, data_bytes, reservation, error))
EXPORT(reserved_column, (handle reservation, int32_t column, arrowcid_column *out, err *error),
       (reservation, column, out, error))
EXPORT(reserved_validity, (handle reservation, int32_t column, uint8_t **bits, int64_t *length, err *error),
       (reservation, column, bits, length, error))
EXPORT(commit, (handle reservation, arrowcid_block *out, err *error), (reservation, out, error))
EXPORT(abandon, (handle reservation, err *error), (reservation, error))
EXPORT(get, (handle store, cid_in *cid, handle *lease, err *error), (store, cid, lease, error))
EXPORT(lease_block, (handle lease, const uint8_t **bytes, int64_t *length, arrowcid_block *out, err *error),
       (lease, bytes, length, out, error))
EXPORT(lease_array, (handle lease, struct ArrowSchema *schema, struct ArrowArray *array, err *error),
       (lease, schema, array, error))
EXPORT(lease_device_array, (handle lease, struct ArrowSchema *schema, struct ArrowDeviceArray *array, err *error),
       (lease, schema, array, error))
EXPORT(release_lease, (handle lease, err *error), (lease, error))
EXPORT(get_array, (handle store, cid_in *cid, struct ArrowSchema *schema, struct ArrowArray *array, err *error),
       (store, cid, schema, array, error))
EXPORT(get_schema, (handle store, cid_in *cid, struct ArrowSchema *schema, err *error), (store, cid, schema, error))
EXPORT(get_stream, (handle store, cid_in *cids, int64_t count, struct ArrowArrayStream *stream, err *error),
       (store, cids, count, stream, error))
EXPORT(find, (handle store, cid_in *cid, arrowcid_block *out, err *error), (store, cid, out, error))
EXPORT(contains, (handle store, cid_in *cids, int64_t count, uint8_t *found, err *error),
       (store, cids, count, found, error))
EXPORT(list, (handle store, const char *filter, handle *listing, err *error), (store, filter, listing, error))
EXPORT(list_next, (handle listing, arrowcid_block *out, int64_t capacity, int64_t *count, err *error),
       (listing, out, capacity, count, error))
EXPORT(list_close, (handle listing, err *error), (listing, error))
EXPORT(names, (handle store, handle *listing, err *error), (store, listing, error))
EXPORT(names_next, (handle listing, arrowcid_name *out, int64_t capacity, int64_t *count, err *error),
       (listing, out, capacity, count, error))
EXPORT(describe, (handle store, cid_in *cid, char *buffer, int64_t capacity, int64_t *needed, err *error),
       (store, cid, buffer, capacity, needed, error))
EXPORT(set_name, (handle store, const char *name, cid_in *cid, cid_in *expected, int32_t check, err *error),
       (store, name, cid, expected, check, error))
EXPORT(resolve_name, (handle store, const char *name, arrowcid_cid *cid, err *error), (store, name, cid, error))
EXPORT(annotate, (handle store, cid_in *cid, const char *facts_json, err *error), (store, cid, facts_json, error))
EXPORT(pin, (handle store, cid_in *cid, err *error), (store, cid, error))
EXPORT(unpin, (handle store, cid_in *cid, err *error), (store, cid, error))
EXPORT(remove, (handle store, cid_in *cids, int64_t count, int64_t *removed, err *error),
       (store, cids, count, removed, error))
EXPORT(remove_forced, (handle store, cid_in *cids, int64_t count, int64_t *removed, err *error),
       (store, cids, count, removed, error))
EXPORT(put_together, (handle store, schema_in *schema, array_in *const *arrays, int64_t count, const char *facts_json,
                      arrowcid_block *out, err *error),
       (store, schema, arrays, count, facts_json, out, error))
EXPORT(put_ipc_together, (handle store, const uint8_t *bytes, int64_t length, const char *facts_json,
                          arrowcid_block *out, int64_t capacity, int64_t *count, err *error),
       (store, bytes, length, facts_json, out, capacity, count, error))
EXPORT(put_raws, (handle store, const uint8_t *const *bytes, const int64_t *lengths, int64_t count,
                  const char *facts_json, arrowcid_block *out, err *error),
       (store, bytes, lengths, count, facts_json, out, error))
EXPORT(get_many, (handle store, cid_in *cids, int64_t count, handle *leases, err *error),
       (store, cids, count, leases, error))
EXPORT(annotate_many, (handle store, cid_in *cids, int64_t count, const char *const *facts_json, int64_t facts_count,
                       int64_t *annotated, err *error),
       (store, cids, count, facts_json, facts_count, annotated, error))
EXPORT(touch, (handle store, cid_in *cids, int64_t count, int64_t expires_ms, err *error),
       (store, cids, count, expires_ms, error))
EXPORT(list_all, (handle store, const char *filter, arrowcid_block *out, int64_t capacity, int64_t *count, err *error),
       (store, filter, out, capacity, count, error))
EXPORT(remove_where, (handle store, const char *filter, int32_t dry_run, arrowcid_removal *out, err *error),
       (store, filter, dry_run, out, error))
EXPORT(put_directory, (handle store, const char *files_json, const char *facts_json, arrowcid_block *out, err *error),
       (store, files_json, facts_json, out, error))
EXPORT(directory_files, (handle store, cid_in *cid, char *buffer, int64_t capacity, int64_t *needed, err *error),
       (store, cid, buffer, capacity, needed, error))
EXPORT(write_parquet, (handle store, cid_in *cids, int64_t count, int32_t file, int64_t *length, err *error),
       (store, cids, count, file, length, error))
EXPORT(write_catalog, (handle store, const char *filter, int32_t file, int64_t *length, err *error),
       (store, filter, file, length, error))
EXPORT(memo_get, (handle store, const uint8_t *call, int64_t length, arrowcid_result *out, err *error),
       (store, call, length, out, error))
EXPORT(memo_begin, (handle store, const uint8_t *call, int64_t length, int64_t timeout_ms, handle *work,
                    arrowcid_result *out, err *error),
       (store, call, length, timeout_ms, work, out, error))
EXPORT(memo_set, (handle work, cid_in *value, int64_t life_ms, cid_in *created, int64_t count, const char *form,
                  err *error),
       (work, value, life_ms, created, count, form, error))
EXPORT(memo_release, (handle work, err *error), (work, error))
EXPORT(memo_remove, (handle store, const uint8_t *call, int64_t length, int32_t dry_run, int64_t *removed, err *error),
       (store, call, length, dry_run, removed, error))
EXPORT(key_create, (const char *path, int32_t shared, handle *key, err *error), (path, shared, key, error))
EXPORT(key_open, (const char *path, handle *key, err *error), (path, key, error))
EXPORT(key_id, (handle key, char *buffer, int64_t capacity, int64_t *needed, err *error),
       (key, buffer, capacity, needed, error))
EXPORT(key_close, (handle key, err *error), (key, error))
EXPORT(sign, (handle store, handle key, cid_in *cid, const char *says_json, arrowcid_cid *statement, err *error),
       (store, key, cid, says_json, statement, error))
EXPORT(sign_name, (handle store, handle key, const char *name, cid_in *cid, const char *says_json,
                   arrowcid_cid *statement, err *error),
       (store, key, name, cid, says_json, statement, error))
EXPORT(statements, (handle store, cid_in *cid, handle key, char *buffer, int64_t capacity, int64_t *needed, err *error),
       (store, cid, key, buffer, capacity, needed, error))
EXPORT(verify, (handle store, cid_in *cid, err *error), (store, cid, error))
EXPORT(check, (const uint8_t *bytes, int64_t length, arrowcid_cid *cid, err *error), (bytes, length, cid, error))
EXPORT(cid_of_array, (schema_in *schema, array_in *array, arrowcid_cid *cid, err *error), (schema, array, cid, error))
EXPORT(cid_of_ipc, (const uint8_t *bytes, int64_t length, arrowcid_cid *cids, int64_t capacity, int64_t *count,
                    err *error),
       (bytes, length, cids, capacity, count, error))
EXPORT(watch, (handle store, const char *from, handle *watch, err *error), (store, from, watch, error))
EXPORT(watch_names,
       (handle store, const char *pattern, const char *from, handle *watch, err *error),
       (store, pattern, from, watch, error))
EXPORT(watch_name, (handle watch, char *buffer, int64_t capacity, int64_t *needed, err *error),
       (watch, buffer, capacity, needed, error))
EXPORT(watch_fd, (handle watch, int32_t *fd, err *error), (watch, fd, error))
EXPORT(watch_next, (handle watch, int64_t timeout_ms, arrowcid_event *out, err *error),
       (watch, timeout_ms, out, error))
EXPORT(watch_cursor, (handle watch, char *buffer, int64_t capacity, int64_t *needed, err *error),
       (watch, buffer, capacity, needed, error))
EXPORT(watch_close, (handle watch, err *error), (watch, error))

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
    NAME(POOL_UNAVAILABLE);
    NAME(MEMBER_FENCED);
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

#if defined(__x86_64__) && !defined(ARROWCID_SINGLE)
/*
 * The ahead-of-time compiler decides for a whole library whether AVX-512 is there. So there is another build of this
 * one for it, libarrowcid-avx512.so in the same folder. Where the processor has AVX-512 and that build is there and of
 * the same version, the exports call it, and this library's managed half is never started.
 */
extern export_entry __start_exports[] __attribute__((visibility("hidden")));
extern export_entry __stop_exports[] __attribute__((visibility("hidden")));

#ifndef HAS_AVX512
#define HAS_AVX512()                                                                                      \
  (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&                             \
   __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&                            \
   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && \
   __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
#endif

/* A copy of this library under the name of the AVX-512 build is refused: its exports would call themselves. */
static int is_this(void *symbol) {
  Dl_info its, own;
  return dladdr(symbol, &its) == 0 || dladdr((void *)__start_exports, &own) == 0 || its.dli_fbase == own.dli_fbase;
}

static int is_of_this_version(void *build) {
  const char *(*version)(void) = (const char *(*)(void))dlsym(build, "arrowcid_version");
  export_entry *each;
  if (version == NULL || strcmp(version(), ARROWCID_VERSION) != 0) return 0;
  if (is_this((void *)version)) return 0;
  if (dlsym(build, "arrowcid_hash_path") == NULL) return 0;
  for (each = __start_exports; each < __stop_exports; each++)
    if (dlsym(build, each->name) == NULL) return 0;
  return 1;
}

__attribute__((constructor)) static void find_avx512_build(void) {
  static const char name[] = "libarrowcid-avx512.so";
  char path[PATH_MAX], *end;
  Dl_info own;
  void *build;
  export_entry *each;
  __builtin_cpu_init();
  if (!HAS_AVX512()) return;
  if (dladdr((void *)arrowcid_abi, &own) == 0 || realpath(own.dli_fname, path) == NULL) return;
  end = strrchr(path, '/');
  if (end == NULL || (size_t)(end + 1 - path) + sizeof name > sizeof path) return;
  memcpy(end + 1, name, sizeof name);
  build = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (build == NULL || !is_of_this_version(build)) return;
  for (each = __start_exports; each < __stop_exports; each++) each->to = dlsym(build, each->name);
  hash_path = (const char *(*)(void))dlsym(build, "arrowcid_hash_path");
}
#endif
