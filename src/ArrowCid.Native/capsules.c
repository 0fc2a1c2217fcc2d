/*
 * Part of exports.c: the frequent calls of Python's package, as built-in functions of the interpreter, which cost a
 * fraction of a call through ctypes; and the PyCapsules in which Python's libraries hand Arrow's C structs to each other,
 * whose destructors are to be C functions that work to the end of the interpreter. CPython's functions come from the
 * caller, so that the library needs no libpython; the caller holds the interpreter's lock.
 */

typedef void object;

static arrowcid_python python;

static int32_t invalid(const char *words, arrowcid_error *error) {
  if (error != NULL) {
    error->code = ARROWCID_INVALID_ARGUMENT;
    snprintf(error->message, sizeof error->message, "%s", words);
  }
  return ARROWCID_INVALID_ARGUMENT;
}

/* The exception for an error, which the package's function raises. */
static object *raise_error(const arrowcid_error *error) {
  object *none = python.call_function(python.raise_error, "iy", (int)error->code, error->message);
  if (none != NULL) python.decref(none);
  return NULL;
}

static object *raise_words(const char *words) {
  arrowcid_error error;
  invalid(words, &error);
  return raise_error(&error);
}

static object *none(void) {
  python.incref(python.none);
  return python.none;
}

/* ------------------------------------------------------------ capsules */

static const char lease_name[] = "arrowcid_lease";

static void end_lease(object *capsule) {
  arrowcid_release_lease((arrowcid_handle)(intptr_t)python.capsule_pointer(capsule, lease_name), NULL);
}

/* Zero, with an exception, where it is no lease. */
static arrowcid_handle lease_of(object *capsule) {
  return (arrowcid_handle)(intptr_t)python.capsule_pointer(capsule, lease_name);
}

static void *held(object *capsule) { return python.capsule_pointer(capsule, python.capsule_name(capsule)); }

/* The consumer that took over a struct has set its release to NULL. */
#define CAPSULE_OF(type, name, label)                                                                    \
  static void end_##name(object *capsule) {                                                              \
    type *each = held(capsule);                                                                          \
    if (each == NULL) return;                                                                            \
    if (each->release != NULL) each->release(each);                                                      \
    free(each);                                                                                          \
  }                                                                                                      \
  /* A capsule around a struct, which is its from now on also where there is none. */                    \
  static object *name##_capsule(type *each) {                                                            \
    object *capsule = python.capsule_new(each, label, end_##name);                                       \
    if (capsule == NULL) {                                                                               \
      each->release(each);                                                                               \
      free(each);                                                                                        \
    }                                                                                                    \
    return capsule;                                                                                      \
  }

CAPSULE_OF(struct ArrowSchema, schema, "arrow_schema")
CAPSULE_OF(struct ArrowArray, array, "arrow_array")
CAPSULE_OF(struct ArrowArrayStream, stream, "arrow_array_stream")

/* The array comes first in its struct: it is released, and its struct freed. */
static object *device_array_capsule(struct ArrowDeviceArray *each) {
  object *capsule = python.capsule_new(each, "arrow_device_array", end_array);
  if (capsule == NULL) {
    each->array.release(&each->array);
    free(each);
  }
  return capsule;
}

/* Two capsules as a tuple; both are its from now on, also where there is none. */
static object *pair(object *first, object *second) {
  object *tuple = first != NULL && second != NULL ? python.tuple_new(2) : NULL;
  if (tuple == NULL) {
    if (first != NULL) python.decref(first);
    if (second != NULL) python.decref(second);
    return NULL;
  }
  python.tuple_set(tuple, 0, first);
  python.tuple_set(tuple, 1, second);
  return tuple;
}

/* ------------------------------------------------------------ functions; `each` is the tuple's name for them */

