"""What needs the standard library alone."""
import concurrent.futures
import datetime
import multiprocessing
import os
import pickle
import threading
import unittest

import arrowcid
from arrowcid import ErrorCode
from support import DATA, FLIGHTS, StoreTest, damage, finish, interpreter, read, run, start

ABSENT = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
SMALL = os.path.join(DATA, "vectors", "v1.arrows")


def get_rows(path, cid):
    with arrowcid.open(path, must_exist=True) as store:
        return store[cid].rows


class CidTests(unittest.TestCase):
    def test_a_cid_is_its_text_and_its_bytes(self):
        cid = arrowcid.Cid(ABSENT)
        self.assertEqual(ABSENT, str(cid))
        self.assertEqual(f"Cid('{ABSENT}')", repr(cid))
        self.assertEqual((36, b"\x01\x55\x12\x20"), (len(bytes(cid)), bytes(cid)[:4]))
        self.assertEqual(32, len(cid.digest))
        self.assertEqual(cid, arrowcid.Cid(bytes(cid)))
        self.assertEqual(cid, arrowcid.Cid(memoryview(cid)))
        self.assertIs(cid, arrowcid.Cid(cid))
        self.assertEqual({cid: 1}[arrowcid.Cid(ABSENT)], 1)
        self.assertEqual(ABSENT, f"{cid}")

    def test_a_cid_is_equal_to_its_text_and_found_by_it(self):
        cid = arrowcid.Cid(ABSENT)
        self.assertTrue(cid == ABSENT and ABSENT == cid and not cid != ABSENT)
        self.assertEqual(hash(ABSENT), hash(cid))
        self.assertEqual((1, 1), ({cid: 1}[ABSENT], {ABSENT: 1}[cid]))
        self.assertIn(ABSENT, [cid])
        self.assertFalse(cid == ABSENT[:-1] or cid == bytes(cid) or cid == 5 or cid != arrowcid.Cid(ABSENT))
        self.assertNotEqual(cid, arrowcid.Cid(bytes(cid)[:-1] + b"\0"))

    def test_a_cid_is_pickled(self):
        cid = pickle.loads(pickle.dumps(arrowcid.Cid(ABSENT)))
        self.assertIs(type(cid), arrowcid.Cid)
        self.assertEqual(ABSENT, str(cid))

    def test_what_is_no_cid_is_refused(self):
        for wrong in ("", "bafk", ABSENT[:-1], ABSENT + "a", "x" * 59, "Qm" + "a" * 44, b"", bytes(36),
                      b"\1" * 35, "a\0b"):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                arrowcid.Cid(wrong)
        for wrong in (None, 5, [1], 1.5):
            with self.subTest(wrong=wrong), self.assertRaises(TypeError):
                arrowcid.Cid(wrong)


