// The C++ interface: what is put is found, what ends is given back, and failures are exceptions. Takes the directory
// for its store.
#include <poll.h>

#include <cassert>
#include <iostream>
#include <thread>
#include <unordered_set>

#include "../../c/tests/check.h"
#include "arrowcid.hpp"

using arrowcid::Cid;
using namespace std::chrono_literals;

template <class Action>
static void throws(std::int32_t code, Action action) {
  try {
    action();
  } catch (const arrowcid::Error &e) {
    CHECK(e.code() == code && std::strlen(e.what()) > 0);
    return;
  }
  CHECK(!"an exception");
}

static sample_batch &sample(int64_t first) {
  static sample_batch batch;
  make_sample(&batch, first);
  return batch;
}

static void cids() {
  const std::string text = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";
  Cid cid = Cid::parse(text), none;
  CHECK(cid.str() == text && cid && !none && cid != none && none < cid);
  CHECK(std::unordered_set<Cid>({cid, cid, none}).size() == 2);
  throws(ARROWCID_INVALID_CID, [] { Cid::parse("nothing"); });
  CHECK(arrowcid::version() == std::string(arrowcid_version()));
}

static void datasets(const arrowcid::Store &store) {
  sample_batch one, two;
  make_sample(&one, 101);
  make_sample(&two, 102);
  std::vector<Cid> cids = {store.put(one.schema, one.array).cid, store.put(two.schema, two.array).cid};
  arrowcid::Block put = store.put_dataset(cids, R"({"name":"trips"})", R"({"metadata":{"note":"x"}})");
  CHECK(put.kind == arrowcid::Kind::dataset && put.rows == 2 * BATCH_ROWS && put.cid.codec() == 0x71);
  CHECK(put.cid.str().substr(0, 7) == "bafyrei" && Cid::parse(put.cid.str()) == put.cid);
  CHECK(store.resolve("trips") == put.cid && store.find(put.cid)->kind == arrowcid::Kind::dataset);
  std::optional<arrowcid::Dataset> dataset = store.dataset("trips");
  CHECK(dataset->cid() == put.cid && dataset->batches() == cids && dataset->size() == 2 && !store.dataset("nobody"));
  std::int64_t first = 101;
  for (arrowcid::Batch batch : *dataset) check_sample(batch.array.get(), first++);
  CHECK(first == 103);
  arrowcid::Stream stream = dataset->stream();
  CHECK(store.put_table(*stream.get(), "", R"({"metadata":{"note":"x"}})").cid == put.cid);
  std::vector<arrowcid::Name> names = store.names();
  CHECK(names.size() == 1 && names[0].name == "trips" && names[0].cid == put.cid);
  CHECK(names[0].kind == arrowcid::Kind::dataset && names[0].time.time_since_epoch().count() > 0);
  CHECK(store.list("kind = dataset").size() == 1);
  throws(ARROWCID_SCHEMA_MISMATCH, [&] { (void)store.dataset(cids[0]); });
  CHECK(store.remove_name("trips") && store.remove({put.cid}) == 1 && store.remove(cids) == 2);
}

static Cid batches(const arrowcid::Store &store) {
  sample_batch &batch = sample(1);
  arrowcid::Block put = store.put(batch.schema, batch.array, R"({"tags":{"by":"c++"},"name":"first"})");
  CHECK(put.is_new && put.kind == arrowcid::Kind::batch && put.rows == BATCH_ROWS);
  CHECK(put.cid == arrowcid::cid_of(batch.schema, batch.array) && store.contains(put.cid));
  CHECK(!store.put(batch.schema, batch.array).is_new && !put.is_repaired);

  std::optional<arrowcid::Array> array = store.get_array(put.cid);
  check_sample(array->get(), 1);
  arrowcid::Array moved = std::move(*array);
  CHECK(!*array && moved);
  check_sample(moved.get(), 1);

  std::optional<arrowcid::Lease> lease = store.get(put.cid);
  CHECK(arrowcid::check(lease->bytes()) == put.cid && lease->block().time.time_since_epoch().count() > 0);
  CHECK(!arrowcid::check("nothing"));
  throws(ARROWCID_NOT_CANONICAL, [&] { arrowcid::check_or_throw({lease->bytes().data, 100}); });
  CHECK(store.put_ipc(lease->bytes()).at(0).cid == put.cid);
  arrowcid::Batch kept = lease->batch();
  lease.reset();
  check_sample(kept.array.get(), 1);
  CHECK(kept.schema->n_children == 3);

  arrowcid::Block raw = store.put_raw("raw");
  CHECK(raw.kind == arrowcid::Kind::raw && !raw.schema_cid && store.get(raw.cid)->bytes().view() == "raw");
  throws(ARROWCID_SCHEMA_MISMATCH, [&] { store.get_batch(raw.cid); });

  arrowcid_cid other = *raw.cid.get();
  other.bytes[20] ^= 1;
  CHECK(!store.get(other) && !store.get_array(other) && !store.find(other) && !store.get_schema(other));
  CHECK(store.contains({put.cid, other}) == std::vector<bool>({true, false}));
  throws(ARROWCID_BLOCK_NOT_FOUND, [&] { store.verify(other); });
  store.verify(put.cid);
  CHECK(store.list().size() == 1 && store.list("tag.by = \"c++\"").at(0).cid == put.cid);
  return put.cid;
}