/* get(store, cid): a lease, or None. The interpreter's other threads run meanwhile: a block may be proved first. */
static object *py_get(object *self, object *const *arguments, intptr_t count) {
  arrowcid_handle store, lease = 0;
  const char *bytes;
  arrowcid_cid cid;
  arrowcid_error error;
  object *capsule;
  void *thread;
  int32_t code;
  (void)self;
  if (count != 2) return raise_words("get takes a store and a CID");
  store = python.integer(arguments[0]);
  bytes = python.bytes(arguments[1]);
  if (store == -1 || bytes == NULL) return NULL;
  if (python.bytes_size(arguments[1]) != (intptr_t)sizeof cid) return raise_words("a CID is 36 bytes");
  memcpy(&cid, bytes, sizeof cid);
  thread = python.let_go();
  code = arrowcid_get(store, &cid, &lease, &error);
  python.take_up(thread);
  if (code == ARROWCID_BLOCK_NOT_FOUND) return none();
  if (code != ARROWCID_OK) return raise_error(&error);
  capsule = python.capsule_new((void *)(intptr_t)lease, lease_name, end_lease);
  if (capsule == NULL) arrowcid_release_lease(lease, NULL);
  return capsule;
}

/* get_many(store, cids): a tuple of a lease or None for each of CIDs in a row. */
static object *py_get_many(object *self, object *const *arguments, intptr_t count) {
  arrowcid_handle store, *leases;
  const char *cids;
  arrowcid_error error;
  object *tuple = NULL;
  void *thread;
  intptr_t number, i;
  int32_t code;
  (void)self;
  if (count != 2) return raise_words("get_many takes a store and CIDs");
  store = python.integer(arguments[0]);
  cids = python.bytes(arguments[1]);
  if (store == -1 || cids == NULL) return NULL;
  number = python.bytes_size(arguments[1]) / (intptr_t)sizeof(arrowcid_cid);
  leases = calloc((size_t)number + 1, sizeof *leases);
  if (leases == NULL) return raise_words("out of memory");
  thread = python.let_go();
  code = arrowcid_get_many(store, (const arrowcid_cid *)cids, number, leases, &error);
  python.take_up(thread);
  if (code == ARROWCID_OK) tuple = python.tuple_new(number);
  for (i = 0; i < number; i++) {
    object *capsule;
    if (leases[i] == 0) {
      if (tuple != NULL) python.tuple_set(tuple, i, none());
      continue;
    }
    capsule = tuple == NULL ? NULL : python.capsule_new((void *)(intptr_t)leases[i], lease_name, end_lease);
    if (capsule != NULL) {
      python.tuple_set(tuple, i, capsule);
      continue;
    }
    arrowcid_release_lease(leases[i], NULL);
    if (tuple != NULL) python.decref(tuple);
    tuple = NULL;
  }
  free(leases);
  return code == ARROWCID_OK ? tuple : raise_error(&error);
}

/* hit(store, call): of the result of a call the bytes of its arrowcid_result, a lease on its value, the bytes of the value's
   arrowcid_block, and the address and length of its bytes, as a tuple; or None. */
static object *py_hit(object *self, object *const *arguments, intptr_t count) {
  arrowcid_handle store, lease = 0;
  const char *call;
  const uint8_t *bytes = NULL;
  int64_t length = 0;
  arrowcid_result result;
  arrowcid_block block;
  arrowcid_error error;
  object *items[5], *tuple;
  void *thread;
  int32_t code;
  int i;
  (void)self;
  if (count != 2) return raise_words("hit takes a store and a call");
  store = python.integer(arguments[0]);
  call = python.bytes(arguments[1]);
  if (store == -1 || call == NULL) return NULL;
  thread = python.let_go();
  code = arrowcid_memo_get(store, (const uint8_t *)call, python.bytes_size(arguments[1]), &result, &error);
  if (code == ARROWCID_OK) code = arrowcid_get(store, &result.value, &lease, &error);
  if (code == ARROWCID_OK) code = arrowcid_lease_block(lease, &bytes, &length, &block, &error);
  python.take_up(thread);
  if (code != ARROWCID_OK && lease != 0) arrowcid_release_lease(lease, NULL);
  if (code == ARROWCID_NOTHING || code == ARROWCID_BLOCK_NOT_FOUND) return none();
  if (code != ARROWCID_OK) return raise_error(&error);
  items[1] = python.capsule_new((void *)(intptr_t)lease, lease_name, end_lease);
  if (items[1] == NULL) {
    arrowcid_release_lease(lease, NULL);
    return NULL;
  }
  items[0] = python.new_bytes((const char *)&result, sizeof result);
  items[2] = python.new_bytes((const char *)&block, sizeof block);
  items[3] = python.new_integer((int64_t)(intptr_t)bytes);
  items[4] = python.new_integer(length);
  tuple = python.tuple_new(5);
  for (i = 0; i < 5; i++) {
    if (tuple != NULL && items[i] != NULL) {
      python.tuple_set(tuple, i, items[i]);
      continue;
    }
    if (items[i] != NULL) python.decref(items[i]);
    if (tuple != NULL) python.decref(tuple);
    tuple = NULL;
  }
  return tuple;
}

