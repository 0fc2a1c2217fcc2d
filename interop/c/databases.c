/*
 * The other side of the benchmark `store`: what LMDB and SQLite take for the same puts and gets, asked through their
 * C APIs and timed in here, so that no binding is in the figures.
 *
 * Lines in, one answer line each:
 *   lmdb DIR              opens an environment of 1 GiB without flushes and with a writable map        -> ok
 *   lmdb-put SIZE N       N new values, a transaction each                                              -> p50 seconds
 *   lmdb-get SIZE N       N times the last value of that size, a transaction each                       -> p50 seconds
 *   sqlite FILE           opens a database in WAL mode that does not flush (synchronous=OFF)            -> ok
 *   sqlite-put SIZE N     N new values, a transaction each                                              -> p50 seconds
 *   registry FILE N       N entries (key, producer, tag, time) and an index each on (producer, time), (tag, time) and
 *                         (time), in transactions of 10,000, WAL mode without flushes                  -> entries a second
 *   registry-page TAGS LIMIT N   N times the first LIMIT entries of one of TAGS tags by their time       -> p50 seconds
 *   registry-point ENTRIES N Q   N times one of the entries by its key                            -> quantile Q, seconds
 *   durable FILE THREADS SIZE SECONDS
 *                         THREADS connections in WAL mode that flush every transaction (synchronous=FULL)
 *                                                                                                       -> puts a second
 *
 * A key is 32 bytes, as a digest is. Libraries are opened by name, so that no headers are needed to build this.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY = 32, GROUP = 16 };

static void fail(const char *what, const char *why) {
  fprintf(stderr, "databases: %s: %s\n", what, why);
  exit(1);
}

static void check(int result, const char *what) {
  char text[16];
  if (result == 0) return;
  snprintf(text, sizeof text, "%d", result);
  fail(what, text);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The next of a row of numbers that do not repeat in a run; a key is made of it as a digest would look. */
static _Atomic uint64_t made;

static void next_key(uint8_t key[KEY]) {
  uint64_t state = atomic_fetch_add(&made, 1) + 1;
  for (int i = 0; i < KEY / 8; i++) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    memcpy(key + 8 * i, &z, 8);
  }
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_size);
  return values[count / 2];
}

/* The median of the means of groups of 16 calls. */
static double p50(void (*call)(void *, size_t), void *value, size_t size, int calls) {
  int groups = calls / GROUP > 0 ? calls / GROUP : 1;
  double *means = calloc((size_t)groups, sizeof *means);
  for (int i = 0; i < groups; i++) {
    double start = now();
    for (int j = 0; j < GROUP; j++) call(value, size);
    means[i] = (now() - start) / GROUP;
  }
  double result = median(means, groups);
  free(means);
  return result;
}

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (!found) fail(name, dlerror());
  return found;
}

static void *library(const char *name) {
  void *opened = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
  if (!opened) fail(name, dlerror());
  return opened;
}

/* LMDB */

typedef struct { size_t size; void *data; } lmdb_value;

static int (*env_create)(void **);
static int (*env_set_mapsize)(void *, size_t);
static int (*env_open)(void *, const char *, unsigned, unsigned);
static int (*txn_begin)(void *, void *, unsigned, void **);
static int (*txn_commit)(void *);
static void (*txn_abort)(void *);
static int (*dbi_open)(void *, const char *, unsigned, unsigned *);
static int (*lmdb_put)(void *, unsigned, lmdb_value *, lmdb_value *, unsigned);
static int (*lmdb_get)(void *, unsigned, lmdb_value *, lmdb_value *);

static void *environment;
static unsigned database;
static uint8_t last_key[KEY];