static void streams(const arrowcid::Store &store) {
  std::vector<sample_batch> many(100);
  std::vector<const ArrowArray *> arrays;
  for (std::size_t i = 0; i < many.size(); i++) {
    make_sample(&many[i], 1000 * static_cast<int64_t>(i + 1));
    arrays.push_back(&many[i].array);
  }
  std::vector<Cid> cids;
  for (const arrowcid::Block &block : store.put_many(many[0].schema, arrays)) cids.push_back(block.cid);
  arrowcid::Stream stream = store.get_stream(cids);
  std::vector<arrowcid::Block> again = store.put_stream(*stream.get());
  CHECK(again.size() == cids.size() && again.back().cid == cids.back() && !again.back().is_new);
  throws(ARROWCID_INVALID_ARGUMENT, [&] { store.get_stream({}); });
}

static void in_place(const arrowcid::Store &store) {
  sample_batch &batch = sample(5);
  Cid expected = arrowcid::cid_of(batch.schema, batch.array);
  { arrowcid::Reservation abandoned = store.reserve(batch.schema, 10); }
  arrowcid::Reservation made = store.reserve(batch.schema, BATCH_ROWS, {0, 0, 4 * BATCH_ROWS});
  std::memcpy(made.values<int64_t>(0), batch.numbers, sizeof batch.numbers);
  std::memcpy(made.values<double>(1), batch.prices, sizeof batch.prices);
  std::memcpy(made.validity(1), batch.valid, sizeof batch.valid);
  std::memcpy(made.column(2).offsets, batch.ends, sizeof batch.ends);
  std::memcpy(made.column(2).data, batch.text, sizeof batch.text);
  CHECK(made.commit().cid == expected);
  throws(ARROWCID_INVALID_ARGUMENT, [&] { made.commit(); });
}

static void facts(const arrowcid::Store &store, const Cid &first) {
  CHECK(store.resolve("first") == first && !store.resolve("second"));
  Cid other = store.put_raw("other").cid;
  CHECK(!store.set_name_if("first", other, std::nullopt) && !store.set_name_if("first", other, other));
  CHECK(store.set_name_if("first", other, first) && store.resolve("first") == other);
  store.set_name("first", first);
  CHECK(store.remove_name("first") && !store.remove_name("first"));
  store.annotate(first, R"({"producer":")" + std::string(200, 'p') + "\"}");
  std::string long_json = store.describe(first);
  CHECK(long_json.find(std::string(200, 'p')) != std::string::npos && long_json.back() == '}');
  throws(ARROWCID_INVALID_ARGUMENT, [&] { store.annotate(first, R"({"what":1})"); });
  store.pin(other);
  CHECK(store.remove({other}) == 0);
  store.unpin(other);
  CHECK(store.remove({other}, true) == 1);
}

static void many(const arrowcid::Store &store) {
  std::vector<arrowcid::Block> raws = store.put_raws({"one", "two", "three"}, R"({"tags":{"few":"1"}})");
  CHECK(raws.size() == 3 && raws[2].length == 5 && raws[0].is_new);
  std::vector<Cid> wanted{raws[0].cid, raws[1].cid, raws[2].cid};
  sample_batch &batch = sample(501);
  CHECK(store.put_together(batch.schema, {&batch.array, &batch.array}, R"({"tags":{"set":"x"}})").size() == 2);
  CHECK(store.list("tag.set = \"x\"").size() == 1);
  std::vector<std::optional<arrowcid::Lease>> leases = store.get_many(wanted);
  CHECK(leases[1]->bytes().view() == "two");
  CHECK(store.annotate_many(wanted, R"({"tags":{"day":"monday"}})") == 3);
  CHECK(store.annotate_many(wanted, std::vector<std::string>{"{}", R"({"producer":"p"})", "{}"}) == 3);
  CHECK(store.list("tag.day = \"monday\"").size() == 3 && store.list("producer = \"p\"").size() == 1);
  throws(ARROWCID_INVALID_ARGUMENT, [&] { store.annotate_many(wanted, std::vector<std::string>{"{}", "{}"}); });
  store.touch(wanted, std::chrono::system_clock::now() + 24h);
  CHECK(store.describe(wanted[2]).find("\"expires\":\"2") != std::string::npos);
  store.touch(wanted, std::nullopt);
  arrowcid::Removal would = store.remove_where("tag.few = \"1\"", true);
  CHECK(would.removed == 3 && would.kept == 0 && would.length == 11);
  CHECK(store.remove_where("tag.few = \"1\"").removed == 3 && store.list("tag.few = \"1\"").empty());
}

