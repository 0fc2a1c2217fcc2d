/* Batches as C Data structs, in and out. */
#include <malloc.h>

#include "check.h"

static void in_and_out(arrowcid_handle store, arrowcid_block *put) {
  static sample_batch batch;
  struct ArrowArray array, kept;
  struct ArrowDeviceArray device;
  struct ArrowSchema schema;
  arrowcid_handle lease;
  arrowcid_block block;
  arrowcid_cid cid;
  make_sample(&batch, 7);
  OK(arrowcid_cid_of_array(&batch.schema, &batch.array, &cid, &error));
  OK(arrowcid_put_array(store, &batch.schema, &batch.array, "{\"producer\":\"c\"}", put, &error));
  CHECK(batch.schema_releases == 0 && batch.array_releases == 0); /* borrowed */
  CHECK(put->rows == BATCH_ROWS && put->is_new == 1 && memcmp(&cid, &put->cid, sizeof cid) == 0);

  OK(arrowcid_get_array(store, &put->cid, &schema, &array, &error));
  CHECK(strcmp(schema.format, "+s") == 0 && strcmp(schema.children[1]->name, "px") == 0);
  CHECK(schema.children[1]->flags == ARROW_FLAG_NULLABLE && schema.children[0]->flags == 0);
  check_sample(&array, 7);
  array.release(&array);
  schema.release(&schema);
  CHECK(array.release == NULL && schema.release == NULL);

  OK(arrowcid_get(store, &put->cid, &lease, &error));
  OK(arrowcid_lease_array(lease, NULL, &kept, &error));
  OK(arrowcid_lease_device_array(lease, NULL, &device, &error));
  CHECK(device.device_type == ARROW_DEVICE_CPU && device.device_id == -1 && device.sync_event == NULL);
  OK(arrowcid_release_lease(lease, &error));
  check_sample(&kept, 7);
  check_sample(&device.array, 7);
  /* A child that was moved out outlives its parent. */
  array = *device.array.children[0];
  device.array.children[0]->release = NULL;
  device.array.release(&device.array);
  CHECK(((const int64_t *)array.buffers[1])[0] == 7);
  array.release(&array);
  kept.release(&kept);

  OK(arrowcid_get_schema(store, &put->cid, &schema, &error));
  schema.release(&schema);
  OK(arrowcid_get_schema(store, &put->schema_cid, &schema, &error));
  CHECK(schema.n_children == 3);
  schema.release(&schema);
  FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_get_array(store, &put->schema_cid, NULL, &array, &error));
  cid.bytes[10] ^= 1;
  FAILS(ARROWCID_BLOCK_NOT_FOUND, arrowcid_get_array(store, &cid, NULL, &array, &error));

  batch.array.length = -1;
  FAILS(ARROWCID_INVALID_DATA, arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &block, &error));
  batch.array.length = BATCH_ROWS;
  batch.fields[0].format = "what";
  FAILS(ARROWCID_UNSUPPORTED, arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &block, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_array(store, NULL, &batch.array, NULL, &block, &error));
}

static void many(arrowcid_handle store) {
  enum { MANY = 150 };
  static sample_batch batches[MANY];
  static arrowcid_block blocks[MANY];
  static arrowcid_cid cids[MANY];
  const struct ArrowArray *arrays[MANY];
  struct ArrowArrayStream stream, again;
  struct ArrowArray array;
  struct ArrowSchema schema;
  int64_t count = -1;
  int i;
  for (i = 0; i < MANY; i++) {
    make_sample(&batches[i], 1000 * (i + 1));
    arrays[i] = &batches[i].array;
  }
  OK(arrowcid_put_arrays(store, &batches[0].schema, arrays, MANY, blocks, &error));
  for (i = 0; i < MANY; i++) {
    CHECK(blocks[i].is_new == 1);
    cids[i] = blocks[i].cid;
  }
  OK(arrowcid_put_arrays(store, &batches[0].schema, NULL, 0, NULL, &error));

  /* A stream of ours works like any other. */
  OK(arrowcid_get_stream(store, cids, MANY, &stream, &error));
  OK(arrowcid_put_stream(store, &stream, NULL, blocks, 100, &count, &error));
  CHECK(count == 100 && stream.release != NULL && blocks[99].is_new == 0);
  CHECK(memcmp(&blocks[99].cid, &cids[99], sizeof cids[0]) == 0);
  OK(arrowcid_put_stream(store, &stream, "{\"tags\":{\"a\":\"b\"}}", blocks, 100, &count, &error));
  CHECK(count == MANY - 100 && memcmp(&blocks[0].cid, &cids[100], sizeof cids[0]) == 0);
  stream.release(&stream);

  OK(arrowcid_get_stream(store, cids, 2, &stream, &error));
  CHECK(stream.get_schema(&stream, &schema) == 0 && schema.n_children == 3);
  schema.release(&schema);
  for (i = 0; i < 2; i++) {
    CHECK(stream.get_next(&stream, &array) == 0);
    check_sample(&array, 1000 * (i + 1));
    array.release(&array);
  }
  CHECK(stream.get_next(&stream, &array) == 0 && array.release == NULL);
  stream.release(&stream);

  cids[1] = blocks[0].schema_cid;
  FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_get_stream(store, cids, 2, &again, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_get_stream(store, cids, 0, &again, &error));
}

