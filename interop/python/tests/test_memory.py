"""What is held, what is copied, and what is left behind."""
import concurrent.futures
import gc
import multiprocessing
import os
import signal
import threading
import unittest

import arrowcid
from support import StoreTest, interpreter, memory_kb, peer, run, start

pa = peer("pyarrow")
np = peer("numpy")

ROUNDS = 100_000
READERS = 8
LARGE = int(os.environ.get("ARROWCID_LARGE_MIB", "256")) << 20


def read_in_place(path, cid):
    """In a process of its own: how many KiB of private memory a large batch costs, and what was in it."""
    with arrowcid.open(path, must_exist=True) as store:
        small = store.put(pa.record_batch({"v": np.zeros(8)})).cid
        for each in (small, small):  # whatever the first get of a process brings with it
            batch = store[each]
            batch.numpy("v").sum()
            batch.to_pyarrow()
        del batch
        gc.collect()
        before = memory_kb("Private_Dirty") + memory_kb("Private_Clean")
        batch = store[cid]
        values, arrow = batch.numpy("v"), batch.to_pyarrow()
        grown = memory_kb("Private_Dirty") + memory_kb("Private_Clean") - before
        total = float(values[::4096].sum())
        after = memory_kb("Private_Dirty") + memory_kb("Private_Clean") - before
        assert arrow.num_rows == len(values)
        return grown, after, total


