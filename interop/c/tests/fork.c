/*
 * A child of fork() is refused by every function, at once, and its parent goes on. What the parent exported can be
 * released in the child, whatever other threads were doing inside the library when it forked.
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define REFUSED(call) FAILS(ARROWCID_FORKED, call)

/* A child that hangs is ended, and seen by its status. */
#define PATIENCE_S 120

static volatile int is_over;

typedef struct {
  arrowcid_handle store;
  arrowcid_cid cid;
} work;

/* Keeps the library's collector at work. */
static void *verify_all_the_time(void *argument) {
  const work *own = argument;
  while (!is_over) CHECK(arrowcid_verify(own->store, &own->cid, NULL) == ARROWCID_OK);
  return NULL;
}

static int child(arrowcid_handle store, arrowcid_handle lease, arrowcid_handle watch, const arrowcid_cid *cid) {
  static sample_batch batch;
  arrowcid_event next;
  arrowcid_block block;
  arrowcid_handle handle;
  arrowcid_cid parsed;
  struct ArrowArray array;
  const uint8_t *bytes;
  int64_t length;
  char text[64];
  make_sample(&batch, 2);
  REFUSED(arrowcid_open(NULL, NULL, &handle, &error));
  CHECK(strstr(error.message, "spawn") != NULL);
  REFUSED(arrowcid_flush(store, &error));
  REFUSED(arrowcid_find(store, cid, &block, &error));
  REFUSED(arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &block, &error));
  REFUSED(arrowcid_get_array(store, cid, NULL, &array, &error));
  REFUSED(arrowcid_get(store, cid, &handle, &error));
  REFUSED(arrowcid_lease_block(lease, &bytes, &length, NULL, &error));
  REFUSED(arrowcid_release_lease(lease, &error));
  REFUSED(arrowcid_watch_next(watch, -1, &next, &error));
  REFUSED(arrowcid_watch_close(watch, &error));
  REFUSED(arrowcid_cid_format(cid, text, &error));
  REFUSED(arrowcid_cid_parse("bafkrei", &parsed, &error));
  REFUSED(arrowcid_close(store, &error));
  CHECK(arrowcid_close(store, NULL) == ARROWCID_FORKED);
  CHECK(arrowcid_abi() == ARROWCID_ABI && strlen(arrowcid_hash_path()) > 0);
  return 0;
}

int main(int count, char **arguments) {
  static sample_batch batch;
  arrowcid_handle store, lease, watch;
  arrowcid_block block;
  struct ArrowSchema schema;
  struct ArrowArray array;
  struct ArrowArrayStream stream;
  const uint8_t *bytes;
  int64_t length;
  pthread_t threads[2];
  work shared;
  int round, status, i;
  CHECK(count == 2);
  store = open_store(arguments[1]);
  make_sample(&batch, 1);
  OK(arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &block, &error));
  OK(arrowcid_get(store, &block.cid, &lease, &error));
  OK(arrowcid_lease_block(lease, &bytes, &length, NULL, &error));
  OK(arrowcid_get_array(store, &block.cid, &schema, &array, &error));
  OK(arrowcid_get_stream(store, &block.cid, 1, &stream, &error));
  OK(arrowcid_watch(store, NULL, &watch, &error));
  shared.store = store;
  shared.cid = block.cid;
  for (i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, verify_all_the_time, &shared) == 0);
  for (round = 0; round < 200; round++) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      alarm(PATIENCE_S);
      pid_t grandchild = fork();
      if (grandchild == 0) _exit(child(store, lease, watch, &block.cid));
      CHECK(waitpid(grandchild, &status, 0) == grandchild && WIFEXITED(status) && WEXITSTATUS(status) == 0);
      CHECK(bytes[0] == 0xff); /* what it held is still mapped */
      check_sample(&array, 1);
      array.release(&array); /* which gives nothing back here */
      schema.release(&schema);
      CHECK(array.release == NULL && schema.release == NULL);
      CHECK(stream.get_next(&stream, &array) != 0 && stream.get_schema(&stream, &schema) != 0);
      CHECK(strstr(stream.get_last_error(&stream), "forked") != NULL);
      stream.release(&stream);
      CHECK(stream.release == NULL);
      _exit(child(store, lease, watch, &block.cid));
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    make_sample(&batch, 100 + round);
    OK(arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &block, &error));
  }
  is_over = 1;
  for (i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  array.release(&array);
  schema.release(&schema);
  CHECK(stream.get_next(&stream, &array) == 0);
  check_sample(&array, 1);
  array.release(&array);
  stream.release(&stream);
  OK(arrowcid_release_lease(lease, &error));
  OK(arrowcid_close(store, &error));
  puts("ok");
  return 0;
}