static void watching_names(const arrowcid::Store &store) {
  arrowcid::Watch watch = store.watch_names("watched/*");
  sample_batch &batch = sample(78);
  Cid put = store.put(batch.schema, batch.array).cid;
  store.set_name("other", put);
  store.set_name("watched/a", put);
  std::optional<arrowcid::StoreEvent> heard = watch.next(10s);
  CHECK(heard && heard->name == "watched/a" && heard->new_cid == put && !heard->old_cid && !heard->gap);
  CHECK(!watch.next(0ms));
}

static void files(const arrowcid::Store &store) {
  Cid text = store.put_raw("text").cid;
  Cid directory = store.put_directory({{"a/b.txt", text}, {"odd \"\\\t.txt", text}}, R"({"name":"files"})").cid;
  CHECK(store.resolve("files") == directory);
  std::string found = store.directory_files(directory);
  CHECK(found.find("\"a/b.txt\":{\"cid\":\"" + text.str() + "\",\"bytes\":4}") != std::string::npos);
  throws(ARROWCID_SCHEMA_MISMATCH, [&] { store.directory_files(text); });
  throws(ARROWCID_INVALID_ARGUMENT, [&] { store.put_directory({{"../a", text}}); });
  sample_batch &batch = sample(601);
  Cid put = store.put(batch.schema, batch.array, R"({"tags":{"set":"files"}})").cid;
  for (bool is_catalog : {false, true}) {
    std::FILE *file = std::tmpfile();
    CHECK(file != nullptr);
    std::int64_t length = is_catalog ? store.write_catalog("tag.set = \"files\"", fileno(file))
                                     : store.write_parquet({put, put}, fileno(file));
    char end[4];
    CHECK(std::fseek(file, static_cast<long>(length) - 4, SEEK_SET) == 0 && std::fread(end, 1, 4, file) == 4);
    CHECK(std::string(end, 4) == "PAR1");
    CHECK(std::fread(end, 1, 1, file) == 0);
    std::fclose(file);
  }
}

static void watching(const arrowcid::Store &store) {
  arrowcid::Watch watch = store.watch();
  CHECK(!watch.next(0ms));
  pollfd readable{watch.fd(), POLLIN, 0};
  while (watch.next(0ms)) continue;
  sample_batch &batch = sample(77);
  Cid put = store.put(batch.schema, batch.array).cid;
  CHECK(poll(&readable, 1, 10000) == 1);
  std::optional<arrowcid::StoreEvent> heard = watch.next(10s);
  CHECK(heard && heard->block.cid == put && !heard->is_repeated && !heard->gap);
  std::string cursor = watch.cursor();
  store.put(batch.schema, batch.array);
  CHECK(store.watch(cursor).next(10s)->is_repeated);
  std::thread closer([&] { watch.close(); });
  try {
    while (watch.next()) continue;
  } catch (const arrowcid::Error &e) {
    CHECK(e.code() == ARROWCID_INVALID_ARGUMENT);  // it was closed before
  }
  closer.join();
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  arrowcid::Options options;
  options.capacity = 64 << 20;
  std::optional<arrowcid::Array> outlives;
  {
    arrowcid::Store store(arguments[1], options);
    CHECK(store.directory() == arguments[1]);
    cids();
    datasets(store);
    Cid first = batches(store);
    streams(store);
    in_place(store);
    facts(store, first);
    many(store);
    files(store);
    watching(store);
    watching_names(store);
    store.flush();
    outlives = store.get_array(first);
    arrowcid::Store moved = std::move(store);
    CHECK(moved.contains(first));
    throws(ARROWCID_INVALID_ARGUMENT, [&] { store.flush(); });
    options.read_only = options.must_exist = true;
    arrowcid::Store reader(arguments[1], options);
    throws(ARROWCID_INVALID_ARGUMENT, [&] { reader.put_raw("no"); });
    throws(ARROWCID_STORE_GONE, [&] { arrowcid::Store("/dev/shm/there-is-no-such-store", options); });
  }
  check_sample(outlives->get(), 1);
  std::cout << "ok\n";
}
