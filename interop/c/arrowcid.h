/*
 * libarrowcid: record batches by content address, read from shared memory without a copy. ABI version 1.
 *
 * Threads     Any function may be called from any thread at once, but one thread at a time uses a reservation, a
 *             listing or a watch: a second one gets ARROWCID_BUSY. watch_close and close wake a watch_next that sleeps.
 * Handles     Stores, leases, reservations, listings, watches and works are numbers above 0 and below 2^53; 0 is none. A
 *             handle that was closed, or never was one, gives ARROWCID_INVALID_ARGUMENT, never a crash. Each is ended
 *             by the function that is named with it; what is not, ends with the process.
 * Results     0 (ARROWCID_OK), an ARROWCID_ number above 0 where it failed, or ARROWCID_NOTHING where nothing is there
 *             and that is no fault. The last parameter, which may be NULL, gets code and message of a failure and is
 *             left alone otherwise. Where a function fails, its out parameters hold nothing to rely on, unless said.
 * Memory      What goes in is borrowed for the call: structs of the C Data Interface stay the caller's to release. What
 *             comes out is the caller's memory filled, or a pointer whose life is said with it. No function calls
 *             back, but put_stream the functions of its stream. Exported structs may be released from any thread, and
 *             after the store was closed.
 * Texts       UTF-8, ended by a NUL. A text out has (buffer, capacity, needed): needed counts the NUL; too small a
 *             capacity gives ARROWCID_TOO_LARGE with needed set, and NULL with 0 asks for it.
 * fork        A child of fork() gets ARROWCID_FORKED from every function of a library that its parent had used: start
 *             processes with exec, posix_spawn or, in Python, the method "spawn". The functions of structs that the
 *             parent exported may be called there: a release frees nothing, and a stream reports that it failed.
 * Growth      New functions are added; existing ones stay. arrowcid_options may grow, for its size is passed; all
 *             other structs are as they are for ABI 1.
 */
#ifndef ARROWCID_H
#define ARROWCID_H

#include <stdint.h>

#ifndef ARROWCID_API
#define ARROWCID_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Apache Arrow's C Data, C Stream and C Device interfaces, as their specification has them. */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif

#ifndef ARROW_C_DEVICE_DATA_INTERFACE
#define ARROW_C_DEVICE_DATA_INTERFACE

typedef int32_t ArrowDeviceType;
#define ARROW_DEVICE_CPU 1

