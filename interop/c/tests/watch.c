/* Watching with a wait, with a descriptor, from a cursor; and what ends a sleeping watch. */
#include <poll.h>
#include <pthread.h>

#include "check.h"

static sample_batch batch;

static arrowcid_block put(arrowcid_handle store, int64_t first) {
  arrowcid_block block;
  make_sample(&batch, first);
  OK(arrowcid_put_array(store, &batch.schema, &batch.array, NULL, &block, &error));
  return block;
}

static int same(const arrowcid_block *a, const arrowcid_block *b) { return memcmp(&a->cid, &b->cid, 36) == 0; }

static void *put_later(void *store) {
  arrowcid_error own;
  arrowcid_block block;
  static sample_batch late;
  make_sample(&late, 999);
  return arrowcid_put_array(*(arrowcid_handle *)store, &late.schema, &late.array, NULL, &block, &own) == 0 ? store
                                                                                                           : NULL;
}

/* Sleeps until the watch ends. */
static void *sleep_on(void *watch) {
  arrowcid_event event;
  arrowcid_error own;
  int32_t code;
  do code = arrowcid_watch_next(*(arrowcid_handle *)watch, -1, &event, &own);
  while (code == ARROWCID_BUSY);
  return code == ARROWCID_NOTHING ? watch : NULL;
}

static void watch_in_thread(arrowcid_handle *watch, pthread_t *thread) {
  arrowcid_event event;
  int32_t code;
  CHECK(pthread_create(thread, NULL, sleep_on, watch) == 0);
  /* Once it is busy the thread is inside. */
  do code = arrowcid_watch_next(*watch, 0, &event, &error);
  while (code == ARROWCID_NOTHING);
  CHECK(code == ARROWCID_BUSY);
}

int main(int count, char **arguments) {
  arrowcid_handle store, watch, other;
  arrowcid_event next;
  arrowcid_block one, two;
  struct pollfd readable;
  pthread_t thread;
  char cursor[4096];
  void *result;
  CHECK(count == 2);
  store = open_store(arguments[1]);
  one = put(store, 1);
  OK(arrowcid_watch(store, NULL, &watch, &error));
  CHECK(arrowcid_watch_next(watch, 0, &next, &error) == ARROWCID_NOTHING);
  two = put(store, 2);
  OK(arrowcid_watch_next(watch, 10000, &next, &error));
  CHECK(next.kind == ARROWCID_NEW && same(&next.block, &two) && next.block.time_ns > 0 && next.block.rows > 0);
  CHECK(arrowcid_watch_next(watch, 1, &next, &error) == ARROWCID_NOTHING);
  (void)put(store, 2);
  OK(arrowcid_watch_next(watch, -1, &next, &error));
  CHECK(next.kind == ARROWCID_AGAIN && same(&next.block, &two));
  OK(arrowcid_watch_cursor(watch, cursor, sizeof cursor, NULL, &error));
  OK(arrowcid_watch_close(watch, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_watch_next(watch, 0, &next, &error));
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_watch(store, "somewhere", &watch, &error));

  OK(arrowcid_watch(store, "oldest", &watch, &error));
  OK(arrowcid_watch_next(watch, 0, &next, &error));
  CHECK(same(&next.block, &one));
  OK(arrowcid_watch_close(watch, &error));

  one = put(store, 3);
  OK(arrowcid_watch(store, cursor, &watch, &error));
  OK(arrowcid_watch_next(watch, 10000, &next, &error));
  CHECK(same(&next.block, &one));

  /* A wait in the kernel, woken by a put. */
  CHECK(pthread_create(&thread, NULL, put_later, &store) == 0);
  OK(arrowcid_watch_next(watch, 10000, &next, &error));
  CHECK(next.kind == ARROWCID_NEW && pthread_join(thread, &result) == 0 && result != NULL);

  OK(arrowcid_watch_fd(watch, &readable.fd, &error));
  readable.events = POLLIN;
  CHECK(poll(&readable, 1, 0) == 1); /* at first it says: look */
  CHECK(arrowcid_watch_next(watch, 0, &next, &error) == ARROWCID_NOTHING);
  one = put(store, 4);
  two = put(store, 5);
  CHECK(poll(&readable, 1, 10000) == 1 && (readable.revents & POLLIN) != 0);
  OK(arrowcid_watch_next(watch, 0, &next, &error));
  CHECK(same(&next.block, &one));
  CHECK(poll(&readable, 1, 0) == 1); /* there is more */
  OK(arrowcid_watch_next(watch, 0, &next, &error));
  CHECK(same(&next.block, &two));

  watch_in_thread(&watch, &thread);
  OK(arrowcid_watch_close(watch, &error));
  CHECK(pthread_join(thread, &result) == 0 && result != NULL);

  OK(arrowcid_watch(store, NULL, &other, &error));
  watch_in_thread(&other, &thread);
  OK(arrowcid_close(store, &error));
  CHECK(pthread_join(thread, &result) == 0 && result != NULL);
  FAILS(ARROWCID_INVALID_ARGUMENT, arrowcid_watch_next(other, 0, &next, &error));
  OK(arrowcid_watch_close(other, &error));
  puts("ok");
  return 0;
}