static void lmdb_start(const char *directory) {
  void *lib = library("liblmdb.so.0"), *transaction;
  *(void **)&env_create = symbol(lib, "mdb_env_create");
  *(void **)&env_set_mapsize = symbol(lib, "mdb_env_set_mapsize");
  *(void **)&env_open = symbol(lib, "mdb_env_open");
  *(void **)&txn_begin = symbol(lib, "mdb_txn_begin");
  *(void **)&txn_commit = symbol(lib, "mdb_txn_commit");
  *(void **)&txn_abort = symbol(lib, "mdb_txn_abort");
  *(void **)&dbi_open = symbol(lib, "mdb_dbi_open");
  *(void **)&lmdb_put = symbol(lib, "mdb_put");
  *(void **)&lmdb_get = symbol(lib, "mdb_get");
  const unsigned no_sync = 0x10000, write_map = 0x80000;
  check(env_create(&environment), "mdb_env_create");
  check(env_set_mapsize(environment, (size_t)1 << 30), "mdb_env_set_mapsize");
  check(env_open(environment, directory, no_sync | write_map, 0600), "mdb_env_open");
  check(txn_begin(environment, NULL, 0, &transaction), "mdb_txn_begin");
  check(dbi_open(transaction, NULL, 0, &database), "mdb_dbi_open");
  check(txn_commit(transaction), "mdb_txn_commit");
}

static void lmdb_put_one(void *value, size_t size) {
  void *transaction;
  next_key(last_key);
  lmdb_value key = {KEY, last_key}, data = {size, value};
  check(txn_begin(environment, NULL, 0, &transaction), "mdb_txn_begin");
  check(lmdb_put(transaction, database, &key, &data, 0), "mdb_put");
  check(txn_commit(transaction), "mdb_txn_commit");
}

static void lmdb_get_one(void *value, size_t size) {
  const unsigned read_only = 0x20000;
  void *transaction;
  lmdb_value key = {KEY, last_key}, data;
  (void)value;
  check(txn_begin(environment, NULL, read_only, &transaction), "mdb_txn_begin");
  check(lmdb_get(transaction, database, &key, &data), "mdb_get");
  if (data.size != size) fail("mdb_get", "another size");
  txn_abort(transaction);
}

/* SQLite */

static int (*sqlite_open)(const char *, void **);
static int (*sqlite_exec)(void *, const char *, void *, void *, char **);
static int (*sqlite_prepare)(void *, const char *, int, void **, const char **);
static int (*sqlite_bind)(void *, int, const void *, int, void (*)(void *));
static int (*sqlite_step)(void *);
static int (*sqlite_reset)(void *);
static int (*sqlite_finalize)(void *);
static int (*sqlite_close)(void *);
static int (*sqlite_patience)(void *, int);

typedef struct { void *handle, *insert; } connection;

static connection main_connection;

static void sqlite_load(void) {
  if (sqlite_open) return;
  void *lib = library("libsqlite3.so.0");
  *(void **)&sqlite_exec = symbol(lib, "sqlite3_exec");
  *(void **)&sqlite_prepare = symbol(lib, "sqlite3_prepare_v2");
  *(void **)&sqlite_bind = symbol(lib, "sqlite3_bind_blob");
  *(void **)&sqlite_step = symbol(lib, "sqlite3_step");
  *(void **)&sqlite_reset = symbol(lib, "sqlite3_reset");
  *(void **)&sqlite_finalize = symbol(lib, "sqlite3_finalize");
  *(void **)&sqlite_close = symbol(lib, "sqlite3_close");
  *(void **)&sqlite_patience = symbol(lib, "sqlite3_busy_timeout");
  *(void **)&sqlite_open = symbol(lib, "sqlite3_open");
}

static connection sqlite_connect(const char *file, const char *synchronous) {
  connection made_here;
  char pragma[64];
  sqlite_load();
  check(sqlite_open(file, &made_here.handle), "sqlite3_open");
  check(sqlite_patience(made_here.handle, 60000), "sqlite3_busy_timeout");
  check(sqlite_exec(made_here.handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL), "journal_mode");
  snprintf(pragma, sizeof pragma, "PRAGMA synchronous=%s", synchronous);
  check(sqlite_exec(made_here.handle, pragma, NULL, NULL, NULL), "synchronous");
  check(sqlite_exec(made_here.handle,
    "CREATE TABLE IF NOT EXISTS block (cid BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID", NULL, NULL, NULL),
    "create table");
  check(sqlite_prepare(made_here.handle, "INSERT INTO block VALUES (?, ?)", -1, &made_here.insert, NULL), "prepare");
  return made_here;
}

