/* Calls for many blocks, and blocks as files: what they promise, and that misuse is an error after which nothing is done. */
#include <unistd.h>

#include "check.h"

enum { COUNT = 200 };

static arrowcid_cid cids[COUNT];

static int64_t count_of(arrowcid_handle store, const char *filter) {
  int64_t count = 0;
  int32_t code = arrowcid_list_all(store, filter, NULL, 0, &count, &error);
  CHECK(code == (count == 0 ? ARROWCID_OK : ARROWCID_TOO_LARGE));
  return count;
}

static void put_raws(arrowcid_handle store) {
  static char pieces[COUNT][24];
  const uint8_t *bytes[COUNT];
  int64_t lengths[COUNT];
  arrowcid_block blocks[COUNT];
  int i;
  for (i = 0; i < COUNT; i++) {
    snprintf(pieces[i], sizeof pieces[i], "piece %d", i);
    bytes[i] = (const uint8_t *)pieces[i];
    lengths[i] = (int64_t)strlen(pieces[i]);
  }
  lengths[COUNT - 1] = -1;
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, bytes, lengths, COUNT, NULL, blocks, &error));
  lengths[COUNT - 1] = 5;
  bytes[COUNT - 1] = NULL;
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, bytes, lengths, COUNT, NULL, blocks, &error));
  bytes[COUNT - 1] = (const uint8_t *)pieces[COUNT - 1];
  lengths[COUNT - 1] = INT64_MAX;
  FAILS(ARROWCID_TOO_LARGE, arrowcid_put_raws(store, bytes, lengths, COUNT, NULL, blocks, &error));
  lengths[COUNT - 1] = (int64_t)strlen(pieces[COUNT - 1]);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, NULL, lengths, COUNT, NULL, blocks, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, bytes, NULL, COUNT, NULL, blocks, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, bytes, lengths, COUNT, NULL, NULL, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, bytes, lengths, -1, NULL, blocks, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, bytes, lengths, COUNT, "{\"name\":\"n\"}", blocks, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_raws(store, bytes, lengths, COUNT, "{\"tags\":{\"\":\"1\"}}", blocks, &error));
  CHECK(count_of(store, "kind = raw") == 0);
  OK(arrowcid_put_raws(store, bytes, lengths, COUNT, "{\"tags\":{\"few\":\"1\"}}", blocks, &error));
  for (i = 0; i < COUNT; i++) {
    CHECK(blocks[i].is_new == 1 && blocks[i].kind == ARROWCID_RAW && blocks[i].length == lengths[i]);
    cids[i] = blocks[i].cid;
  }
  OK(arrowcid_put_raws(store, bytes, lengths, COUNT, NULL, blocks, &error));
  CHECK(blocks[7].is_new == 0 && memcmp(&blocks[7].cid, &cids[7], sizeof cids[7]) == 0);
  OK(arrowcid_put_raws(store, NULL, NULL, 0, NULL, NULL, &error));
  CHECK(count_of(store, "tag.few = \"1\"") == COUNT);
}

static void put_together(arrowcid_handle store) {
  static sample_batch batches[3];
  const struct ArrowArray *arrays[3];
  arrowcid_block blocks[3];
  int i;
  for (i = 0; i < 3; i++) {
    make_sample(&batches[i], i);
    arrays[i] = &batches[i].array;
  }
  arrays[2] = NULL;
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_together(store, &batches[0].schema, arrays, 3, NULL, blocks, &error));
  CHECK(count_of(store, NULL) == 0);
  arrays[2] = &batches[2].array;
  OK(arrowcid_put_together(store, &batches[0].schema, arrays, 3, "{\"tags\":{\"set\":\"x\"}}", blocks, &error));
  CHECK(blocks[0].is_new == 1 && blocks[2].rows == BATCH_ROWS && blocks[1].kind == ARROWCID_BATCH);
  CHECK(count_of(store, NULL) == 3 && count_of(store, "tag.set = \"x\"") == 3);
  CHECK(batches[0].array_releases == 0 && batches[0].schema_releases == 0);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_together(store, NULL, arrays, 3, NULL, blocks, &error));
}

