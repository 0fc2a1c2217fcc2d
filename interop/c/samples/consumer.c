/*
 * Reads a store's batches where they lie, those that are there and then those that come:
 *
 *   cc -I. samples/consumer.c -o consumer -L../../.artifacts/native -larrowcid -Wl,-rpath,$PWD/../../.artifacts/native
 *   ./consumer /dev/shm/quotes 3
 *
 * Each has a column of int64 and one of double, as producer.c makes them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "arrowcid.h"

static arrowcid_error error;

static void must(int32_t code) {
  if (code == ARROWCID_OK) return;
  fprintf(stderr, "consumer: %s: %s\n", arrowcid_error_name(code), error.message);
  exit(1);
}

int main(int count, char **arguments) {
  arrowcid_handle store, watch;
  int left = count > 2 ? atoi(arguments[2]) : 1;
  must(arrowcid_open(count > 1 ? arguments[1] : NULL, NULL, &store, &error));
  must(arrowcid_watch(store, "oldest", &watch, &error));
  while (left > 0) {
    arrowcid_event event;
    struct ArrowArray array;
    char text[64];
    double sum = 0;
    int64_t i;
    must(arrowcid_watch_next(watch, -1, &event, &error));
    if (event.kind != ARROWCID_NEW) continue;
    /* A block can be removed between its event and now. */
    must(arrowcid_get_array(store, &event.block.cid, NULL, &array, &error));
    for (i = 0; i < array.length; i++) {
      const struct ArrowArray *prices = array.children[1];
      sum += ((const double *)prices->buffers[1])[prices->offset + i];
    }
    array.release(&array);
    must(arrowcid_cid_format(&event.block.cid, text, &error));
    printf("%s  %lld rows  %.2f\n", text, (long long)event.block.rows, sum);
    left--;
  }
  must(arrowcid_watch_close(watch, &error));
  must(arrowcid_close(store, &error));
  return 0;
}