class LargeTests(StoreTest):
    CAPACITY = 2 * LARGE + (64 << 20)

    def test_eight_readers_of_a_large_batch_share_its_memory(self):
        free = os.statvfs("/dev/shm")
        if free.f_bavail * free.f_frsize < self.CAPACITY + (64 << 20):
            self.skipTest("too little space in /dev/shm")
        values = np.arange(LARGE // 8, dtype=np.float64)
        cid, total = self.store.put(pa.record_batch({"v": values})).cid, float(values[::4096].sum())
        del values
        # A shared page that one process alone has mapped counts as private: this one has all of them.
        held = self.store[cid].numpy("v")
        held[::512].sum()
        context = multiprocessing.get_context("spawn")
        context.set_executable(interpreter()[0])
        with concurrent.futures.ProcessPoolExecutor(READERS, context) as pool:
            told = list(pool.map(read_in_place, [self.path] * READERS, [cid] * READERS))
        print(f"private memory of {READERS} readers of {LARGE >> 20} MiB, KiB after get and after reading: "
              + ", ".join(f"{grown}/{after}" for grown, after, _ in told), flush=True)
        self.assertEqual({total}, {each[2] for each in told})
        self.assertTrue(all(grown <= 1024 and after <= 1024 for grown, after, _ in told), told)


class LeakTests(StoreTest):
    def test_a_hundred_thousand_gets_leave_nothing(self):
        cids = [self.store.put(pa.record_batch({"a": np.arange(i, i + 100), "t": [str(i)] * 100})).cid
                for i in range(8)]

        def use(rounds):
            for i in range(rounds):
                batch = self.store[cids[i % 8]]
                way = i % 5
                if way == 0:
                    batch.to_pyarrow()
                elif way == 1:
                    batch.__arrow_c_array__()
                elif way == 2:
                    batch.numpy("a")
                elif way == 3:
                    memoryview(batch.buffer)
                else:
                    batch.__arrow_c_schema__()

        # The library's heap grows and shrinks as its collector likes; what leaks grows every time.
        use(ROUNDS)
        least = None
        for _ in range(5):
            gc.collect()
            before = memory_kb("Pss")
            use(ROUNDS)
            gc.collect()
            grown = memory_kb("Pss") - before
            print(f"after {ROUNDS} gets: {grown} KiB more", flush=True)
            least = grown if least is None else min(least, grown)
            if least < 4096:
                break
        self.assertLess(least, 4096)

    def test_leases_are_given_back_in_every_way(self):
        # A ring of few segments: what is held stays, and were anything held for ever it could not turn.
        with arrowcid.open(self.path + "-ring", capacity=8 << 20, segment_size=1 << 20, retention="ring",
                           timeout=0.2) as ring:
            for i in range(64):
                batch = ring[ring.put(pa.record_batch({"v": np.full(60_000, i, np.int64)})).cid]
                batch.numpy("v")[0]
                batch.to_pyarrow().column(0)[0]
                batch.__arrow_c_array__()
                batch.buffer[0]
            first = ring[ring.put(pa.record_batch({"v": np.full(60_000, 99, np.int64)})).cid]
            held = first.numpy("v")
            del first
            for i in range(32):
                ring.put(pa.record_batch({"v": np.full(60_000, 1000 + i, np.int64)}))
            self.assertEqual({99}, set(held.tolist()))

    def test_another_thread_may_be_the_last_to_let_go(self):
        batch = self.store[self.store.put(pa.record_batch({"a": [1, 2, 3]})).cid]
        held = [batch.numpy("a"), batch.to_pyarrow(), batch.buffer, batch.__arrow_c_array__(), batch]
        del batch
        thread = threading.Thread(target=held.clear)
        thread.start()
        thread.join()

    def test_a_killed_reader_frees_its_lease(self):
        code = ("import sys, arrowcid\n"
                "store = arrowcid.open(sys.argv[1])\n"
                "held = [batch for cid in sys.argv[2:] if (batch := store.get(cid)) is not None]\n"
                "views = [batch.buffer for batch in held]\n"
                "print(len(held), flush=True)\n"
                "sys.stdin.read()\n")
        with arrowcid.open(self.path + "-ring", capacity=8 << 20, segment_size=1 << 20, retention="ring",
                           timeout=0.2) as ring:
            def fill(first):
                return [ring.put_raw(bytes([i]) * 500_000).cid for i in range(first, first + 12)]

            # Some are gone by now, and one more may go for a segment that is being made ahead.
            reader = start(code, self.path + "-ring", *map(str, fill(0)))
            self.assertGreater(int(reader.stdout.readline()), 3)
            with self.assertRaises(arrowcid.StoreFull) as caught:
                for first in range(12, 60, 12):
                    fill(first)
            self.assertIn(str(reader.pid), str(caught.exception))
            reader.send_signal(signal.SIGKILL)
            reader.communicate()
            for first in range(60, 108, 12):
                fill(first)


class ForkTests(StoreTest):
    def test_what_a_forked_child_inherits_stays_while_its_parents_ring_turns(self):
        # It inherits what was mapped when it was forked; the ring has as much again to turn in.
        code = ("import os, sys, arrowcid\n"
                "ring = arrowcid.open(sys.argv[1], capacity=16 << 20, segment_size=1 << 20, retention='ring')\n"
                "def put(i): return ring.put_raw(bytes([i]) * 100_000).cid\n"
                "for i in range(15): put(i)\n"
                "batch = ring[put(255)]\n"
                "view = batch.buffer\n"
                "turned, turn = os.pipe()\n"
                "child = os.fork()\n"
                "if child == 0:\n"
                "    os.close(turn)\n"
                "    os.read(turned, 1)\n"
                "    os._exit(0 if bytes(view) == bytes([255]) * 100_000 else 1)\n"
                "del view, batch\n"
                "for i in range(250): put(i)\n"
                "os.write(turn, b'x')\n"
                "print(os.waitpid(child, 0)[1])\n"
                "cids = [put(i) for i in range(250)]\n"
                "print(bytes(ring[cids[-1]].buffer) == bytes([249]) * 100_000)\n")
        self.assertEqual(["0", "True"], run(code, self.path + "-ring").splitlines())

    def test_a_forked_child_ends_quietly_with_what_its_parent_held(self):
        code = ("import os, sys, arrowcid, pyarrow as pa\n"
                "store = arrowcid.open(sys.argv[1])\n"
                "batch = store[store.put(pa.record_batch({'a': [1, 2]})).cid]\n"
                "held = [batch.numpy('a'), batch.to_pyarrow(), batch.buffer, batch.__arrow_c_array__(), batch]\n"
                "stream = store.stream([batch.cid]).__arrow_c_stream__()\n"
                "child = os.fork()\n"
                "if child == 0:\n"
                "    total = int(held[0].sum())\n"
                "    del held, batch, stream, store\n"
                "    sys.exit(total)\n"
                "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), held[1].num_rows)\n")
        process = start(code, self.path, PYTHONWARNINGS="ignore")  # of a fork in a process with threads, which it is
        output, errors = process.communicate(timeout=60)
        self.assertEqual((0, "3 2\n", ""), (process.returncode, output, errors))

    def test_a_forked_child_releases_what_was_exported_while_other_threads_are_in_the_library(self):
        code = ("import os, signal, sys, threading, arrowcid, pyarrow as pa\n"
                "store = arrowcid.open(sys.argv[1])\n"
                "cid = store.put(pa.record_batch({'a': [1, 2]})).cid\n"
                "over = threading.Event()\n"
                "def verify():\n"
                "    while not over.is_set(): store.verify(cid)\n"
                "threads = [threading.Thread(target=verify) for _ in range(2)]\n"
                "for thread in threads: thread.start()\n"
                "ends = set()\n"
                "for _ in range(40):\n"
                "    batch, schema = store[cid].to_pyarrow(), store[cid].__arrow_c_schema__()\n"
                "    stream = pa.RecordBatchReader.from_stream(store.stream([cid]))\n"
                "    child = os.fork()\n"
                "    if child == 0:\n"
                "        signal.alarm(120)\n"  # which ends one that hangs
                "        del batch, schema, stream\n"
                "        os._exit(7)\n"
                "    ends.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
                "over.set()\n"
                "for thread in threads: thread.join()\n"
                "print(ends, batch.num_rows)\n")
        process = start(code, self.path, PYTHONWARNINGS="ignore")
        output, errors = process.communicate(timeout=600)
        self.assertEqual((0, "{7} 2\n", ""), (process.returncode, output, errors))


if __name__ == "__main__":
    unittest.main()