static void sqlite_put(connection *to, void *value, size_t size) {
  const int done = 101;
  uint8_t key[KEY];
  next_key(key);
  check(sqlite_bind(to->insert, 1, key, KEY, NULL), "bind");
  check(sqlite_bind(to->insert, 2, value, (int)size, NULL), "bind");
  int result = sqlite_step(to->insert);
  if (result != done) check(result, "insert");
  check(sqlite_reset(to->insert), "reset");
}

static void sqlite_put_one(void *value, size_t size) { sqlite_put(&main_connection, value, size); }

typedef struct { const char *file; size_t size; double until; long puts; } writer;

static void *write_durably(void *argument) {
  writer *self = argument;
  void *value = malloc(self->size);
  memset(value, 0x5a, self->size);
  connection own = sqlite_connect(self->file, "FULL");
  while (now() < self->until) {
    sqlite_put(&own, value, self->size);
    self->puts++;
  }
  sqlite_finalize(own.insert);
  sqlite_close(own.handle);
  free(value);
  return NULL;
}

static double durable(const char *file, int threads, size_t size, double seconds) {
  enum { MOST = 64 };
  pthread_t ids[MOST];
  writer writers[MOST];
  if (threads < 1 || threads > MOST) fail("durable", "1 to 64 threads");
  connection first = sqlite_connect(file, "FULL");
  double start = now();
  for (int i = 0; i < threads; i++) {
    writers[i] = (writer){file, size, start + seconds, 0};
    check(pthread_create(&ids[i], NULL, write_durably, &writers[i]), "pthread_create");
  }
  long puts = 0;
  for (int i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
    puts += writers[i].puts;
  }
  double took = now() - start;
  sqlite_finalize(first.insert);
  sqlite_close(first.handle);
  return (double)puts / took;
}

/* A registry of entries in SQLite */

static int (*sqlite_bind_text)(void *, int, const char *, int, void (*)(void *));
static int (*sqlite_bind_int64)(void *, int, long long);

static void *registry_handle;

static void entry_key(uint64_t number, uint8_t key[KEY]) {
  uint64_t state = number * 0x9e3779b97f4a7c15u + 77;
  for (int i = 0; i < KEY / 8; i++) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    memcpy(key + 8 * i, &z, 8);
  }
}

static void sqlite_do(const char *sql) { check(sqlite_exec(registry_handle, sql, NULL, NULL, NULL), sql); }

static double registry_insert(const char *file, int entries) {
  void *insert;
  sqlite_load();
  void *lib = library("libsqlite3.so.0");
  *(void **)&sqlite_bind_text = symbol(lib, "sqlite3_bind_text");
  *(void **)&sqlite_bind_int64 = symbol(lib, "sqlite3_bind_int64");
  check(sqlite_open(file, &registry_handle), "sqlite3_open");
  sqlite_do("PRAGMA journal_mode=WAL");
  sqlite_do("PRAGMA synchronous=OFF");
  sqlite_do("PRAGMA cache_size=-262144");
  sqlite_do("CREATE TABLE entry (cid BLOB PRIMARY KEY, producer TEXT, day TEXT, time INTEGER) WITHOUT ROWID");
  sqlite_do("CREATE INDEX by_producer ON entry (producer, time)");
  sqlite_do("CREATE INDEX by_day ON entry (day, time)");
  sqlite_do("CREATE INDEX by_time ON entry (time)");
  check(sqlite_prepare(registry_handle, "INSERT INTO entry VALUES (?, ?, ?, ?)", -1, &insert, NULL), "prepare");
  double start = now();
  for (int i = 0; i < entries; i++) {
    uint8_t key[KEY];
    char producer[16], day[16];
    if (i % 10000 == 0) sqlite_do("BEGIN");
    entry_key((uint64_t)i, key);
    snprintf(producer, sizeof producer, "p%04d", i % 100);
    snprintf(day, sizeof day, "d%04d", i % 1000);
    check(sqlite_bind(insert, 1, key, KEY, NULL), "bind");
    check(sqlite_bind_text(insert, 2, producer, -1, NULL), "bind");
    check(sqlite_bind_text(insert, 3, day, -1, NULL), "bind");
    check(sqlite_bind_int64(insert, 4, 1700000000000LL + i), "bind");
    int result = sqlite_step(insert);
    if (result != 101) check(result, "insert");
    check(sqlite_reset(insert), "reset");
    if (i % 10000 == 9999 || i == entries - 1) sqlite_do("COMMIT");
  }
  double took = now() - start;
  sqlite_finalize(insert);
  return entries / took;
}