class StoreTests(StoreTest):
    def put_small(self, **facts):
        return self.store.put(read(SMALL), **facts)[0]

    def test_a_block_is_put_and_got(self):
        put = self.put_small()
        self.assertEqual((True, False), (put.is_new, put.is_repaired))
        self.assertEqual(len(read(SMALL)), put.length)
        batch = self.store.get(put.cid)
        self.assertEqual((put.cid, put.rows, put.schema_cid), (batch.cid, batch.rows, batch.schema_cid))
        self.assertEqual(put.rows, len(batch))
        self.assertEqual(read(SMALL), bytes(batch.buffer))
        self.assertTrue(batch.buffer.readonly)
        self.assertEqual(put._replace(is_new=False), self.put_small())

    def test_put_reports_that_it_repaired_a_damaged_block(self):
        cid = self.put_small().cid
        damage(self.path, read(SMALL))
        put = self.put_small()
        self.assertEqual((cid, False, True), (put.cid, put.is_new, put.is_repaired))
        self.assertEqual(read(SMALL), bytes(self.store[cid].buffer))
        self.assertFalse(self.put_small().is_repaired)

    def test_a_cid_may_be_given_as_text_or_bytes(self):
        cid = self.put_small().cid
        for form in (cid, str(cid), bytes(cid)):
            self.assertEqual(cid, self.store.get(form).cid)
            self.assertIn(form, self.store)

    def test_a_miss_is_None_or_a_KeyError(self):
        self.assertIsNone(self.store.get(ABSENT))
        self.assertIsNone(self.store.find(ABSENT))
        self.assertNotIn(ABSENT, self.store)
        with self.assertRaises(KeyError) as caught:
            self.store[ABSENT]
        self.assertIsInstance(caught.exception, arrowcid.BlockNotFound)
        self.assertEqual(ErrorCode.BLOCK_NOT_FOUND, caught.exception.code)
        self.assertIn(ABSENT, str(caught.exception))

    def test_batches_of_a_stream_get_a_put_each(self):
        puts = self.store.put(read(FLIGHTS))
        self.assertEqual(200_000, sum(put.rows for put in puts))
        self.assertEqual([put.cid for put in puts], arrowcid.cid(read(FLIGHTS)))

    def test_bytes_come_from_whatever_has_a_buffer(self):
        whole = read(SMALL)
        padded = memoryview(b"123" + whole)[3:]
        for form in (whole, bytearray(whole), memoryview(whole), padded, memoryview(bytearray(whole))):
            self.assertEqual(arrowcid.check(whole), self.store.put(form)[0].cid)

    def test_raw_bytes_are_got_as_they_were_put(self):
        put = self.store.put_raw(b"anything", tags={"kind": "text"})
        self.assertIsNone(put.schema_cid)
        with self.store[put.cid] as block:
            self.assertEqual(b"anything", bytes(block.buffer))
            self.assertEqual(0, block.rows)
        self.assertEqual("raw", self.store.find(put.cid).kind)

    def test_facts_are_listed_and_described(self):
        until = datetime.datetime(2031, 5, 1, tzinfo=datetime.timezone.utc)
        parent = self.store.put_raw(b"parent").cid
        cid = self.put_small(tags={"day": "2026-11-20"}, producer="etl-7", parents=[parent], data={"a": [1, None]},
                             expires=until, locations=["https://example.org/x"], pin=True, name="latest").cid
        said = self.store.describe(cid)
        self.assertEqual({"day": "2026-11-20"}, said["tags"])
        self.assertEqual(("etl-7", [str(parent)], {"a": [1, None]}), (said["producer"], said["parents"], said["json"]))
        self.assertEqual((["latest"], True), (said["names"], said["isPinned"]))
        self.assertTrue(said["expires"].startswith("2031-05-01"))
        self.assertEqual(["https://example.org/x"], said["locations"])
        self.assertEqual([cid], [block.cid for block in self.store.list('tag.day = "2026-11-20" and rows > 0')])
        self.assertEqual([], list(self.store.list("tag.day = other")))
        self.assertIn(cid, [block.cid for block in self.store.list()])

    def test_a_block_knows_when_it_was_put(self):
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=5)
        block = self.store.find(self.put_small().cid)
        self.assertEqual("batch", block.kind)
        self.assertLess(before, block.time)
        self.assertLess(block.time, before + datetime.timedelta(minutes=5))

    def test_an_expiry_is_a_moment_or_a_span_from_now(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        for span in (3600, 3600.0, datetime.timedelta(hours=1), now + datetime.timedelta(hours=1)):
            with self.subTest(span=span):
                cid = self.put_small(expires=span).cid
                said = datetime.datetime.fromisoformat(self.store.describe(cid)["expires"].replace("Z", "+00:00"))
                self.assertLess(abs(said - now - datetime.timedelta(hours=1)), datetime.timedelta(minutes=10))
        cid = self.put_small().cid
        for wrong in ("tomorrow", True, [5]):
            with self.subTest(wrong=wrong), self.assertRaisesRegex(TypeError, "a number of seconds"):
                self.store.annotate(cid, expires=wrong)

    def test_facts_that_make_no_sense_are_refused(self):
        for wrong, kind in (({"colour": 1}, TypeError), ({"parents": ABSENT}, TypeError),
                            ({"parents": ["x"]}, ValueError), ({"expires": datetime.datetime(2030, 1, 1)}, ValueError),
                            ({"data": float("nan")}, ValueError), ({"data": {1, 2}}, TypeError),
                            ({"tags": 5}, AttributeError), ({"name": ""}, ValueError)):
            with self.subTest(wrong=wrong), self.assertRaises(kind):
                self.put_small(**wrong)

    def test_names_change_by_compare_and_swap(self):
        one, two = self.put_small().cid, self.store.put_raw(b"two").cid
        self.assertIsNone(self.store.resolve("n"))
        self.store.set_name("n", one, expected=None)
        with self.assertRaises(arrowcid.NameConflict):
            self.store.set_name("n", two, expected=None)
        with self.assertRaises(arrowcid.NameConflict):
            self.store.set_name("n", two, expected=two)
        self.store.set_name("n", two, expected=one)
        self.assertEqual(two, self.store.resolve("n"))
        self.store.set_name("n", one)
        self.store.remove_name("n", expected=one)
        self.assertIsNone(self.store.resolve("n"))
        with self.assertRaises(arrowcid.NameNotFound):
            self.store.remove_name("n")

    def test_what_is_pinned_stays_when_the_rest_is_removed(self):
        one, two = self.put_small().cid, self.store.put_raw(b"two").cid
        self.store.pin(one)
        self.assertEqual(1, self.store.remove([one, two]))
        self.assertEqual([one], [block.cid for block in self.store.list("rows >= 0")])
        self.store.unpin(one)
        self.assertEqual(1, self.store.remove([one], force=True))
        self.assertEqual([], list(self.store.list("rows >= 0")))
        self.assertEqual(0, self.store.remove([]))

    def test_something_is_said_later(self):
        cid = self.put_small().cid
        self.store.annotate(cid, tags={"seen": "yes"}, producer="later")
        self.assertEqual("later", self.store.describe(cid)["producer"])
        self.assertEqual([cid], [block.cid for block in self.store.list("tag.seen = yes")])

    def test_bytes_are_checked_and_blocks_proved(self):
        whole = bytearray(read(SMALL))
        cid = arrowcid.check(whole)
        self.store.put(whole)
        self.store.verify(cid)
        with self.assertRaises(arrowcid.BlockNotFound):
            self.store.verify(ABSENT)
        whole.append(0)
        with self.assertRaises(arrowcid.NotCanonical):
            arrowcid.check(whole)

    def test_foreign_bytes_are_refused_with_what_is_wrong(self):
        whole = read(SMALL)
        for wrong in (b"", b"ARROW1", b"\xff" * 64, whole[:100]):
            with self.subTest(wrong=wrong[:8]), self.assertRaises(arrowcid.InvalidData) as caught:
                self.store.put(wrong)
            self.assertIsInstance(caught.exception, ValueError)

    def test_what_is_no_batch_is_a_TypeError(self):
        for wrong in (None, 5, "text", [1, 2], object(), {"a": 1}, arrowcid.Batch):
            with self.subTest(wrong=wrong), self.assertRaises(TypeError):
                self.store.put(wrong)
            with self.subTest(wrong=wrong), self.assertRaises(TypeError):
                arrowcid.cid(wrong)
        with self.assertRaises(TypeError):
            self.store.put_many([read(SMALL)])

    def test_what_was_closed_says_so(self):
        cid = self.put_small().cid
        batch, view = self.store[cid], self.store[cid].buffer
        listing, watch = self.store.list(), self.store.watch()
        next(listing)
        batch.close()
        batch.close()
        with self.assertRaises(ValueError):
            batch.buffer
        self.store.close()
        self.store.close()
        self.assertEqual([], list(watch))
        for call in (lambda: self.store.get(cid), lambda: self.store.put(read(SMALL)), lambda: self.store.directory,
                     lambda: self.store.watch(), lambda: self.store.list().__next__(), lambda: self.store.find(cid)):
            with self.assertRaises(arrowcid.InvalidArgument):
                call()
        self.assertEqual(read(SMALL), bytes(view))

    def test_a_batch_outlives_its_store(self):
        batch = self.store[self.put_small().cid]
        self.store.close()
        self.assertEqual(read(SMALL), bytes(batch.buffer))

    def test_options_reach_the_store(self):
        with self.assertRaises(FileNotFoundError):
            arrowcid.open(self.path + "-absent", must_exist=True)
        with arrowcid.open(self.path, read_only=True, verify="always", timeout=0.5, durability="none") as reader:
            with self.assertRaises(arrowcid.ArrowCidError):
                reader.put(read(SMALL))
        with self.assertRaises(ValueError):
            arrowcid.open(self.path, durability="maybe")
        with self.assertRaises(ValueError):
            arrowcid.open(self.path + "\0")
        with arrowcid.open(self.path + "-ring", capacity=16 << 20, retention="ring") as ring:
            self.assertEqual(self.path + "-ring", ring.directory)
            ring.flush()

    def test_a_full_store_refuses_and_stays_usable(self):
        with arrowcid.open(self.path + "-small", capacity=8 << 20, timeout=0.05) as small:
            with self.assertRaises(arrowcid.StoreFull) as caught:
                for i in range(100):
                    small.put_raw(bytes([i]) * (1 << 19))
            self.assertEqual(ErrorCode.STORE_FULL, caught.exception.code)
            self.assertTrue(list(small.list("kind = raw")))

    def test_the_environment_names_a_store(self):
        self.put_small()
        self.store.flush()
        code = "import arrowcid; print(arrowcid.open().directory)"
        self.assertEqual(self.path, run(code, ARROWCID_STORE=self.path).strip())

    def test_a_store_is_sent_to_a_spawned_process_and_a_batch_is_not(self):
        put = self.put_small()
        with self.assertRaises(TypeError):
            pickle.dumps(self.store[put.cid])
        with pickle.loads(pickle.dumps(self.store)) as again:
            self.assertEqual(put.rows, again[put.cid].rows)

    def test_threads_share_a_store(self):
        cids = [self.store.put_raw(bytes([i])).cid for i in range(8)]
        faults = []

        def work(seed):
            try:
                for i in range(2000):
                    at = (i * 7 + seed) % 8
                    if bytes(self.store[cids[at]].buffer) != bytes([at]):
                        faults.append(at)
                    if i % 50 == 0:
                        self.store.put_raw(bytes([seed, i % 256]))
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], faults)

    def test_several_processes_share_a_store(self):
        code = ("import sys, arrowcid\n"
                "with arrowcid.open(sys.argv[1], must_exist=True) as store:\n"
                "    for i in range(100): store.put_raw(f'{i} of {sys.argv[2]}'.encode())\n"
                "    for i in range(100): store.put_raw(f'{i} of all'.encode())\n")
        processes = [start(code, self.path, str(number)) for number in range(3)]
        for process in processes:
            finish(process)
        self.assertEqual(400, len(list(self.store.list("kind = raw"))))

    def test_a_block_of_a_killed_process_is_there(self):
        code = ("import sys, os, signal, arrowcid\n"
                "store = arrowcid.open(sys.argv[1])\n"
                "print(store.put_raw(b'last words').cid, flush=True)\n"
                "os.kill(os.getpid(), signal.SIGKILL)\n")
        process = start(code, self.path)
        cid = finish(process, check=False).strip()
        self.assertEqual(-9, process.returncode)
        self.assertEqual(b"last words", bytes(self.store[cid].buffer))