struct ArrowDeviceArray {
  struct ArrowArray array;
  int64_t device_id;
  ArrowDeviceType device_type;
  void *sync_event;
  int64_t reserved[3];
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif

#define ARROWCID_ABI 1

/* Results. The numbers never change; new ones are appended. */
#define ARROWCID_NOTHING (-1)
#define ARROWCID_OK 0
#define ARROWCID_INTERNAL 1            /* a fault in ArrowCid itself */
#define ARROWCID_INVALID_ARGUMENT 2    /* the caller can correct it */
#define ARROWCID_INVALID_CID 3         /* a text or bytes that are no CID */
#define ARROWCID_SCHEMA_MISMATCH 4     /* not a batch, or not of the schema that was asked for */
#define ARROWCID_UNSUPPORTED 5         /* well formed, but not handled here */
#define ARROWCID_BLOCK_NOT_FOUND 6
#define ARROWCID_NAME_NOT_FOUND 7
#define ARROWCID_NAME_EXISTS 8
#define ARROWCID_NAME_CONFLICT 9       /* the name points to another block than was expected */
#define ARROWCID_BLOCK_CORRUPT 10      /* stored bytes do not hash to their CID */
#define ARROWCID_INVALID_DATA 11       /* foreign bytes or structs break their format's rules */
#define ARROWCID_NOT_CANONICAL 12      /* a readable stream that is not in the canonical form */
#define ARROWCID_STORE_FAULTED 13      /* the store met an I/O error before; close and open it again */
#define ARROWCID_FORMAT_VERSION 14     /* made by a version that this one cannot handle */
#define ARROWCID_STORE_FULL 15
#define ARROWCID_INDEX_FULL 16
#define ARROWCID_TOO_LARGE 17          /* over a limit, or a buffer too small */
#define ARROWCID_SUBSCRIBER_LAGGED 18
#define ARROWCID_BUSY 19               /* another caller holds what is needed; a retry may help */
#define ARROWCID_STORE_GONE 20         /* the store was removed, or is not there and must exist */
#define ARROWCID_FORKED 21             /* a child of fork(); see above */
#define ARROWCID_ACCESS_DENIED 22
#define ARROWCID_IO 23
#define ARROWCID_RESOURCE_EXHAUSTED 24 /* no more disk space, quota or open files */
#define ARROWCID_POOL_UNAVAILABLE 25
#define ARROWCID_MEMBER_FENCED 26

/* What a block is. */
#define ARROWCID_BATCH 1
#define ARROWCID_SCHEMA 2
#define ARROWCID_RAW 3
#define ARROWCID_VIEW 4
#define ARROWCID_DATASET 5  /* batches of one schema in order */
#define ARROWCID_MANIFEST 6 /* a batch that is cut where its columns end */
#define ARROWCID_NODE 7     /* any other block of codec dag-cbor, dag-pb or dag-json */

typedef int64_t arrowcid_handle;

/* What failed: the number that the function returned, and a sentence. */
typedef struct {
  int32_t code;
  char message[1020];
} arrowcid_error;

/* A CID of version 1 in binary: 01, the codec in one byte (below 80), 12 20, and the 32 bytes of the SHA-256. The codec is
   55 (raw) of batches, schemas and other bytes, 71 (dag-cbor) of datasets, 70 (dag-pb) of UnixFS nodes. A CID that has no
   such form is an error wherever it would be given: ARROWCID_UNSUPPORTED, and never zeros. */
typedef struct {
  uint8_t bytes[36];
} arrowcid_cid;

typedef struct {
  arrowcid_cid cid;
  arrowcid_cid schema_cid; /* of a batch, schema or dataset; else zeros */
  int64_t rows;            /* of a batch or dataset; else 0 */
  int64_t length;          /* bytes */
  int64_t time_ns;         /* when it was first put, in nanoseconds since 1970 UTC; 0 where not known */
  int32_t kind;            /* ARROWCID_BATCH, _SCHEMA, _RAW, _VIEW, _DATASET, _MANIFEST or _NODE */
  int16_t is_new;          /* of a put: 1 if the store did not have it, else 0 */
  int16_t is_repaired;     /* of a put: 1 if the store had it with damaged bytes, which the put replaced, else 0 */
} arrowcid_block;

/* A name, and the block that it points to. */
typedef struct {
  arrowcid_cid cid;
  int32_t kind;    /* of the block, as in arrowcid_block; 0 where the block is not here */
  int64_t time_ns; /* when the name was last changed, in nanoseconds since 1970 UTC */
  char name[256];  /* UTF-8, ended by a NUL */
} arrowcid_name;

/* The result of a call. */
typedef struct {
  arrowcid_cid value;
  int32_t reserved;
  int64_t expires_ns; /* when it expires, in nanoseconds since 1970 UTC */
  int64_t took_ns;    /* how long the computation took, in nanoseconds; 0 where not known */
  char form[64];      /* what the value was in the program that stored it, as memo_set said; UTF-8, ended by a NUL */
} arrowcid_result;

/* What a removal by filter did, or would do. */
typedef struct {
  int64_t removed; /* the number of blocks that went */
  int64_t kept;    /* the number that passed the filter and stay: a name, a pin or another block needs them */
  int64_t length;  /* the bytes of those that went; their space is freed when the store is compacted */
} arrowcid_removal;

/* How to open a store. Set size to sizeof(arrowcid_options) and all that is not wanted to 0. */
typedef struct {
  int64_t size;
  int64_t capacity;     /* most bytes of the store, whole MiB, where it is made; 0: the default */
  int64_t segment_size; /* bytes of a segment, whole MiB, where it is made; 0: the default */
  int64_t timeout_ms;   /* how long a call waits for other processes; 0: the default, five seconds */
  int32_t durability;   /* on a disk, when puts outlive a loss of power: 0 default, 1 none, 2 batch, 3 always */
  int32_t verify;       /* what a read proves: 0 default, 1 trusted, 2 first read, 3 always */
  int32_t retention;    /* of a full store, where it is made: 0 keep, 1 ring */
  int32_t flags;        /* ARROWCID_READ_ONLY and so on */
} arrowcid_options;

#define ARROWCID_READ_ONLY 1
#define ARROWCID_MUST_EXIST 2
#define ARROWCID_GROUP 4 /* several users share it */
#define ARROWCID_COPY 8  /* its writers are not trusted: reads copy and prove */

/* Memory of a column in the making. What the column does not have is NULL and 0. */
typedef struct {
  uint8_t *validity; /* as reserved_validity gave it; NULL until that was called */
  int64_t validity_length;
  uint8_t *values; /* values of fixed width, or the bits of booleans */
  int64_t values_length;
  uint8_t *offsets; /* of text and binary: rows + 1 numbers of 32 bits, 64 for the large types */
  int64_t offsets_length;
  uint8_t *data; /* the bytes of text and binary */
  int64_t data_length;
} arrowcid_column;

#define ARROWCID_NEW 1   /* a batch that the store did not have */
#define ARROWCID_AGAIN 2 /* a batch that it had */
#define ARROWCID_GAP 3   /* something was missed; there is no block */
#define ARROWCID_NAME 4  /* a name changed (arrowcid_watch_names): block.cid is the block that it points to since and
                            block.schema_cid the one before, of each zeros for none */

typedef struct {
  arrowcid_block block; /* zeros where it is a gap; its block may be gone by the time it is asked for */
  int32_t kind;         /* ARROWCID_NEW, _AGAIN, _GAP or _NAME */
  int32_t lane;         /* the writer's log; -1: a gap of the whole store */
  int32_t gap_reason;   /* 0; 1 other store, 2 past the end, 3 rewritten, 4 gone, 5 damaged */
  int32_t reserved;
  int64_t gap_first; /* the first record in the lane that is missing, */
  int64_t gap_last;  /* and the last */
} arrowcid_event;

/* The library. None of these fails; they work in a forked child too, and their texts are constant. */

ARROWCID_API uint32_t arrowcid_abi(void);
ARROWCID_API const char *arrowcid_version(void);
/* "BLOCK_NOT_FOUND" for 6 and so on; "UNKNOWN" for what is no number of this version. */
ARROWCID_API const char *arrowcid_error_name(int32_t code);
/* How many messages are hashed at once here: "avx512-16" (sixteen side by side), else one behind the other with the
   processor's instructions ("sha-ni", "sha2") or without ("serial"). */
ARROWCID_API const char *arrowcid_hash_path(void);

/* CIDs as text. Format gives base32, 59 characters and a NUL. Parse takes any base, and any CID that has the form of
   arrowcid_cid; others are ARROWCID_INVALID_CID. */
ARROWCID_API int32_t arrowcid_cid_format(const arrowcid_cid *cid, char text[64], arrowcid_error *error);
ARROWCID_API int32_t arrowcid_cid_parse(const char *text, arrowcid_cid *cid, arrowcid_error *error);

/* Stores. A store is a directory, made where none is; directory NULL is ARROWCID_STORE of the environment, else
   /dev/shm/arrowcid-UID/default. options may be NULL. */
ARROWCID_API int32_t arrowcid_open(const char *directory, const arrowcid_options *options, arrowcid_handle *store,
                                   arrowcid_error *error);
/* Ends the store's watches, reservations and listings, and calls that wait. Leases and exported arrays stay valid. */
ARROWCID_API int32_t arrowcid_close(arrowcid_handle store, arrowcid_error *error);
ARROWCID_API int32_t arrowcid_directory(arrowcid_handle store, char *buffer, int64_t capacity, int64_t *needed,
                                        arrowcid_error *error);
/* Returns once every put that was acknowledged outlives a loss of power; in shared memory there is nothing to do. */
ARROWCID_API int32_t arrowcid_flush(arrowcid_handle store, arrowcid_error *error);

/* Puts. Once one returns any process finds the block. A block that is there already is announced again and takes no
   space (is_new 0), unless its stored bytes are damaged: then the put replaces them (is_new 0, is_repaired 1).
   facts_json, NULL for none, says something of each block; no CID depends on it:
     {"tags":{"k":"v"}, "producer":"p", "parents":["bafkrei..."], "data":{...any JSON},
      "expires":"2026-12-01T00:00:00Z", "locations":["https://..."], "pin":true, "name":"n"}
   An unknown key is ARROWCID_INVALID_ARGUMENT. A name is for one batch; of put_ipc with several batches it is for a dataset
   of them, which is put too. */

/* One record batch: a struct array. schema and array are only read, during the call; the caller still owns both. */
ARROWCID_API int32_t arrowcid_put_array(arrowcid_handle store, const struct ArrowSchema *schema,
                                        const struct ArrowArray *array, const char *facts_json, arrowcid_block *out,
                                        arrowcid_error *error);
/* Many batches of one schema, hashed and announced together. out holds count elements. */
ARROWCID_API int32_t arrowcid_put_arrays(arrowcid_handle store, const struct ArrowSchema *schema,
                                         const struct ArrowArray *const *arrays, int64_t count, arrowcid_block *out,
                                         arrowcid_error *error);
/* Up to capacity batches of a stream, which the caller still owns; *count below capacity: the stream has ended. *count
   is right after a failure too: the number that were put. */
ARROWCID_API int32_t arrowcid_put_stream(arrowcid_handle store, struct ArrowArrayStream *stream,
                                         const char *facts_json, arrowcid_block *out, int64_t capacity,
                                         int64_t *count, arrowcid_error *error);
/* The batches of an Arrow IPC stream or file. Where it has more than capacity: ARROWCID_TOO_LARGE, nothing is put, and
   *count says how many it has. */
ARROWCID_API int32_t arrowcid_put_ipc(arrowcid_handle store, const uint8_t *bytes, int64_t length,
                                      const char *facts_json, arrowcid_block *out, int64_t capacity, int64_t *count,
                                      arrowcid_error *error);
/* Any bytes, at most 2^31 - 1024 of them. Those that are a batch's canonical block are put as that batch. */
ARROWCID_API int32_t arrowcid_put_raw(arrowcid_handle store, const uint8_t *bytes, int64_t length,
                                      const char *facts_json, arrowcid_block *out, arrowcid_error *error);

/* Datasets: batches of one schema in order, under one CID. dataset_json, NULL for none, is part of the dataset and of its
   CID: {"metadata":{"k":"v"}, "parents":["bafyrei..."]}; the parents are the datasets that it was made of. facts_json is
   the metadata of the dataset in this store, as of a block; a name or pin of a dataset keeps all of its batches. */

/* Puts a dataset of batches that the store has. */
ARROWCID_API int32_t arrowcid_put_dataset(arrowcid_handle store, const arrowcid_cid *batches, int64_t count,
                                          const char *dataset_json, const char *facts_json, arrowcid_block *out,
                                          arrowcid_error *error);
/* Puts all batches of a stream, which the caller still owns, and a dataset of them; *out is the dataset. facts_json applies
   to each batch too, but for the name. Where it fails, batches that were put stay. */
ARROWCID_API int32_t arrowcid_put_table(arrowcid_handle store, struct ArrowArrayStream *stream,
                                        const char *dataset_json, const char *facts_json, arrowcid_block *out,
                                        arrowcid_error *error);
/* The batches of a dataset in order; *count is how many there are, with ARROWCID_TOO_LARGE where capacity is less.
   ARROWCID_SCHEMA_MISMATCH: the block is not a dataset. */
ARROWCID_API int32_t arrowcid_dataset_batches(arrowcid_handle store, const arrowcid_cid *cid, arrowcid_cid *batches,
                                              int64_t capacity, int64_t *count, arrowcid_error *error);

/* Memory of the store for a batch that is to be computed in place. The columns have fixed width, bits, or are text or
   binary; data_bytes has a number a column, the most bytes of its text (0 for others; NULL: 0 for all). */
ARROWCID_API int32_t arrowcid_reserve(arrowcid_handle store, const struct ArrowSchema *schema, int64_t rows,
                                      const int64_t *data_bytes, arrowcid_handle *reservation, arrowcid_error *error);
/* The memory of a column, zero at first; valid until the reservation is committed or abandoned, or its store closed. */
ARROWCID_API int32_t arrowcid_reserved_column(arrowcid_handle reservation, int32_t column, arrowcid_column *out,
                                              arrowcid_error *error);
/* A bit a row, the lowest first, zero for null; all ones when it is asked for first. A column of which it is never
   asked for has no nulls. Valid as the column's memory is. */
ARROWCID_API int32_t arrowcid_reserved_validity(arrowcid_handle reservation, int32_t column, uint8_t **bits,
                                                int64_t *length, arrowcid_error *error);
/* Publishes the batch and ends the reservation, also where it fails. */
ARROWCID_API int32_t arrowcid_commit(arrowcid_handle reservation, arrowcid_block *out, arrowcid_error *error);
/* Ends the reservation; nothing of it stays. */
ARROWCID_API int32_t arrowcid_abandon(arrowcid_handle reservation, arrowcid_error *error);

/* Reading. */

/* Holds a block where it lies: its bytes stay as they are until release_lease, whatever other processes do, and after
   the store is closed too. ARROWCID_BLOCK_NOT_FOUND where it is not here. */
ARROWCID_API int32_t arrowcid_get(arrowcid_handle store, const arrowcid_cid *cid, arrowcid_handle *lease,
                                  arrowcid_error *error);
/* The block's bytes, valid until release_lease and only to be read; of a batch a whole Arrow IPC stream. out may be
   NULL. */
ARROWCID_API int32_t arrowcid_lease_block(arrowcid_handle lease, const uint8_t **bytes, int64_t *length,
                                          arrowcid_block *out, arrowcid_error *error);
/* The batch as a struct array over the store's memory, without a copy. What is exported is the caller's to release,
   and keeps its memory beyond the lease and the store. schema may be NULL. ARROWCID_SCHEMA_MISMATCH: it is no batch. */
ARROWCID_API int32_t arrowcid_lease_array(arrowcid_handle lease, struct ArrowSchema *schema, struct ArrowArray *array,
                                          arrowcid_error *error);
/* The same as a device array: on the CPU, device_id -1, no event. */
ARROWCID_API int32_t arrowcid_lease_device_array(arrowcid_handle lease, struct ArrowSchema *schema,
                                                 struct ArrowDeviceArray *array, arrowcid_error *error);
ARROWCID_API int32_t arrowcid_release_lease(arrowcid_handle lease, arrowcid_error *error);
/* get, lease_array and release_lease in one call. */
ARROWCID_API int32_t arrowcid_get_array(arrowcid_handle store, const arrowcid_cid *cid, struct ArrowSchema *schema,
                                        struct ArrowArray *array, arrowcid_error *error);
/* The schema of that CID, or of the batch or dataset of that CID; the caller's to release. */
ARROWCID_API int32_t arrowcid_get_schema(arrowcid_handle store, const arrowcid_cid *cid, struct ArrowSchema *schema,
                                         arrowcid_error *error);
/* Batches of one schema (else ARROWCID_SCHEMA_MISMATCH) as a stream, the caller's to release; each is leased when it is
   asked for. The CID of a dataset yields its batches. count is at least 1. The stream ends with its store: get_next
   then fails. */
ARROWCID_API int32_t arrowcid_get_stream(arrowcid_handle store, const arrowcid_cid *cids, int64_t count,
                                         struct ArrowArrayStream *stream, arrowcid_error *error);

/* Listing and metadata. */

/* What is known of a block, without a look at its bytes; ARROWCID_BLOCK_NOT_FOUND where it is not here. */
ARROWCID_API int32_t arrowcid_find(arrowcid_handle store, const arrowcid_cid *cid, arrowcid_block *out,
                                   arrowcid_error *error);
/* Sets found[i] to 1 or 0 for each of count CIDs. */
ARROWCID_API int32_t arrowcid_contains(arrowcid_handle store, const arrowcid_cid *cids, int64_t count, uint8_t *found,
                                       arrowcid_error *error);
/* Lists the blocks of every kind that pass a filter (the language of 'arrowcid ls'), NULL for all batches; in no
   order. */
ARROWCID_API int32_t arrowcid_list(arrowcid_handle store, const char *filter, arrowcid_handle *listing,
                                   arrowcid_error *error);
/* The next blocks, up to capacity; ARROWCID_NOTHING and *count 0 at the end. A block whose CID has no form of
   arrowcid_cid is ARROWCID_UNSUPPORTED once; the next call goes on after it. */
ARROWCID_API int32_t arrowcid_list_next(arrowcid_handle listing, arrowcid_block *out, int64_t capacity, int64_t *count,
                                        arrowcid_error *error);
/* Ends a listing of blocks or names. */
ARROWCID_API int32_t arrowcid_list_close(arrowcid_handle listing, arrowcid_error *error);
/* Lists the names, in the order of their bytes. */
ARROWCID_API int32_t arrowcid_names(arrowcid_handle store, arrowcid_handle *listing, arrowcid_error *error);
/* The next names, as list_next gives blocks. */
ARROWCID_API int32_t arrowcid_names_next(arrowcid_handle listing, arrowcid_name *out, int64_t capacity, int64_t *count,
                                         arrowcid_error *error);
/* A block and its metadata, as JSON; ARROWCID_BLOCK_NOT_FOUND if it is not stored and has none. */
ARROWCID_API int32_t arrowcid_describe(arrowcid_handle store, const arrowcid_cid *cid, char *buffer, int64_t capacity,
                                       int64_t *needed, arrowcid_error *error);

/* Names and facts. */

/* Makes a name point to a block; cid NULL removes it. With check 1 only if it points to expected (NULL: if
   there is no such name): else ARROWCID_NAME_CONFLICT or ARROWCID_NAME_EXISTS. ARROWCID_NAME_NOT_FOUND: there is none
   to take away. */
ARROWCID_API int32_t arrowcid_set_name(arrowcid_handle store, const char *name, const arrowcid_cid *cid,
                                       const arrowcid_cid *expected, int32_t check, arrowcid_error *error);
/* ARROWCID_NAME_NOT_FOUND if there is no such name. */
ARROWCID_API int32_t arrowcid_resolve_name(arrowcid_handle store, const char *name, arrowcid_cid *cid,
                                           arrowcid_error *error);
/* Says something of a block, as facts_json of a put does. */
ARROWCID_API int32_t arrowcid_annotate(arrowcid_handle store, const arrowcid_cid *cid, const char *facts_json,
                                       arrowcid_error *error);
/* A pinned block is not removed. */
ARROWCID_API int32_t arrowcid_pin(arrowcid_handle store, const arrowcid_cid *cid, arrowcid_error *error);
/* Nothing happens where it was not pinned. */
ARROWCID_API int32_t arrowcid_unpin(arrowcid_handle store, const arrowcid_cid *cid, arrowcid_error *error);
/* Removes blocks; those that a name, a pin or another block needs, or that a place is still to get, are kept. *removed,
   unless NULL: how many went. */
ARROWCID_API int32_t arrowcid_remove(arrowcid_handle store, const arrowcid_cid *cids, int64_t count, int64_t *removed,
                                     arrowcid_error *error);
/* The same, but blocks that a place is still to get are removed too: no copy of them may be left. */
ARROWCID_API int32_t arrowcid_remove_forced(arrowcid_handle store, const arrowcid_cid *cids, int64_t count,
                                            int64_t *removed, arrowcid_error *error);

/* Calls for many blocks, each of which costs about as much as one call for one block. All arguments are checked before
   anything is written. */

/* Puts batches of one schema that become visible together or not at all, also where the process is killed: where it fails,
   nothing is put. They have to fit one segment of the store, else ARROWCID_TOO_LARGE. facts_json, NULL for none, is metadata
   of each, without a name. out holds count elements. */
ARROWCID_API int32_t arrowcid_put_together(arrowcid_handle store, const struct ArrowSchema *schema,
                                           const struct ArrowArray *const *arrays, int64_t count,
                                           const char *facts_json, arrowcid_block *out, arrowcid_error *error);
/* The same of the batches of an Arrow IPC stream or file; capacity and *count as of put_ipc. */
ARROWCID_API int32_t arrowcid_put_ipc_together(arrowcid_handle store, const uint8_t *bytes, int64_t length,
                                               const char *facts_json, arrowcid_block *out, int64_t capacity,
                                               int64_t *count, arrowcid_error *error);
/* The same of any bytes: bytes[i] has lengths[i] of them. */
ARROWCID_API int32_t arrowcid_put_raws(arrowcid_handle store, const uint8_t *const *bytes, const int64_t *lengths,
                                       int64_t count, const char *facts_json, arrowcid_block *out,
                                       arrowcid_error *error);
/* Holds many blocks as get holds one: leases[i] is 0 where a block is not here, else to be ended by release_lease. Where it
   fails, none is held. */
ARROWCID_API int32_t arrowcid_get_many(arrowcid_handle store, const arrowcid_cid *cids, int64_t count,
                                       arrowcid_handle *leases, arrowcid_error *error);
/* Adds metadata to blocks, which need not be here: facts_count is 1, for the same facts_json of each, or count, for one each;
   none has a name or a pin. As many as fit 64 KiB are one record of the log, which is written whole or not at all, so that
   some hundred blocks with a tag each are. *annotated, unless NULL: the number of blocks, from the first, that have theirs,
   also where the call failed. */
ARROWCID_API int32_t arrowcid_annotate_many(arrowcid_handle store, const arrowcid_cid *cids, int64_t count,
                                            const char *const *facts_json, int64_t facts_count, int64_t *annotated,
                                            arrowcid_error *error);
/* Sets when blocks expire, in milliseconds since 1970 UTC; -1 is never. In records as annotate_many. */
ARROWCID_API int32_t arrowcid_touch(arrowcid_handle store, const arrowcid_cid *cids, int64_t count, int64_t expires_ms,
                                    arrowcid_error *error);
/* All that arrowcid_list gives, in one call; *count is how many there are, with ARROWCID_TOO_LARGE where capacity is less. A
   block whose CID has no form of arrowcid_cid is ARROWCID_UNSUPPORTED; arrowcid_list goes on after it. */
ARROWCID_API int32_t arrowcid_list_all(arrowcid_handle store, const char *filter, arrowcid_block *out, int64_t capacity,
                                       int64_t *count, arrowcid_error *error);
/* Removes the blocks that pass a filter; those that a name, a pin or another block needs are kept. With dry_run 1 it makes
   the same decision and removes nothing, also of a store that is open for reading only. out may be NULL. */
ARROWCID_API int32_t arrowcid_remove_where(arrowcid_handle store, const char *filter, int32_t dry_run,
                                           arrowcid_removal *out, arrowcid_error *error);

/* Blocks as files. A directory is a block that has the CIDs of files by their paths ("a/b.txt"), as 'arrowcid put --as files'
   makes it; a file is one block of any bytes. */

/* Puts a directory of files that the store has: files_json is {"a/b.txt":"bafkrei..."}, at most a mebibyte. facts_json is
   metadata of the directory; a name or pin of it keeps its files. ARROWCID_INVALID_ARGUMENT: a path leads out of it. */
ARROWCID_API int32_t arrowcid_put_directory(arrowcid_handle store, const char *files_json, const char *facts_json,
                                            arrowcid_block *out, arrowcid_error *error);
/* The files of a directory as JSON: {"a/b.txt":{"cid":"bafkrei...","bytes":5}}; bytes is null of one that is not here.
   ARROWCID_SCHEMA_MISMATCH: the block is another. */
ARROWCID_API int32_t arrowcid_directory_files(arrowcid_handle store, const arrowcid_cid *cid, char *buffer,
                                              int64_t capacity, int64_t *needed, arrowcid_error *error);
/* Writes batches of one schema, or those of a dataset, as a Parquet file without compression, a row group for each, to a
   regular file that is open for writing, from its position on, which is not moved. The same batches give the same bytes.
   *length, unless NULL: the number of bytes. count is at least 1. */
ARROWCID_API int32_t arrowcid_write_parquet(arrowcid_handle store, const arrowcid_cid *cids, int64_t count, int32_t file,
                                            int64_t *length, arrowcid_error *error);
/* Writes the catalog as write_parquet does: one row for each block that passes a filter, NULL for all, with its
   metadata. */
ARROWCID_API int32_t arrowcid_write_catalog(arrowcid_handle store, const char *filter, int32_t file, int64_t *length,
                                            arrowcid_error *error);

/* Cached results of calls. A call is one block of dag-cbor, at most 1 MiB, that names a function, its version and its
   arguments (src/ArrowCid/Store/Memos/CALLS.md); its CID is the key. Programs of all languages that compute the same
   block share the result. */

/* The result of a call that has not expired; ARROWCID_NOTHING where there is none. */
ARROWCID_API int32_t arrowcid_memo_get(arrowcid_handle store, const uint8_t *call, int64_t length,
                                       arrowcid_result *out, arrowcid_error *error);
/* The result of a call, with *work 0; or, where there is none, the right to compute it, which one caller of all
   processes has: *work is above 0 then, and memo_set or memo_release ends it. If another caller is computing, it waits
   for timeout_ms at most (0: not at all, -1: for ever), then ARROWCID_BUSY. When the process of that caller dies, the
   next one has the right. */
ARROWCID_API int32_t arrowcid_memo_begin(arrowcid_handle store, const uint8_t *call, int64_t length,
                                         int64_t timeout_ms, arrowcid_handle *work, arrowcid_result *out,
                                         arrowcid_error *error);
/* Records the result and ends the work, also where it fails. The value is stored before; so long as the result has not
   expired (after life_ms; -1: 30 days), the store keeps it with all that it needs. created: the blocks that were put for
   the value and were new, which expire with it. form: what the value was in this program, NULL for nothing. */
ARROWCID_API int32_t arrowcid_memo_set(arrowcid_handle work, const arrowcid_cid *value, int64_t life_ms,
                                       const arrowcid_cid *created, int64_t count, const char *form,
                                       arrowcid_error *error);
/* Ends the work without a result: the next caller computes. */
ARROWCID_API int32_t arrowcid_memo_release(arrowcid_handle work, arrowcid_error *error);
/* Removes the results of the call's function that have its arguments among theirs; of all versions where the call has
   none. With dry_run 1 nothing is removed. *removed, unless NULL: how many there were. */
ARROWCID_API int32_t arrowcid_memo_remove(arrowcid_handle store, const uint8_t *call, int64_t length, int32_t dry_run,
                                          int64_t *removed, arrowcid_error *error);
/* Keys and signed statements. */

/* Makes a key in a new file of mode 0600: of P-256, whose signatures anybody can verify, or with shared 1 a secret for
   HMAC, which signer and verifier share. ARROWCID_NAME_EXISTS: there is such a file. */
ARROWCID_API int32_t arrowcid_key_create(const char *path, int32_t shared, arrowcid_handle *key, arrowcid_error *error);
/* Reads a key file. ARROWCID_ACCESS_DENIED: other users have access to it. */
ARROWCID_API int32_t arrowcid_key_open(const char *path, arrowcid_handle *key, arrowcid_error *error);
/* The id of a key as text: of P-256 the whole public key (p256:...). */
ARROWCID_API int32_t arrowcid_key_id(arrowcid_handle key, char *buffer, int64_t capacity, int64_t *needed,
                                     arrowcid_error *error);
/* Not while another call uses the key. */
ARROWCID_API int32_t arrowcid_key_close(arrowcid_handle key, arrowcid_error *error);
/* Signs a statement about a stored block. says_json, NULL for none, is an object of texts: {"role":"approved"}.
   *statement, unless NULL: the CID of the statement. */
ARROWCID_API int32_t arrowcid_sign(arrowcid_handle store, arrowcid_handle key, const arrowcid_cid *cid,
                                   const char *says_json, arrowcid_cid *statement, arrowcid_error *error);
/* Makes a name point to a stored block and signs that, as one step; the statement follows the last one about the
   name. */
ARROWCID_API int32_t arrowcid_sign_name(arrowcid_handle store, arrowcid_handle key, const char *name,
                                        const arrowcid_cid *cid, const char *says_json, arrowcid_cid *statement,
                                        arrowcid_error *error);
/* The signed statements about a block, verified, oldest first, as a JSON array; "state" of each is "holds", "broken",
   "noKey" or "missing". key, 0 for none, is the shared secret for statements made with it. */
ARROWCID_API int32_t arrowcid_statements(arrowcid_handle store, const arrowcid_cid *cid, arrowcid_handle key,
                                         char *buffer, int64_t capacity, int64_t *needed, arrowcid_error *error);

/* Proofs. */

/* Proves that a stored block's bytes hash to its CID and, of a batch, are canonical: ARROWCID_OK, or
   ARROWCID_BLOCK_NOT_FOUND, ARROWCID_BLOCK_CORRUPT, ARROWCID_NOT_CANONICAL. */
ARROWCID_API int32_t arrowcid_verify(arrowcid_handle store, const arrowcid_cid *cid, arrowcid_error *error);
/* Whether bytes are, byte for byte, a batch's canonical block, and of which CID (cid may be NULL);
   ARROWCID_NOT_CANONICAL says where and by which rule they are not. */
ARROWCID_API int32_t arrowcid_check(const uint8_t *bytes, int64_t length, arrowcid_cid *cid, arrowcid_error *error);
/* The CID that a put would give. */
ARROWCID_API int32_t arrowcid_cid_of_array(const struct ArrowSchema *schema, const struct ArrowArray *array,
                                           arrowcid_cid *cid, arrowcid_error *error);
/* The CIDs of an IPC stream's or file's batches; *count is how many there are, with ARROWCID_TOO_LARGE where capacity
   is less. */
ARROWCID_API int32_t arrowcid_cid_of_ipc(const uint8_t *bytes, int64_t length, arrowcid_cid *cids, int64_t capacity,
                                         int64_t *count, arrowcid_error *error);

/* Watching. */

/* Hears of every put of a batch by any process: from NULL or "now" on, from "oldest" (all that is here first), or from
   behind where a cursor was taken. */
ARROWCID_API int32_t arrowcid_watch(arrowcid_handle store, const char *from, arrowcid_handle *watch,
                                    arrowcid_error *error);
/* As arrowcid_watch, of changes of names by any process instead of puts: of the names that match the pattern, in which *
   is any characters and ? one. */
ARROWCID_API int32_t arrowcid_watch_names(arrowcid_handle store, const char *pattern, const char *from,
                                          arrowcid_handle *watch, arrowcid_error *error);
/* The name that the last event of watch_next is about; ARROWCID_NOTHING where it is about none. */
ARROWCID_API int32_t arrowcid_watch_name(arrowcid_handle watch, char *buffer, int64_t capacity, int64_t *needed,
                                         arrowcid_error *error);
/* An eventfd for poll or an event loop. Whenever it is readable, call watch_next with timeout 0 until it says
   ARROWCID_NOTHING; then it is unreadable until there may be something. It belongs to the watch: not to be read,
   written or closed, and not to be waited for after watch_close. */
ARROWCID_API int32_t arrowcid_watch_fd(arrowcid_handle watch, int32_t *fd, arrowcid_error *error);
/* The next event; waits for timeout_ms at most (0: not at all, -1: for ever), then ARROWCID_NOTHING. Also when
   the watch or its store was closed meanwhile: the next call says so. */
ARROWCID_API int32_t arrowcid_watch_next(arrowcid_handle watch, int64_t timeout_ms, arrowcid_event *out,
                                         arrowcid_error *error);
/* Where to go on behind the last event that was given, in any process. */
ARROWCID_API int32_t arrowcid_watch_cursor(arrowcid_handle watch, char *buffer, int64_t capacity, int64_t *needed,
                                           arrowcid_error *error);
ARROWCID_API int32_t arrowcid_watch_close(arrowcid_handle watch, arrowcid_error *error);

/* For CPython alone: what its package calls all the time, as functions of the interpreter, and PyCapsules
   (https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html), whose destructor has to be a C function.
   Other languages need none of it. The interpreter's lock is held meanwhile. */

/* The running interpreter. */
typedef struct {
  void *(*capsule_new)(void *pointer, const char *name, void (*destructor)(void *capsule)); /* PyCapsule_New */
  const char *(*capsule_name)(void *capsule);                                               /* PyCapsule_GetName */
  void *(*capsule_pointer)(void *capsule, const char *name);                                /* PyCapsule_GetPointer */
  void *(*tuple_new)(intptr_t size);                                                        /* PyTuple_New */
  int (*tuple_set)(void *tuple, intptr_t index, void *item);                                /* PyTuple_SetItem */
  void *(*function_new)(void *method, void *self, void *module);                            /* PyCFunction_NewEx */
  void *(*call_function)(void *function, const char *format, ...);                          /* PyObject_CallFunction */
  int64_t (*integer)(void *object);                                                         /* PyLong_AsLongLong */
  void *(*new_integer)(int64_t value);                                                      /* PyLong_FromLongLong */
  const char *(*bytes)(void *object);                                                       /* PyBytes_AsString */
  intptr_t (*bytes_size)(void *object);                                                     /* PyBytes_Size */
  void *(*new_bytes)(const char *bytes, intptr_t size);                     /* PyBytes_FromStringAndSize */
  void *(*let_go)(void);                                                    /* PyEval_SaveThread */
  void (*take_up)(void *thread);                                            /* PyEval_RestoreThread */
  void (*incref)(void *object);                                             /* Py_IncRef */
  void (*decref)(void *object);                                             /* Py_DecRef */
  void *none;                                                               /* None */
  void *raise_error; /* a function of (code, message as bytes) that raises the exception for them */
} arrowcid_python;

/* Once a process: the functions get(store, cid), which gives a lease or None, handle(lease), block(lease), export(lease,
   address), array(lease), device_array(lease), schema(lease), stream(store, cids), next(watch, timeout in ms), which
   gives the bytes of an arrowcid_event or None, get_many(store, cids), which gives a tuple of what get gives, and
   hit(store, call), which gives what a hit of memo_get takes in one call, as a tuple, a new reference; or NULL with an error or an exception of the interpreter's. A lease is released when nothing
   refers to it. */
ARROWCID_API void *arrowcid_python_use(const arrowcid_python *python, arrowcid_error *error);

#ifdef __cplusplus
}
#endif

#endif