static double registry_look(int tags, int limit, int entries, int looks, double quantile) {
  void *query;
  char day[16];
  uint8_t key[KEY];
  double *times = calloc((size_t)looks, sizeof *times);
  if (!registry_handle) fail("registry", "not made yet");
  const char *sql = tags ? "SELECT cid, producer, day, time FROM entry WHERE day = ? ORDER BY time LIMIT ?"
                         : "SELECT cid, producer, day, time FROM entry WHERE cid = ?";
  check(sqlite_prepare(registry_handle, sql, -1, &query, NULL), "prepare");
  for (int i = -looks / 10; i < looks; i++) {
    /* The first ones are not timed; no entry is looked at twice. */
    static long long number;
    number++;
    int rows = 0, result;
    double start = now();
    if (tags) {
      snprintf(day, sizeof day, "d%04d", (int)((number * 7919LL) % tags));
      check(sqlite_bind_text(query, 1, day, -1, NULL), "bind");
      check(sqlite_bind_int64(query, 2, limit), "bind");
    } else {
      entry_key((uint64_t)((number * 1000003LL) % entries), key);
      check(sqlite_bind(query, 1, key, KEY, NULL), "bind");
    }
    while ((result = sqlite_step(query)) == 100) rows++;
    if (result != 101) check(result, "select");
    check(sqlite_reset(query), "reset");
    if (i >= 0) times[i] = now() - start;
    if (rows != (tags ? limit : 1)) fail("registry", "rows are missing");
  }
  sqlite_finalize(query);
  qsort(times, (size_t)looks, sizeof *times, by_size);
  double found = times[(int)(quantile * (looks - 1))];
  free(times);
  return found;
}

int main(void) {
  char line[4096], word[32], path[2048];
  size_t size;
  int count, rest, tags, limit;
  double seconds, quantile;
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "%31s %n", word, &rest) != 1) fail("no command", line);
    line[strcspn(line, "\n")] = 0;
    if (strcmp(word, "durable") == 0 && sscanf(line + rest, "%2047s %d %zu %lf", path, &count, &size, &seconds) == 4) {
      printf("%.9f\n", durable(path, count, size, seconds));
    } else if (strcmp(word, "registry") == 0 && sscanf(line + rest, "%2047s %d", path, &count) == 2) {
      printf("%.3f\n", registry_insert(path, count));
    } else if (strcmp(word, "registry-page") == 0 &&
               sscanf(line + rest, "%d %d %d", &tags, &limit, &count) == 3) {
      printf("%.12f\n", registry_look(tags, limit, 0, count, 0.5));
    } else if (strcmp(word, "registry-point") == 0 &&
        sscanf(line + rest, "%d %d %lf", &limit, &count, &quantile) == 3) {
      printf("%.12f\n", registry_look(0, 0, limit, count, quantile));
    } else if (strcmp(word, "lmdb") == 0) {
      lmdb_start(line + rest);
      puts("ok");
    } else if (strcmp(word, "sqlite") == 0) {
      main_connection = sqlite_connect(line + rest, "OFF");
      puts("ok");
    } else if (sscanf(line + rest, "%zu %d", &size, &count) == 2) {
      void (*call)(void *, size_t) = strcmp(word, "lmdb-put") == 0 ? lmdb_put_one
        : strcmp(word, "lmdb-get") == 0 ? lmdb_get_one
        : strcmp(word, "sqlite-put") == 0 ? sqlite_put_one : NULL;
      if (!call) fail("no such command", line);
      void *value = malloc(size);
      memset(value, 0x5a, size);
      printf("%.12f\n", p50(call, value, size, count));
      free(value);
    } else {
      fail("no such command", line);
    }
    fflush(stdout);
  }
  return 0;
}