class ForkTests(StoreTest):
    # The fork happens in a process of its own, which has no other threads than the library's.
    CODE = ("import os, sys, arrowcid\n"
            "store = arrowcid.open(sys.argv[1])\n"
            "put = store.put_raw(b'x')\n"
            "batch = store[put.cid]\n"
            "watch = store.watch()\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    said = []\n"
            "    for call in (lambda: store.get(put.cid), lambda: store.put_raw(b'y'), lambda: batch.buffer,\n"
            "                 lambda: watch.next(0), lambda: arrowcid.open(sys.argv[1]), watch.close, store.close,\n"
            "                 lambda: arrowcid.Cid(str(put.cid)), lambda: batch.__arrow_c_array__()):\n"
            "        try: call()\n"
            "        except arrowcid.Forked as fault: said.append('spawn' in str(fault) and fault.code == 21)\n"
            "    print(said, flush=True)\n"
            "    del store, batch, watch\n"
            "    sys.exit(len(said) - 9)\n"
            "_, status = os.waitpid(child, 0)\n"
            "print(status, bytes(batch.buffer))\n")

    def test_a_forked_child_is_refused_with_the_word_spawn(self):
        lines = run(self.CODE, self.path).splitlines()
        self.assertEqual([str([True] * 9), "0 b'x'"], lines)

    def test_multiprocessing_by_spawn_works(self):
        put = self.store.put(read(SMALL))[0]
        context = multiprocessing.get_context("spawn")
        context.set_executable(interpreter()[0])
        with concurrent.futures.ProcessPoolExecutor(2, context) as pool:
            self.assertEqual([put.rows] * 4, list(pool.map(get_rows, [self.path] * 4, [put.cid] * 4)))

    def test_processes_end_quietly_whatever_they_hold(self):
        code = ("import sys, threading, arrowcid\n"
                "store = arrowcid.open(sys.argv[1])\n"
                "cid = store.put(open(sys.argv[2], 'rb').read())[0].cid\n"
                "held = [store[cid], store[cid].buffer, store.watch(), store.list()]\n"
                "next(held[3])\n"
                "cycle = [held]; cycle.append(cycle)\n"
                "threading.Thread(target=store.watch().next, daemon=True).start()\n"
                "sys.modules['keep'] = type('M', (), {'held': held})\n")
        process = start(code, self.path, SMALL)
        output, errors = process.communicate(timeout=60)
        self.assertEqual((0, "", ""), (process.returncode, output, errors))