/* What is given out and released leaves nothing behind. */
static void again_and_again(arrowcid_handle store, const arrowcid_cid *cid) {
  struct ArrowArray array;
  struct ArrowSchema schema;
  struct ArrowArrayStream stream;
  arrowcid_handle lease;
  size_t before = 0;
  int i;
  for (i = 0; i < 20000; i++) {
    OK(arrowcid_get_array(store, cid, &schema, &array, &error));
    OK(arrowcid_get(store, cid, &lease, &error));
    OK(arrowcid_release_lease(lease, &error));
    array.release(&array);
    schema.release(&schema);
    if (i % 10 == 0) {
      OK(arrowcid_get_stream(store, cid, 1, &stream, &error));
      stream.release(&stream);
    }
    if (i == 10000) before = mallinfo2().uordblks;
  }
  CHECK(mallinfo2().uordblks < before + (1 << 20));
}

static void in_place(arrowcid_handle store, const arrowcid_block *put) {
  static sample_batch batch;
  int64_t bytes[3] = {0, 0, 4 * BATCH_ROWS};
  arrowcid_handle reservation;
  arrowcid_column column;
  arrowcid_block block;
  uint8_t *bits;
  int64_t length;
  int round;
  make_sample(&batch, 7);
  for (round = 0; round < 2; round++) {
    OK(arrowcid_reserve(store, &batch.schema, BATCH_ROWS, bytes, &reservation, &error));
    OK(arrowcid_reserved_column(reservation, 0, &column, &error));
    CHECK(column.values_length == sizeof batch.numbers && column.offsets == NULL && column.validity == NULL);
    memcpy(column.values, batch.numbers, sizeof batch.numbers);
    OK(arrowcid_reserved_column(reservation, 1, &column, &error));
    memcpy(column.values, batch.prices, sizeof batch.prices);
    OK(arrowcid_reserved_validity(reservation, 1, &bits, &length, &error));
    CHECK(length == (int64_t)sizeof batch.valid && bits[0] == 0xff);
    memcpy(bits, batch.valid, sizeof batch.valid);
    OK(arrowcid_reserved_column(reservation, 1, &column, &error));
    CHECK(column.validity == bits && column.validity_length == length);
    OK(arrowcid_reserved_column(reservation, 2, &column, &error));
    CHECK(column.offsets_length == sizeof batch.ends && column.data_length == sizeof batch.text && !column.values);
    memcpy(column.offsets, batch.ends, sizeof batch.ends);
    memcpy(column.data, batch.text, sizeof batch.text);
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_reserved_column(reservation, 3, &column, &error));
    if (round == 0) {
      OK(arrowcid_abandon(reservation, &error));
      FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_commit(reservation, &block, &error));
      continue;
    }
    OK(arrowcid_commit(reservation, &block, &error));
    CHECK(memcmp(&block.cid, &put->cid, sizeof block.cid) == 0 && block.is_new == 0);
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_abandon(reservation, &error));
  }
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_reserve(store, &batch.schema, -1, bytes, &reservation, &error));
  bytes[0] = 1;
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_reserve(store, &batch.schema, 1, bytes, &reservation, &error));
  OK(arrowcid_reserve(store, &batch.schema, 1 << 18, NULL, &reservation, &error)); /* a segment of its own */
  OK(arrowcid_reserved_column(reservation, 0, &column, &error));
  memset(column.values, 1, (size_t)column.values_length);
  OK(arrowcid_abandon(reservation, &error));
}

int main(int count, char **arguments) {
  arrowcid_handle store;
  arrowcid_block put, block;
  struct ArrowArray array;
  struct ArrowArrayStream stream;
  CHECK(count == 2);
  store = open_store(arguments[1]);
  in_and_out(store, &put);
  OK(arrowcid_find(store, &put.cid, &block, &error));
  many(store);
  again_and_again(store, &put.cid);
  block.cid = put.cid;
  OK(arrowcid_get_array(store, &block.cid, NULL, &array, &error));
  {
    static sample_batch batch;
    make_sample(&batch, 7);
    OK(arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &put, &error));
    in_place(store, &put);
  }
  OK(arrowcid_get_stream(store, &put.cid, 1, &stream, &error));
  OK(arrowcid_close(store, &error));
  check_sample(&array, 7); /* what was exported outlives the store */
  array.release(&array);
  CHECK(stream.get_next(&stream, &array) != 0 && stream.get_last_error(&stream) != NULL);
  stream.release(&stream);
  puts("ok");
  return 0;
}
