/*
 * Puts batches into a store, computed where they will stand:
 *
 *   cc -I. samples/producer.c -o producer -L../../.artifacts/native -larrowcid -Wl,-rpath,$PWD/../../.artifacts/native
 *   ./producer /dev/shm/quotes 3
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrowcid.h"

enum { ROWS = 1000 };

static arrowcid_error error;

static void must(int32_t code) {
  if (code == ARROWCID_OK) return;
  fprintf(stderr, "producer: %s: %s\n", arrowcid_error_name(code), error.message);
  exit(1);
}

static void nothing_to_release(struct ArrowSchema *schema) { schema->release = NULL; }

int main(int count, char **arguments) {
  struct ArrowSchema id = {"l", "id", NULL, 0, 0, NULL, NULL, nothing_to_release, NULL};
  struct ArrowSchema price = {"g", "px", NULL, 0, 0, NULL, NULL, nothing_to_release, NULL};
  struct ArrowSchema *fields[2];
  struct ArrowSchema schema = {"+s", "", NULL, 0, 2, NULL, NULL, nothing_to_release, NULL};
  arrowcid_handle store;
  int batches = count > 2 ? atoi(arguments[2]) : 1, batch;
  fields[0] = &id;
  fields[1] = &price;
  schema.children = fields;
  must(arrowcid_open(count > 1 ? arguments[1] : NULL, NULL, &store, &error));
  for (batch = 0; batch < batches; batch++) {
    arrowcid_handle reservation;
    arrowcid_column ids, prices;
    arrowcid_block block;
    char text[64];
    int i;
    must(arrowcid_reserve(store, &schema, ROWS, NULL, &reservation, &error));
    must(arrowcid_reserved_column(reservation, 0, &ids, &error));
    must(arrowcid_reserved_column(reservation, 1, &prices, &error));
    for (i = 0; i < ROWS; i++) {
      ((int64_t *)ids.values)[i] = batch * ROWS + i;
      ((double *)prices.values)[i] = 100 + (batch * ROWS + i) * 0.25;
    }
    must(arrowcid_commit(reservation, &block, &error));
    must(arrowcid_cid_format(&block.cid, text, &error));
    printf("%s\n", text);
  }
  must(arrowcid_close(store, &error));
  return 0;
}
