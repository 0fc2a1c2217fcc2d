/* Blocks, names and facts of one store: what is put is found, and every misuse is an error. */
#include <stddef.h>

#include "check.h"

static uint8_t *bytes_of(const char *file, int64_t *length) {
  FILE *stream = fopen(file, "rb");
  uint8_t *bytes;
  CHECK(stream != NULL && fseek(stream, 0, SEEK_END) == 0);
  *length = ftell(stream);
  bytes = malloc((size_t)*length);
  rewind(stream);
  CHECK(bytes != NULL && fread(bytes, 1, (size_t)*length, stream) == (size_t)*length);
  fclose(stream);
  return bytes;
}

static void put_and_get(arrowcid_handle store, const uint8_t *file, int64_t length, arrowcid_block *batch) {
  arrowcid_block blocks[4], found;
  arrowcid_cid cids[4], cid;
  arrowcid_handle lease;
  const uint8_t *bytes;
  int64_t count = 0, size;
  FAILS(ARROWCID_TOO_LARGE, arrowcid_put_ipc(store, file, length, NULL, blocks, 0, &count, &error));
  CHECK(count == 1);
  OK(arrowcid_put_ipc(store, file, length, NULL, blocks, 4, &count, &error));
  CHECK(count == 1 && blocks[0].is_new == 1 && blocks[0].kind == ARROWCID_BATCH && blocks[0].rows > 0);
  OK(arrowcid_put_ipc(store, file, length, NULL, blocks, 4, &count, &error));
  CHECK(blocks[0].is_new == 0);
  OK(arrowcid_cid_of_ipc(file, length, cids, 4, &count, &error));
  CHECK(count == 1 && memcmp(&cids[0], &blocks[0].cid, sizeof cids[0]) == 0);
  OK(arrowcid_get(store, &cids[0], &lease, &error));
  OK(arrowcid_lease_block(lease, &bytes, &size, &found, &error));
  CHECK(size == blocks[0].length && found.time_ns > 0 && found.rows == blocks[0].rows);
  OK(arrowcid_check(bytes, size, &cid, &error));
  CHECK(memcmp(&cid, &cids[0], sizeof cid) == 0);
  FAILS(ARROWCID_NOT_CANONICAL, arrowcid_check(bytes, size - 1, &cid, &error));
  FAILS(ARROWCID_NOT_CANONICAL, arrowcid_check((const uint8_t *)"no", 2, &cid, &error));
  OK(arrowcid_release_lease(lease, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_release_lease(lease, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_lease_block(lease, &bytes, &size, NULL, &error));
  OK(arrowcid_verify(store, &cids[0], &error));
  *batch = blocks[0];
}

static void raw(arrowcid_handle store) {
  arrowcid_block block, found;
  arrowcid_cid wanted[2];
  arrowcid_handle lease;
  const uint8_t *bytes;
  uint8_t answers[2];
  int64_t size;
  struct ArrowArray array;
  OK(arrowcid_put_raw(store, (const uint8_t *)"hello", 5, NULL, &block, &error));
  CHECK(block.kind == ARROWCID_RAW && block.schema_cid.bytes[0] == 0 && block.is_new == 1);
  OK(arrowcid_get(store, &block.cid, &lease, &error));
  OK(arrowcid_lease_block(lease, &bytes, &size, &found, &error));
  CHECK(size == 5 && memcmp(bytes, "hello", 5) == 0 && found.kind == ARROWCID_RAW);
  FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_lease_array(lease, NULL, &array, &error));
  OK(arrowcid_release_lease(lease, &error));
  OK(arrowcid_find(store, &block.cid, &found, &error));
  CHECK(found.length == 5 && found.kind == ARROWCID_RAW);
  wanted[0] = wanted[1] = block.cid;
  wanted[1].bytes[35] ^= 1;
  OK(arrowcid_contains(store, wanted, 2, answers, &error));
  CHECK(answers[0] == 1 && answers[1] == 0);
  FAILS(ARROWCID_BLOCK_NOT_FOUND, arrowcid_find(store, &wanted[1], &found, &error));
  FAILS(ARROWCID_BLOCK_NOT_FOUND, arrowcid_get(store, &wanted[1], &lease, &error));
  FAILS(ARROWCID_BLOCK_NOT_FOUND, arrowcid_verify(store, &wanted[1], &error));
  OK(arrowcid_put_raw(store, NULL, 0, NULL, &block, &error));
  CHECK(block.length == 0);
}

/* Datasets have CIDs of another codec: wherever one is given it is whole, and wherever one is taken it is known. */
static void datasets(arrowcid_handle store) {
  static sample_batch first, second;
  arrowcid_block blocks[2], found, dataset, listed[8];
  arrowcid_cid cids[2], members[2], resolved;
  arrowcid_name names[8];
  arrowcid_handle listing, lease;
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray array;
  const uint8_t *bytes;
  char text[64], json[4096];
  int64_t count = 0, length, rows = 0;
  make_sample(&first, 1);
  make_sample(&second, 2);
  OK(arrowcid_put_array(store, &first.schema, &first.array, NULL, &blocks[0], &error));
  OK(arrowcid_put_array(store, &second.schema, &second.array, NULL, &blocks[1], &error));
  cids[0] = blocks[0].cid;
  cids[1] = blocks[1].cid;
  OK(arrowcid_put_dataset(store, cids, 2, "{\"metadata\":{\"note\":\"x\"}}", "{\"tags\":{\"set\":\"1\"},\"name\":\"trips\"}",
                          &dataset, &error));
  CHECK(dataset.kind == ARROWCID_DATASET && dataset.rows == 2 * BATCH_ROWS && dataset.is_new == 1);
  CHECK(dataset.cid.bytes[1] == 0x71 && memcmp(&dataset.schema_cid, &blocks[0].schema_cid, sizeof(arrowcid_cid)) == 0);
  OK(arrowcid_cid_format(&dataset.cid, text, &error));
  CHECK(strncmp(text, "bafyrei", 7) == 0);
  OK(arrowcid_cid_parse(text, &resolved, &error));
  CHECK(memcmp(&resolved, &dataset.cid, sizeof resolved) == 0);
  OK(arrowcid_resolve_name(store, "trips", &resolved, &error));
  CHECK(memcmp(&resolved, &dataset.cid, sizeof resolved) == 0);
  OK(arrowcid_find(store, &dataset.cid, &found, &error));
  CHECK(found.kind == ARROWCID_DATASET && found.rows == 2 * BATCH_ROWS && found.length == dataset.length);
  OK(arrowcid_describe(store, &dataset.cid, json, sizeof json, NULL, &error));
  CHECK(strstr(json, "\"kind\":\"dataset\"") && strstr(json, "\"batches\":2") && strstr(json, "\"set\":\"1\""));
  OK(arrowcid_get(store, &dataset.cid, &lease, &error));
  OK(arrowcid_lease_block(lease, &bytes, &length, &found, &error));
  CHECK(length == dataset.length && found.kind == ARROWCID_DATASET && found.rows == 2 * BATCH_ROWS);
  FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_lease_array(lease, NULL, &array, &error));
  /* The same bytes again are the block that is there. */
  OK(arrowcid_put_raw(store, bytes, length, NULL, &found, &error));
  CHECK(found.is_new == 0 && found.kind == ARROWCID_DATASET);
  CHECK(memcmp(&found.cid, &dataset.cid, sizeof found.cid) == 0);
  OK(arrowcid_release_lease(lease, &error));

  FAILS(ARROWCID_TOO_LARGE, arrowcid_dataset_batches(store, &dataset.cid, NULL, 0, &count, &error));
  CHECK(count == 2);
  OK(arrowcid_dataset_batches(store, &dataset.cid, members, 2, &count, &error));
  CHECK(count == 2 && memcmp(members, cids, sizeof cids) == 0);
  FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_dataset_batches(store, &cids[0], members, 2, &count, &error));

  OK(arrowcid_get_stream(store, &dataset.cid, 1, &stream, &error));
  CHECK(stream.get_schema(&stream, &schema) == 0 && schema.n_children == 3);
  schema.release(&schema);
  while (stream.get_next(&stream, &array) == 0 && array.release != NULL) {
    rows += array.length;
    array.release(&array);
  }
  CHECK(rows == 2 * BATCH_ROWS);
  stream.release(&stream);
  OK(arrowcid_get_schema(store, &dataset.cid, &schema, &error));
  CHECK(schema.n_children == 3);
  schema.release(&schema);

  /* The same through a stream in: one table, one dataset; only its metadata makes another CID. */
  OK(arrowcid_get_stream(store, &dataset.cid, 1, &stream, &error));
  OK(arrowcid_put_table(store, &stream, "{\"metadata\":{\"note\":\"x\"}}", "{\"name\":\"again\"}", &found, &error));
  CHECK(found.is_new == 0 && memcmp(&found.cid, &dataset.cid, sizeof found.cid) == 0);
  stream.release(&stream);

  OK(arrowcid_list(store, "kind = dataset", &listing, &error));
  OK(arrowcid_list_next(listing, listed, 8, &count, &error));
  CHECK(count == 1 && memcmp(&listed[0], &dataset, offsetof(arrowcid_block, time_ns)) == 0);
  OK(arrowcid_list_close(listing, &error));
  OK(arrowcid_names(store, &listing, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list_next(listing, listed, 8, &count, &error));
  OK(arrowcid_names_next(listing, names, 8, &count, &error));
  CHECK(count == 2 && strcmp(names[0].name, "again") == 0 && strcmp(names[1].name, "trips") == 0);
  CHECK(names[1].kind == ARROWCID_DATASET && names[1].time_ns > 0);
  CHECK(memcmp(&names[1].cid, &dataset.cid, sizeof(arrowcid_cid)) == 0);
  CHECK(arrowcid_names_next(listing, names, 8, &count, &error) == ARROWCID_NOTHING && count == 0);
  OK(arrowcid_list_close(listing, &error));
  OK(arrowcid_verify(store, &dataset.cid, &error));
  OK(arrowcid_pin(store, &dataset.cid, &error));
  OK(arrowcid_remove(store, cids, 2, &count, &error));
  CHECK(count == 0);
  OK(arrowcid_unpin(store, &dataset.cid, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_dataset(store, cids, 0, NULL, NULL, &found, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_dataset(store, cids, 2, "{\"meta\":{}}", NULL, &found, &error));
  FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_put_dataset(store, &dataset.cid, 1, NULL, NULL, &found, &error));
  OK(arrowcid_set_name(store, "again", NULL, NULL, 0, &error));
  OK(arrowcid_set_name(store, "trips", NULL, NULL, 0, &error));
  OK(arrowcid_remove(store, &dataset.cid, 1, NULL, &error));
  OK(arrowcid_remove(store, cids, 2, &count, &error));
  CHECK(count == 2);
}

static int64_t count_of(arrowcid_handle store, const char *filter) {
  arrowcid_block some[2];
  arrowcid_handle listing;
  int64_t count, all = 0;
  int32_t code;
  OK(arrowcid_list(store, filter, &listing, &error));
  while ((code = arrowcid_list_next(listing, some, 2, &count, &error)) == ARROWCID_OK) {
    CHECK(count == 1 || count == 2);
    all += count;
  }
  CHECK(code == ARROWCID_NOTHING && count == 0);
  OK(arrowcid_list_close(listing, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list_next(listing, some, 2, &count, &error));
  return all;
}

static void facts(arrowcid_handle store, const arrowcid_block *batch) {
  arrowcid_cid cid;
  arrowcid_block block;
  char json[4096], small[8];
  int64_t needed = 0, removed = -1;
  OK(arrowcid_annotate(store, &batch->cid,
                       "{\"tags\":{\"day\":\"monday\"},\"producer\":\"test\",\"data\":{\"x\":[1,2]},"
                       "\"expires\":\"2040-01-01T00:00:00Z\",\"locations\":[\"https://example.org/1\"]}",
                       &error));
  FAILS(ARROWCID_TOO_LARGE, arrowcid_describe(store, &batch->cid, NULL, 0, &needed, &error));
  CHECK(needed > 100 && needed < (int64_t)sizeof json);
  FAILS(ARROWCID_TOO_LARGE, arrowcid_describe(store, &batch->cid, small, sizeof small, NULL, &error));
  OK(arrowcid_describe(store, &batch->cid, json, sizeof json, &needed, &error));
  CHECK(needed == (int64_t)strlen(json) + 1);
  CHECK(strstr(json, "\"tags\":{\"day\":\"monday\"}") && strstr(json, "\"json\":{\"x\":[1,2]}"));
  CHECK(strstr(json, "\"producer\":\"test\"") && strstr(json, "2040-01-01"));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate(store, &batch->cid, "{\"tag\":{}}", &error));
  CHECK(strstr(error.message, "'tag'") != NULL);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate(store, &batch->cid, "{\"tags\":", &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate(store, &batch->cid, "[]", &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate(store, &batch->cid, "{\"producer\":\"\\ud800\"}", &error));

  CHECK(count_of(store, NULL) == 1);
  CHECK(count_of(store, "tag.day = \"monday\"") == 1);
  CHECK(count_of(store, "tag.day = \"sunday\"") == 0);
  CHECK(count_of(store, "kind = raw") == 2);

  FAILS(ARROWCID_NAME_NOT_FOUND, arrowcid_resolve_name(store, "latest", &cid, &error));
  OK(arrowcid_set_name(store, "latest", &batch->cid, NULL, 1, &error));
  FAILS(ARROWCID_NAME_EXISTS, arrowcid_set_name(store, "latest", &batch->cid, NULL, 1, &error));
  OK(arrowcid_resolve_name(store, "latest", &cid, &error));
  CHECK(memcmp(&cid, &batch->cid, sizeof cid) == 0);
  OK(arrowcid_put_raw(store, (const uint8_t *)"other", 5, "{\"name\":\"other\",\"pin\":true}", &block, &error));
  OK(arrowcid_resolve_name(store, "other", &cid, &error));
  FAILS(ARROWCID_NAME_CONFLICT, arrowcid_set_name(store, "latest", &block.cid, &block.cid, 1, &error));
  OK(arrowcid_set_name(store, "latest", &block.cid, &batch->cid, 1, &error));
  OK(arrowcid_set_name(store, "latest", NULL, NULL, 0, &error));
  FAILS(ARROWCID_NAME_NOT_FOUND, arrowcid_set_name(store, "latest", NULL, NULL, 0, &error));
  OK(arrowcid_set_name(store, "other", NULL, NULL, 0, &error));

  OK(arrowcid_remove(store, &block.cid, 1, &removed, &error));
  CHECK(removed == 0); /* it is pinned */
  OK(arrowcid_unpin(store, &block.cid, &error));
  OK(arrowcid_unpin(store, &block.cid, &error));
  OK(arrowcid_remove(store, &block.cid, 1, &removed, &error));
  CHECK(removed == 1);
  OK(arrowcid_pin(store, &batch->cid, &error));
}

static void misuse(const char *directory, arrowcid_handle store) {
  static const arrowcid_handle wrong[] = {0, -1, 1 << 20, INT64_MAX, INT64_MIN, 77};
  arrowcid_options options;
  arrowcid_handle handle, reader;
  arrowcid_block block;
  arrowcid_cid cid;
  arrowcid_column column;
  const uint8_t *bytes;
  int64_t count, length;
  size_t i;
  memset(&cid, 0, sizeof cid);
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_flush(wrong[i], &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_close(wrong[i], &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_lease_block(wrong[i], &bytes, &length, NULL, &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list_close(wrong[i], &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_watch_close(wrong[i], &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_abandon(wrong[i], &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_reserved_column(wrong[i], 0, &column, &error));
  }
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_release_lease(store, &error)); /* another kind of handle */
  FAILS(ARROWCID_INVALID_CID, arrowcid_find(store, &cid, &block, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_find(store, NULL, &block, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raw(store, NULL, 5, NULL, &block, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raw(store, (const uint8_t *)"x", -1, NULL, &block, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_ipc(store, (const uint8_t *)"x", 1, NULL, &block, -1, &count, &error));
  FAILS(ARROWCID_INVALID_DATA, arrowcid_put_ipc(store, (const uint8_t *)"x", 1, NULL, &block, 1, &count, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list(store, "rows >", &handle, &error));
  memset(&options, 0, sizeof options);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_open(directory, &options, &handle, &error));
  options.size = sizeof options;
  options.flags = 1 << 20;
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_open(directory, &options, &handle, &error));
  options.flags = ARROWCID_MUST_EXIST;
  FAILS(ARROWCID_STORE_GONE, arrowcid_open("/dev/shm/there-is-no-such-store", &options, &handle, &error));
  options.flags = ARROWCID_READ_ONLY;
  OK(arrowcid_open(directory, &options, &reader, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raw(reader, (const uint8_t *)"x", 1, NULL, &block, &error));
  OK(arrowcid_close(reader, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_close(reader, &error));
}

int main(int count, char **arguments) {
  arrowcid_handle store;
  arrowcid_block batch;
  arrowcid_handle lease;
  const uint8_t *bytes;
  char directory[4096];
  int64_t length;
  uint8_t *file, first;
  CHECK(count == 3);
  store = open_store(arguments[1]);
  OK(arrowcid_directory(store, directory, sizeof directory, NULL, &error));
  CHECK(strcmp(directory, arguments[1]) == 0);
  file = bytes_of(arguments[2], &length);
  put_and_get(store, file, length, &batch);
  raw(store);
  datasets(store);
  facts(store, &batch);
  misuse(arguments[1], store);
  OK(arrowcid_flush(store, &error));
  OK(arrowcid_get(store, &batch.cid, &lease, &error));
  OK(arrowcid_close(store, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_flush(store, &error));
  OK(arrowcid_lease_block(lease, &bytes, &length, NULL, &error)); /* a lease outlives its store */
  first = bytes[0];
  CHECK(first == 0xff);
  OK(arrowcid_release_lease(lease, &error));
  free(file);
  puts("ok");
  return 0;
}