class LibraryTests(unittest.TestCase):
    def test_the_library_says_what_it_is(self):
        self.assertRegex(arrowcid.library_version(), r"^\d+\.\d+")
        self.assertIn(arrowcid.hash_path(), ("avx512-16", "sha-ni", "sha2", "serial"))
        self.assertTrue(arrowcid.library_path().endswith(".so"))

    def test_a_missing_library_is_an_ImportError_that_says_where_it_was_looked_for(self):
        code = ("try: import arrowcid\n"
                "except ImportError as fault: print(fault)\n")
        said = run(code, ARROWCID_LIBRARY="/nowhere/libarrowcid.so")
        self.assertIn("/nowhere/libarrowcid.so", said)
        self.assertIn("interop/build", said)

    def test_another_library_is_an_ImportError(self):
        code = "try: import arrowcid\nexcept ImportError as fault: print(fault)\n"
        with open("/proc/self/maps") as maps:
            libc = next(line.split()[-1] for line in maps if "libc.so.6" in line)
        self.assertIn("arrowcid_abi", run(code, ARROWCID_LIBRARY=libc))

    def test_nothing_but_the_standard_library_is_imported(self):
        code = ("import sys, arrowcid\n"
                "print(sorted({'pyarrow', 'numpy', 'pandas'} & set(sys.modules)))")
        self.assertEqual("[]", run(code).strip())

    def test_every_public_name_is_there(self):
        for name in arrowcid.__all__:
            self.assertTrue(hasattr(arrowcid, name), name)

    def test_the_sources_are_Python_3_9(self):
        import ast

        folder = os.path.dirname(arrowcid.__file__)
        for name in os.listdir(folder):
            if name.endswith(".py"):
                ast.parse(read(os.path.join(folder, name)), name, feature_version=(3, 9))