/* A canonical block is a stream of Arrow IPC with one batch. */
static void put_ipc_together(arrowcid_handle store) {
  static sample_batch batch;
  arrowcid_block put, blocks[2];
  arrowcid_handle lease;
  const uint8_t *bytes;
  int64_t length, count = 77;
  make_sample(&batch, 4000);
  OK(arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &put, &error));
  OK(arrowcid_get(store, &put.cid, &lease, &error));
  OK(arrowcid_lease_block(lease, &bytes, &length, NULL, &error));
  FAILS(ARROWCID_TOO_LARGE, arrowcid_put_ipc_together(store, bytes, length, NULL, NULL, 0, &count, &error));
  CHECK(count == 1);
  OK(arrowcid_put_ipc_together(store, bytes, length, "{\"tags\":{\"ipc\":\"x\"}}", blocks, 2, &count, &error));
  CHECK(count == 1 && blocks[0].is_new == 0 && memcmp(&blocks[0].cid, &put.cid, sizeof put.cid) == 0);
  CHECK(count_of(store, "tag.ipc = \"x\"") == 1);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_ipc_together(store, bytes, length, "{\"name\":\"n\"}", blocks, 2, &count, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_ipc_together(store, bytes, length, NULL, blocks, 2, NULL, &error));
  FAILS(ARROWCID_INVALID_DATA, arrowcid_put_ipc_together(store, bytes, length - 100, NULL, blocks, 2, &count, &error));
  OK(arrowcid_release_lease(lease, &error));
  OK(arrowcid_remove(store, &put.cid, 1, NULL, &error));
}

