/* Many threads on one store: puts, gets, listings and releases on other threads than the getters'. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, ROUNDS = 400, BATCHES = 32 };

static arrowcid_handle store;
static char failure[] = "failed";
static arrowcid_cid cids[BATCHES];
static arrowcid_handle leases[THREADS][ROUNDS];

static void *work(void *number) {
  static __thread sample_batch batch;
  int me = (int)(intptr_t)number, i;
  arrowcid_error own;
  for (i = 0; i < ROUNDS; i++) {
    struct ArrowArray array;
    struct ArrowSchema schema;
    arrowcid_block block;
    const uint8_t *bytes;
    int64_t length;
    int which = (me * 7 + i) % BATCHES;
    make_sample(&batch, which);
    if (arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &block, &own) != 0) return failure;
    if (memcmp(&block.cid, &cids[which], 36) != 0) return failure;
    if (arrowcid_get_array(store, &block.cid, &schema, &array, &own) != 0) return failure;
    if (((const int64_t *)array.children[0]->buffers[1])[0] != which) return failure;
    array.release(&array);
    schema.release(&schema);
    if (arrowcid_get(store, &cids[which], &leases[me][i], &own) != 0) return failure;
    if (arrowcid_lease_block(leases[me][i], &bytes, &length, NULL, &own) != 0 || bytes[0] != 0xff) return failure;
  }
  return NULL;
}

static void *release(void *number) {
  int other = ((int)(intptr_t)number + 1) % THREADS, i;
  arrowcid_error own;
  for (i = 0; i < ROUNDS; i++) {
    if (arrowcid_release_lease(leases[other][i], &own) != 0) return failure;
    if (arrowcid_release_lease(leases[other][i], &own) != ARROWCID_INVALID_ARGUMENT) return failure;
  }
  return NULL;
}

static void run(void *(*what)(void *)) {
  pthread_t threads[THREADS];
  void *result;
  intptr_t i;
  for (i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, what, (void *)i) == 0);
  for (i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], &result) == 0 && result == NULL);
}

int main(int count, char **arguments) {
  static sample_batch batch;
  int i;
  CHECK(count == 2);
  store = open_store(arguments[1]);
  for (i = 0; i < BATCHES; i++) {
    make_sample(&batch, i);
    OK(arrowcid_cid_of_array(&batch.schema, &batch.array, &cids[i], &error));
  }
  run(work);
  run(release);
  OK(arrowcid_close(store, &error));
  puts("ok");
  return 0;
}
