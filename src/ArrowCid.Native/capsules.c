/*
 * Part of doors.c: the PyCapsules in which Python's libraries hand Arrow's C structs to each other. A capsule's
 * destructor is to be a C function that works to the end of the interpreter, which no callback of ctypes does. CPython's
 * functions come from the caller, so that the library asks for no libpython; whoever calls holds the interpreter's lock.
 */

static arrowcid_python python;

static int32_t invalid(const char *words, arrowcid_error *error) {
  if (error != NULL) {
    error->code = ARROWCID_INVALID_ARGUMENT;
    snprintf(error->message, sizeof error->message, "%s", words);
  }
  return ARROWCID_INVALID_ARGUMENT;
}

int32_t arrowcid_python_use(const arrowcid_python *functions, arrowcid_error *error) {
  if (is_child()) return refuse(error);
  if (functions == NULL || !functions->capsule_new || !functions->capsule_name || !functions->capsule_pointer ||
      !functions->tuple_new || !functions->tuple_set || !functions->decref)
    return invalid("a function of arrowcid_python is missing", error);
  python = *functions;
  return ARROWCID_OK;
}

static void *held(void *capsule) { return python.capsule_pointer(capsule, python.capsule_name(capsule)); }

/* Whoever took a struct over has set its release to NULL. In a forked child there is nobody to give it back to. */
#define CAPSULE_OF(type, name, label)                                                                    \
  static void end_##name(void *capsule) {                                                                \
    type *each = held(capsule);                                                                          \
    if (each == NULL) return;                                                                            \
    if (each->release != NULL && !is_child()) each->release(each);                                       \
    free(each);                                                                                          \
  }                                                                                                      \
  /* A capsule around a struct, which is its from now on also where there is none. */                    \
  static void *name##_capsule(type *each) {                                                              \
    void *capsule = python.capsule_new(each, label, end_##name);                                         \
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
static void end_device_array(void *capsule) { end_array(capsule); }

static void *device_array_capsule(struct ArrowDeviceArray *each) {
  void *capsule = python.capsule_new(each, "arrow_device_array", end_device_array);
  if (capsule == NULL) {
    each->array.release(&each->array);
    free(each);
  }
  return capsule;
}

/* Two capsules as a tuple; both are its from now on, also where there is none. */
static void *pair(void *first, void *second) {
  void *tuple = first != NULL && second != NULL ? python.tuple_new(2) : NULL;
  if (tuple == NULL) {
    if (first != NULL) python.decref(first);
    if (second != NULL) python.decref(second);
    return NULL;
  }
  python.tuple_set(tuple, 0, first);
  python.tuple_set(tuple, 1, second);
  return tuple;
}

static void *room(size_t size, arrowcid_error *error) {
  void *memory = python.capsule_new == NULL ? NULL : calloc(1, size);
  if (memory == NULL)
    invalid(python.capsule_new == NULL ? "arrowcid_python_use was not called" : "out of memory", error);
  return memory;
}

void *arrowcid_python_array(arrowcid_handle lease, arrowcid_error *error) {
  struct ArrowSchema *schema = room(sizeof *schema, error);
  struct ArrowArray *array = room(sizeof *array, error);
  if (schema == NULL || array == NULL || arrowcid_lease_array(lease, schema, array, error) != ARROWCID_OK) {
    free(schema);
    free(array);
    return NULL;
  }
  return pair(schema_capsule(schema), array_capsule(array));
}

void *arrowcid_python_device_array(arrowcid_handle lease, arrowcid_error *error) {
  struct ArrowSchema *schema = room(sizeof *schema, error);
  struct ArrowDeviceArray *array = room(sizeof *array, error);
  if (schema == NULL || array == NULL || arrowcid_lease_device_array(lease, schema, array, error) != ARROWCID_OK) {
    free(schema);
    free(array);
    return NULL;
  }
  return pair(schema_capsule(schema), device_array_capsule(array));
}

void *arrowcid_python_schema(arrowcid_handle lease, arrowcid_error *error) {
  struct ArrowSchema *schema = room(sizeof *schema, error);
  struct ArrowArray array;
  if (schema == NULL || arrowcid_lease_array(lease, schema, &array, error) != ARROWCID_OK) {
    free(schema);
    return NULL;
  }
  array.release(&array);
  return schema_capsule(schema);
}

void *arrowcid_python_stream(arrowcid_handle store, const arrowcid_cid *cids, int64_t count, arrowcid_error *error) {
  struct ArrowArrayStream *stream = room(sizeof *stream, error);
  if (stream == NULL || arrowcid_get_stream(store, cids, count, stream, error) != ARROWCID_OK) {
    free(stream);
    return NULL;
  }
  return stream_capsule(stream);
}