static void get_many(arrowcid_handle store) {
  arrowcid_handle leases[COUNT];
  arrowcid_cid wanted[COUNT];
  const uint8_t *bytes;
  int64_t length;
  int i;
  memcpy(wanted, cids, sizeof wanted);
  wanted[3].bytes[35] ^= 1;
  OK(arrowcid_get_many(store, wanted, COUNT, leases, &error));
  CHECK(leases[3] == 0);
  OK(arrowcid_lease_block(leases[7], &bytes, &length, NULL, &error));
  CHECK(length == 7 && memcmp(bytes, "piece 7", 7) == 0);
  for (i = 0; i < COUNT; i++)
    if (i != 3) OK(arrowcid_release_lease(leases[i], &error));
  wanted[COUNT - 1].bytes[0] = 9;
  leases[0] = 77;
  FAILS(ARROWCID_INVALID_CID, arrowcid_get_many(store, wanted, COUNT, leases, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_get_many(store, NULL, 1, leases, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_get_many(store, cids, 1, NULL, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_get_many(store, cids, -5, leases, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_get_many(77, cids, 1, leases, &error));
  OK(arrowcid_get_many(store, NULL, 0, NULL, &error));
}

static void annotate_many(arrowcid_handle store) {
  static char large[1024];
  const char *same = "{\"tags\":{\"day\":\"monday\"}}", *each[COUNT], *wrong[2], *big;
  char json[4096];
  int64_t annotated = -1;
  int i;
  OK(arrowcid_annotate_many(store, cids, COUNT, &same, 1, &annotated, &error));
  CHECK(annotated == COUNT && count_of(store, "tag.day = \"monday\"") == COUNT);
  for (i = 0; i < COUNT; i++) each[i] = i % 2 ? "{\"tags\":{\"odd\":\"yes\"}}" : "{}";
  OK(arrowcid_annotate_many(store, cids, COUNT, each, COUNT, &annotated, &error));
  CHECK(annotated == COUNT && count_of(store, "tag.odd = \"yes\"") == COUNT / 2);
  /* What one of them has no place for is refused before any is written. */
  wrong[0] = "{\"tags\":{\"bad\":\"1\"}}";
  wrong[1] = "{\"tags\":{\"\":\"1\"}}";
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate_many(store, cids, 2, wrong, 2, &annotated, &error));
  CHECK(annotated == 0 && count_of(store, "tag.bad = \"1\"") == 0);
  wrong[1] = NULL;
  OK(arrowcid_annotate_many(store, cids, 2, wrong, 2, NULL, &error));
  CHECK(count_of(store, "tag.bad = \"1\"") == 1);
  wrong[0] = "{\"pin\":true}";
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate_many(store, cids, 2, wrong, 1, &annotated, &error));
  wrong[0] = "{\"expires\":\"2001-01-01T00:00:00Z\"}";
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate_many(store, cids, 2, wrong, 1, &annotated, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate_many(store, cids, 2, wrong, 3, &annotated, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate_many(store, cids, 2, NULL, 1, &annotated, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_annotate_many(store, cids, 2, each, -1, &annotated, &error));
  /* More than one record of the log. */
  memset(large, 'x', 900);
  snprintf(json, sizeof json, "{\"tags\":{\"long\":\"%s\"}}", large);
  big = json;
  OK(arrowcid_annotate_many(store, cids, COUNT, &big, 1, &annotated, &error));
  CHECK(annotated == COUNT && count_of(store, "tag.long ~ \"x*\"") == COUNT);
}

static void touch(arrowcid_handle store) {
  char json[8192];
  OK(arrowcid_touch(store, cids, COUNT, 2208988800000, &error));
  OK(arrowcid_describe(store, &cids[9], json, sizeof json, NULL, &error));
  CHECK(strstr(json, "2040-01-01T00:00:00") != NULL);
  CHECK(count_of(store, "expires > 2039-01-01") == COUNT);
  OK(arrowcid_touch(store, cids, COUNT, -1, &error));
  CHECK(count_of(store, "expires > 2039-01-01") == 0);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_touch(store, cids, COUNT, 1, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_touch(store, cids, COUNT, -2, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_touch(store, cids, COUNT, INT64_MAX, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_touch(store, NULL, 1, -1, &error));
}

static void list_all(arrowcid_handle store) {
  static arrowcid_block blocks[COUNT + 8];
  int64_t count = 0;
  FAILS(ARROWCID_TOO_LARGE, arrowcid_list_all(store, "kind = raw", blocks, COUNT - 1, &count, &error));
  CHECK(count == COUNT);
  OK(arrowcid_list_all(store, "kind = raw", blocks, COUNT + 8, &count, &error));
  CHECK(count == COUNT && blocks[COUNT - 1].kind == ARROWCID_RAW && blocks[COUNT].kind == 0);
  OK(arrowcid_list_all(store, NULL, blocks, COUNT, &count, &error));
  CHECK(count == 3 && blocks[0].kind == ARROWCID_BATCH);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list_all(store, "no filter at all", blocks, COUNT, &count, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list_all(store, NULL, blocks, -1, &count, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list_all(store, NULL, blocks, COUNT, NULL, &error));
}

static void files(arrowcid_handle store) {
  static const char *const wrong[] = {"{\"../a\":\"%s\"}", "{\"/a\":\"%s\"}", "{\"a//b\":\"%s\"}", "{\"\":\"%s\"}",
                                      "{\"a\":\"%s\",\"a/b\":\"%s\"}", "{\"a\":{\"b\":\"%s\"}}", "[\"%s\"]"};
  char json[512], text[64], found[1024];
  arrowcid_block block;
  arrowcid_cid missing = cids[0];
  FILE *file = tmpfile();
  int64_t length = -1;
  size_t i;
  CHECK(file != NULL);
  OK(arrowcid_cid_format(&cids[0], text, &error));
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    snprintf(json, sizeof json, wrong[i], text, text);
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_directory(store, json, NULL, &block, &error));
  }
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_directory(store, "{\"a\":\"no\"}", NULL, &block, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_put_directory(store, NULL, NULL, &block, &error));
  snprintf(json, sizeof json, "{\"a/b.txt\":\"%s\"}", text);
  OK(arrowcid_put_directory(store, json, "{\"name\":\"files\"}", &block, &error));
  CHECK(block.kind == ARROWCID_NODE && block.cid.bytes[1] == 0x71);
  OK(arrowcid_directory_files(store, &block.cid, found, sizeof found, NULL, &error));
  CHECK(strstr(found, "\"a/b.txt\"") && strstr(found, text) && strstr(found, "\"bytes\":7"));
  FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_directory_files(store, &cids[1], found, sizeof found, NULL, &error));
  missing.bytes[35] ^= 1;
  OK(arrowcid_cid_format(&missing, text, &error));
  snprintf(json, sizeof json, "{\"a\":\"%s\"}", text);
  FAILS(ARROWCID_BLOCK_NOT_FOUND, arrowcid_put_directory(store, json, NULL, &block, &error));

  {
    arrowcid_block batches[3];
    arrowcid_cid parts[3];
    char magic[4];
    int64_t count = 0;
    int k;
    OK(arrowcid_list_all(store, NULL, batches, 3, &count, &error));
    for (k = 0; k < 3; k++) parts[k] = batches[k].cid;
    OK(arrowcid_write_parquet(store, parts, 3, fileno(file), &length, &error));
    CHECK(length > 100 && lseek(fileno(file), 0, SEEK_CUR) == 0 && lseek(fileno(file), 0, SEEK_END) == length);
    CHECK(pread(fileno(file), magic, 4, 0) == 4 && memcmp(magic, "PAR1", 4) == 0);
    CHECK(pread(fileno(file), magic, 4, length - 4) == 4 && memcmp(magic, "PAR1", 4) == 0);
    OK(arrowcid_write_catalog(store, NULL, fileno(file), &length, &error));
    CHECK(length > 100);
    FAILS(ARROWCID_SCHEMA_MISMATCH, arrowcid_write_parquet(store, cids, 1, fileno(file), NULL, &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_write_parquet(store, parts, 0, fileno(file), NULL, &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_write_parquet(store, parts, 1, -1, NULL, &error));
    FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_write_catalog(store, "no filter at all", fileno(file), NULL, &error));
  }
  fclose(file);
  OK(arrowcid_set_name(store, "files", NULL, NULL, 0, &error));
}

static void remove_where(arrowcid_handle store, const char *directory) {
  arrowcid_options options;
  arrowcid_removal would, did;
  arrowcid_handle reader;
  OK(arrowcid_pin(store, &cids[1], &error));
  OK(arrowcid_remove_where(store, "tag.few = \"1\"", 1, &would, &error));
  CHECK(would.removed == COUNT - 2 && would.kept == 2 && would.length > 7 * (COUNT - 2));
  CHECK(count_of(store, "tag.few = \"1\"") == COUNT);
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.flags = ARROWCID_READ_ONLY | ARROWCID_MUST_EXIST;
  OK(arrowcid_open(directory, &options, &reader, &error));
  OK(arrowcid_remove_where(reader, "tag.few = \"1\"", 1, &did, &error));
  CHECK(memcmp(&did, &would, sizeof did) == 0);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_remove_where(reader, "tag.few = \"1\"", 0, &did, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_touch(reader, cids, 1, -1, &error));
  OK(arrowcid_close(reader, &error));
  OK(arrowcid_remove_where(store, "tag.few = \"1\"", 0, &did, &error));
  CHECK(memcmp(&did, &would, sizeof did) == 0); /* the directory keeps the first piece, the pin the second */
  CHECK(count_of(store, "tag.few = \"1\"") == 2);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_remove_where(store, NULL, 0, &did, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_remove_where(store, "", 0, &did, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_remove_where(store, "kind = raw", 2, &did, &error));
  OK(arrowcid_remove_where(store, "kind = raw and rows > 5", 0, NULL, &error));
}

int main(int count, char **arguments) {
  arrowcid_handle store;
  CHECK(count == 2);
  store = open_store(arguments[1]);
  put_raws(store);
  put_together(store);
  put_ipc_together(store);
  get_many(store);
  annotate_many(store);
  touch(store);
  list_all(store);
  files(store);
  remove_where(store, arguments[1]);
  OK(arrowcid_close(store, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_list_all(store, NULL, NULL, 0, NULL, &error));
  puts("ok");
  return 0;
}