/* handle(lease): its number, for the library's other functions. */
static object *py_handle(object *self, object *lease) {
  arrowcid_handle handle = lease_of(lease);
  (void)self;
  return handle == 0 ? NULL : python.new_integer(handle);
}

/* block(lease): the bytes of an arrowcid_block. */
static object *py_block(object *self, object *lease) {
  arrowcid_handle handle = lease_of(lease);
  arrowcid_block block;
  arrowcid_error error;
  const uint8_t *bytes;
  int64_t length;
  (void)self;
  if (handle == 0) return NULL;
  if (arrowcid_lease_block(handle, &bytes, &length, &block, &error) != ARROWCID_OK) return raise_error(&error);
  return python.new_bytes((const char *)&block, sizeof block);
}

/* export(lease, address): an ArrowArray, written there. */
static object *py_export(object *self, object *const *arguments, intptr_t count) {
  arrowcid_handle handle;
  arrowcid_error error;
  int64_t address;
  (void)self;
  if (count != 2) return raise_words("export takes a lease and an address");
  handle = lease_of(arguments[0]);
  address = python.integer(arguments[1]);
  if (handle == 0 || address == -1) return NULL;
  if (arrowcid_lease_array(handle, NULL, (struct ArrowArray *)(intptr_t)address, &error) != ARROWCID_OK)
    return raise_error(&error);
  return none();
}

/* NAME(lease): the capsules of its schema and of its array. */
#define PAIR_OF(type, name)                                                                              \
  static object *py_##name(object *self, object *lease) {                                                \
    arrowcid_handle handle = lease_of(lease);                                                            \
    struct ArrowSchema *schema;                                                                          \
    type *array;                                                                                         \
    arrowcid_error error;                                                                                \
    int32_t code;                                                                                        \
    (void)self;                                                                                          \
    if (handle == 0) return NULL;                                                                        \
    schema = malloc(sizeof *schema);                                                                     \
    array = malloc(sizeof *array);                                                                       \
    code = schema == NULL || array == NULL ? invalid("out of memory", &error)                            \
                                           : arrowcid_lease_##name(handle, schema, array, &error);       \
    if (code == ARROWCID_OK) return pair(schema_capsule(schema), name##_capsule(array));                 \
    free(schema);                                                                                        \
    free(array);                                                                                         \
    return raise_error(&error);                                                                          \
  }

PAIR_OF(struct ArrowArray, array)
PAIR_OF(struct ArrowDeviceArray, device_array)

/* schema(lease): the capsule of its schema. */
static object *py_schema(object *self, object *lease) {
  arrowcid_handle handle = lease_of(lease);
  struct ArrowSchema *schema;
  struct ArrowArray array;
  arrowcid_error error;
  int32_t code;
  (void)self;
  if (handle == 0) return NULL;
  schema = malloc(sizeof *schema);
  code = schema == NULL ? invalid("out of memory", &error) : arrowcid_lease_array(handle, schema, &array, &error);
  if (code != ARROWCID_OK) {
    free(schema);
    return raise_error(&error);
  }
  array.release(&array);
  return schema_capsule(schema);
}

