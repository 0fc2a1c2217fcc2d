/* What the tests of this folder share. Each takes the directory for its store, and exits with 0 or says what failed. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrowcid.h"

/* Not every test uses everything. */
#define SHARED __attribute__((unused)) static

SHARED arrowcid_error error;

#define CHECK(condition)                                                                                  \
  do {                                                                                                    \
    if (!(condition)) {                                                                                   \
      fprintf(stderr, "%s:%d: not so: %s (last error %d: %s)\n", __FILE__, __LINE__, #condition,          \
              (int)error.code, error.message);                                                            \
      exit(1);                                                                                            \
    }                                                                                                     \
  } while (0)

#define OK(call) CHECK((call) == ARROWCID_OK)

/* The call fails with that code, and says the same code and some words. */
#define FAILS(expected, call)                                                   \
  do {                                                                          \
    memset(&error, 0, sizeof error);                                            \
    CHECK((call) == (expected));                                                \
    CHECK(error.code == (expected) && error.message[0] != 0);                   \
  } while (0)

/* A batch in the caller's own memory: an int64, a nullable double and a text, n rows that begin with first. */
enum { BATCH_ROWS = 100 };

typedef struct {
  int64_t numbers[BATCH_ROWS];
  double prices[BATCH_ROWS];
  uint8_t valid[(BATCH_ROWS + 7) / 8];
  int32_t ends[BATCH_ROWS + 1];
  char text[4 * BATCH_ROWS];
  const void *number_buffers[2], *price_buffers[2], *text_buffers[3], *no_buffers[1];
  struct ArrowArray columns[3], *column_pointers[3], array;
  struct ArrowSchema fields[3], *field_pointers[3], schema;
  int schema_releases, array_releases;
} sample_batch;

static void release_sample_schema(struct ArrowSchema *schema) {
  ++*(int *)schema->private_data;
  schema->release = NULL;
}

static void release_sample_array(struct ArrowArray *array) {
  ++*(int *)array->private_data;
  array->release = NULL;
}

static void make_field(sample_batch *batch, int i, const char *format, const char *name, int64_t flags) {
  struct ArrowSchema *field = &batch->fields[i];
  memset(field, 0, sizeof *field);
  field->format = format;
  field->name = name;
  field->flags = flags;
  field->release = release_sample_schema;
  field->private_data = &batch->schema_releases;
  batch->field_pointers[i] = field;
}

static void make_column(sample_batch *batch, int i, int64_t nulls, const void **buffers, int64_t count) {
  struct ArrowArray *column = &batch->columns[i];
  memset(column, 0, sizeof *column);
  column->length = BATCH_ROWS;
  column->null_count = nulls;
  column->n_buffers = count;
  column->buffers = buffers;
  column->release = release_sample_array;
  column->private_data = &batch->array_releases;
  batch->column_pointers[i] = column;
}

SHARED void make_sample(sample_batch *batch, int64_t first) {
  int i;
  memset(batch, 0, sizeof *batch);
  for (i = 0; i < BATCH_ROWS; i++) {
    batch->numbers[i] = first + i;
    batch->prices[i] = (double)(first + i) / 4;
    if (i % 10 != 3) batch->valid[i / 8] |= (uint8_t)(1 << i % 8);
    memcpy(batch->text + 4 * i, "r000", 4);
    batch->text[4 * i + 2] += (char)(i / 10);
    batch->text[4 * i + 3] += (char)(i % 10);
    batch->ends[i + 1] = 4 * (i + 1);
  }
  batch->number_buffers[1] = batch->numbers;
  batch->price_buffers[0] = batch->valid;
  batch->price_buffers[1] = batch->prices;
  batch->text_buffers[1] = batch->ends;
  batch->text_buffers[2] = batch->text;
  make_field(batch, 0, "l", "n", 0);
  make_field(batch, 1, "g", "px", ARROW_FLAG_NULLABLE);
  make_field(batch, 2, "u", "s", ARROW_FLAG_NULLABLE);
  make_column(batch, 0, 0, batch->number_buffers, 2);
  make_column(batch, 1, -1, batch->price_buffers, 2);
  make_column(batch, 2, 0, batch->text_buffers, 3);
  batch->schema.format = "+s";
  batch->schema.n_children = 3;
  batch->schema.children = batch->field_pointers;
  batch->schema.release = release_sample_schema;
  batch->schema.private_data = &batch->schema_releases;
  batch->array.length = BATCH_ROWS;
  batch->array.n_buffers = 1;
  batch->array.buffers = batch->no_buffers;
  batch->array.n_children = 3;
  batch->array.children = batch->column_pointers;
  batch->array.release = release_sample_array;
  batch->array.private_data = &batch->array_releases;
}

/* Whether an array that was got has the values of the sample that begins with first. */
SHARED void check_sample(const struct ArrowArray *array, int64_t first) {
  const struct ArrowArray *n, *px, *s;
  int64_t i;
  CHECK(array->release != NULL && array->length == BATCH_ROWS && array->n_children == 3 && array->offset == 0);
  n = array->children[0];
  px = array->children[1];
  s = array->children[2];
  CHECK(n->n_buffers == 2 && px->n_buffers == 2 && s->n_buffers == 3 && px->null_count == BATCH_ROWS / 10);
  for (i = 0; i < BATCH_ROWS; i++) {
    const uint8_t *valid = (const uint8_t *)px->buffers[0];
    const int32_t *ends = (const int32_t *)s->buffers[1];
    CHECK(((const int64_t *)n->buffers[1])[n->offset + i] == first + i);
    CHECK((valid[i / 8] >> i % 8 & 1) == (i % 10 != 3));
    if (i % 10 != 3) CHECK(((const double *)px->buffers[1])[i] == (double)(first + i) / 4);
    CHECK(ends[i + 1] - ends[i] == 4 && ((const char *)s->buffers[2])[ends[i]] == 'r');
    CHECK(((const char *)s->buffers[2])[ends[i] + 3] == '0' + i % 10);
  }
}

SHARED arrowcid_handle open_store(const char *directory) {
  arrowcid_options options;
  arrowcid_handle store;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.capacity = 64 << 20;
  OK(arrowcid_open(directory, &options, &store, &error));
  return store;
}

#endif