/* stream(store, cids): the capsule of a stream of the batches of CIDs in a row. */
static object *py_stream(object *self, object *const *arguments, intptr_t count) {
  struct ArrowArrayStream *stream;
  arrowcid_handle store;
  const char *cids;
  arrowcid_error error;
  int64_t cid_count;
  int32_t code;
  (void)self;
  if (count != 2) return raise_words("stream takes a store and CIDs");
  store = python.integer(arguments[0]);
  cids = python.bytes(arguments[1]);
  if (store == -1 || cids == NULL) return NULL;
  cid_count = python.bytes_size(arguments[1]) / (int64_t)sizeof(arrowcid_cid);
  stream = malloc(sizeof *stream);
  code = stream == NULL ? invalid("out of memory", &error)
                        : arrowcid_get_stream(store, (const arrowcid_cid *)cids, cid_count, stream, &error);
  if (code == ARROWCID_OK) return stream_capsule(stream);
  free(stream);
  return raise_error(&error);
}

/* next(watch, timeout in ms): the bytes of an arrowcid_event, or None. Other threads run while it waits. */
static object *py_next(object *self, object *const *arguments, intptr_t count) {
  arrowcid_event event;
  arrowcid_handle watch;
  arrowcid_error error;
  int64_t timeout;
  void *thread;
  int32_t code;
  (void)self;
  if (count != 2) return raise_words("next takes a watch and a timeout");
  watch = python.integer(arguments[0]);
  timeout = python.integer(arguments[1]);
  if (watch == -1 || timeout == -1) return NULL;
  thread = python.let_go();
  code = arrowcid_watch_next(watch, timeout, &event, &error);
  python.take_up(thread);
  if (code == ARROWCID_NOTHING) return none();
  if (code != ARROWCID_OK) return raise_error(&error);
  return python.new_bytes((const char *)&event, sizeof event);
}

/* CPython's PyMethodDef. */
typedef struct {
  const char *name;
  void *function;
  int flags;
  const char *words;
} method;

enum { ONE_ARGUMENT = 0x0008, SOME_ARGUMENTS = 0x0080 };

/* In the order in which the header names them. */
static method methods[] = {
    {"get", py_get, SOME_ARGUMENTS, NULL},     {"handle", py_handle, ONE_ARGUMENT, NULL},
    {"block", py_block, ONE_ARGUMENT, NULL},   {"export", py_export, SOME_ARGUMENTS, NULL},
    {"array", py_array, ONE_ARGUMENT, NULL},   {"device_array", py_device_array, ONE_ARGUMENT, NULL},
    {"schema", py_schema, ONE_ARGUMENT, NULL}, {"stream", py_stream, SOME_ARGUMENTS, NULL},
    {"next", py_next, SOME_ARGUMENTS, NULL},   {"get_many", py_get_many, SOME_ARGUMENTS, NULL},
    {"hit", py_hit, SOME_ARGUMENTS, NULL},
};

void *arrowcid_python_use(const arrowcid_python *functions, arrowcid_error *error) {
  enum { COUNT = sizeof methods / sizeof *methods };
  void *const *each = (void *const *)functions;
  object *tuple;
  size_t i;
  if (is_child()) {
    refuse(error);
    return NULL;
  }
  for (i = 0; functions != NULL && i < sizeof *functions / sizeof *each; i++)
    if (each[i] == NULL) functions = NULL;
  if (functions == NULL) {
    invalid("a member of arrowcid_python is missing", error);
    return NULL;
  }
  python = *functions;
  python.incref(python.raise_error);
  tuple = python.tuple_new(COUNT);
  for (i = 0; tuple != NULL && i < COUNT; i++) {
    object *made = python.function_new(&methods[i], NULL, NULL);
    if (made == NULL) {
      python.decref(tuple);
      return NULL;
    }
    python.tuple_set(tuple, (intptr_t)i, made);
  }
  return tuple;
}
