"""Cached functions: keys, values, once for all, and what is refused."""
import asyncio
import base64
import datetime
import json
import os
import subprocess
import threading
import unittest

import arrowcid
from arrowcid import _call, _values
from support import PYTHON, ROOT, StoreTest, interpreter, peer

VECTORS = os.path.join(ROOT, "interop", "vectors", "calls.json")


def value_of(value):
    if isinstance(value, list):
        return [value_of(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (kind, text), = value.items()
        made = {"$int": int, "$float": float, "$bytes": bytes.fromhex, "$date": datetime.date.fromisoformat,
                "$time": lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))}.get(kind)
        if made:
            return made(text)
    return {key: value_of(item) for key, item in value.items()}


class KeyTest(unittest.TestCase):
    def test_vectors_give_their_keys(self):
        with open(VECTORS) as file:
            calls = json.load(file)["calls"]
        self.assertEqual(60, len(calls))
        for call in calls:
            with self.subTest(call["name"]):
                arguments = {name: value_of(value) for name, value in call["params"].items()}
                arguments.update({name: arrowcid.Cid(cid) for name, cid in call["inputs"].items()})
                block = _call.call_block(call["fn"], call["version"], arguments, call["env"])
                self.assertEqual(call["block"], block.hex())
                text = "b" + base64.b32encode(_call.key_of(block)).decode().rstrip("=").lower()
                self.assertEqual(call["cid"], text)

    def test_an_argument_that_is_no_data_is_refused_by_name(self):
        for value in (lambda: 1, object(), float("nan"), float("inf"), "half \ud800", 1 << 64, -(1 << 65), {1: 2}, {1, 2},
                      [arrowcid.Cid("bafkreigks6arfsq3xxfpvqrrwonchxcnu6do76auprhhfomao6c273sixm")], open):
            with self.subTest(repr(value)), self.assertRaisesRegex(arrowcid.InvalidArgument, "'wrong'"):
                _call.call_block("f", "", {"fine": 1, "wrong": value})
        loop = []
        loop.append(loop)
        with self.assertRaisesRegex(arrowcid.InvalidArgument, "'loop' is nested"):
            _call.call_block("f", "", {"loop": loop})
        for name in ("", "x" * 1025, "\ud800"):
            with self.assertRaises(arrowcid.InvalidArgument):
                _call.call_block(name)
        with self.assertRaisesRegex(arrowcid.InvalidArgument, "pass large ones as blocks"):
            _call.call_block("f", "", {"x": "y" * (1 << 20)})


class CachedTest(StoreTest):
    def test_a_function_computes_once_and_says_so(self):
        calls = []

        @self.store.cached(version=2, ttl="1h30m", ignore=["verbose"])
        def double(n: int, times: int = 2, verbose: bool = False) -> bytes:
            """Doubles."""
            calls.append(n)
            return b"x" * n * times

        self.assertEqual((b"xx", b"xx", b"xx"), (double(1), double(1, 2), double(n=1, times=2, verbose=True)))
        self.assertEqual([1], calls)
        self.assertEqual((2, 1), double.info()[:2])
        self.assertGreaterEqual(double.info().saved, 0)
        self.assertEqual("Doubles.", double.__doc__)
        self.assertEqual(double.key(1), double.key(1.0, verbose=True))
        self.assertNotEqual(double.key(1), double.key(True))
        self.assertEqual(b"xxxx", double.function(2))
        double(3), double(3, 5)
        self.assertEqual((3, 2, 1), (double.count(), double.count(n=3), double.count(times=5)))
        self.assertEqual(2, double.invalidate(n=3))
        self.assertEqual(1, double.invalidate())
        self.assertEqual(0, double.count())
        with self.assertRaises(TypeError):
            double(1, unknown=2)
        with self.assertRaisesRegex(arrowcid.InvalidArgument, "no argument nope"):
            self.store.cached(double.function, ignore=["nope"])
        for ttl in ("7", "x", "1d2", -1, True, object()):
            with self.assertRaises(arrowcid.InvalidArgument):
                self.store.cached(double.function, ttl=ttl)

    def test_results_of_other_versions_names_and_environments_are_not_found(self):
        def make(**options):
            return self.store.cached(lambda n: b"%d" % n, **{"name": "f", **options})

        keys = {str(each.key(1)) for each in (make(), make(version=1), make(name="g"), make(env=["HOME"]))}
        self.assertEqual(4, len(keys))
        self.assertEqual(make().key(1), make(ttl=60).key(1))

    def test_failures_and_refused_results_are_not_kept(self):
        calls = []

        @self.store.cached(if_=lambda value: len(value) > 1, name="fails")
        def fails(n):
            calls.append(n)
            if n == 0:
                raise KeyError(n)
            return b"x" * n

        for _ in range(2):
            with self.assertRaises(KeyError):
                fails(0)
            fails(1)
            fails(2)
        self.assertEqual([0, 1, 2, 0, 1], calls)

        @self.store.cached
        def strange():
            return object()

        with self.assertRaisesRegex(TypeError, "never pickled"):
            strange()
        self.assertEqual(0, strange.count())

    def test_a_result_that_does_not_fit_is_returned_with_a_warning(self):
        @self.store.cached
        def large():
            return os.urandom(self.CAPACITY)

        with self.assertWarnsRegex(RuntimeWarning, "large is not kept"):
            self.assertEqual(self.CAPACITY, len(large()))
        self.assertEqual(0, large.count())

    def test_arguments_that_are_blocks_count_by_their_contents(self):
        put = self.store.put_raw(b"input")
        seen = []

        @self.store.cached
        def of(data, path):
            seen.append(1)
            return b"y"

        first, second = (os.path.join(self.folder, name) for name in ("a.txt", "b.txt"))
        for path in (first, second):
            with open(path, "w") as file:
                file.write("same")
        import pathlib
        of(put.cid, pathlib.Path(first)), of(put, pathlib.Path(second))
        self.assertEqual(1, len(seen))
        with open(second, "w") as file:
            file.write("other")
        of(put.cid, pathlib.Path(second))
        self.assertEqual(2, len(seen))
        self.assertEqual(1, of.invalidate(path=pathlib.Path(first)))

    def test_threads_and_coroutines_that_miss_together_compute_once(self):
        calls, gate = [], threading.Event()

        @self.store.cached
        def slow(n):
            calls.append(n)
            gate.wait(30)
            return b"slow"

        found = []
        threads = [threading.Thread(target=lambda: found.append(slow(1))) for _ in range(6)]
        for thread in threads:
            thread.start()
        gate.set()
        for thread in threads:
            thread.join()
        self.assertEqual(([1], [b"slow"] * 6), (calls, found))
        begun = []

        @self.store.cached(name="async")
        async def later(n):
            begun.append(n)
            await asyncio.sleep(0)
            return b"later %d" % n

        async def all_of():
            return await asyncio.gather(*(later(n % 2) for n in range(6)))

        self.assertEqual([b"later 0", b"later 1"] * 3, asyncio.run(all_of()))
        self.assertEqual([0, 1], sorted(begun))
        self.assertTrue(asyncio.iscoroutinefunction(later.function))

    def test_a_function_that_calls_itself_with_the_same_arguments_is_refused(self):
        @self.store.cached
        def again(n):
            return again(n)

        @self.store.cached
        def ping(n):
            return pong(n)

        @self.store.cached
        def pong(n):
            return ping(n)

        @self.store.cached
        async def waits(n):
            return await asyncio.create_task(waits(n))

        @self.store.cached
        def down(n):
            return n if n == 0 else down(n - 1) + n

        for call in (lambda: again(1), lambda: ping(1), lambda: asyncio.run(waits(1))):
            with self.assertRaises(arrowcid.InvalidArgument) as caught:
                call()
            self.assertEqual(arrowcid.ErrorCode.INVALID_ARGUMENT, caught.exception.code)
            self.assertIn("calls itself with the same arguments", str(caught.exception))
        self.assertEqual((10, 10), (down(4), down(4)))

    def test_methods_are_bound_and_self_is_left_out(self):
        store = self.store

        class Job:
            @store.cached(ignore=["self"])
            def run(self, n):
                return b"%d" % n

        self.assertEqual(b"4", Job().run(4))
        self.assertEqual(b"4", Job().run(4))
        self.assertEqual((1, 1), Job.run.info()[:2])

    def test_another_process_finds_the_result_and_the_next_computes_when_one_dies(self):
        code = """
import sys, arrowcid
store = arrowcid.open(sys.argv[1])
@store.cached(name="shared")
def shared(n):
    print("computes", flush=True)
    if sys.argv[2] == "waits":
        sys.stdin.read()
    return b"value"
print(shared(1).decode(), flush=True)
"""
        def start(how):
            return subprocess.Popen([*interpreter(), "-B", "-c", code, self.path, how], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": PYTHON})

        first = start("waits")
        self.assertEqual("computes\n", first.stdout.readline())
        second = start("goes")
        first.kill()
        first.communicate()
        self.assertEqual("computes\nvalue\n", second.communicate()[0])
        self.assertEqual("value\n", start("goes").communicate()[0])


class ValueTest(StoreTest):
    """With pyarrow and numpy."""

    def setUp(self):
        super().setUp()
        self.pa, self.np = peer("pyarrow"), peer("numpy")

    def twice(self, value, **options):
        """What a function returned, and what is found of it."""
        self.functions = getattr(self, "functions", 0) + 1
        function = self.store.cached(lambda: value, name=f"value {self.functions}", **options)
        function()
        found = function()
        self.assertEqual((1, 1), function.info()[:2])
        return found

    def test_batches_tables_and_frames_come_back(self):
        pa = self.pa
        batch = pa.record_batch({"px": [1.5, 2.5], "sym": ["a", None]})
        table = pa.concat_tables([pa.table({"n": [1, 2]}), pa.table({"n": [3]})])
        self.assertTrue(batch.equals(self.twice(batch)))
        self.assertTrue(table.equals(self.twice(table)))
        self.assertTrue(table.slice(0, 0).equals(self.twice(table.slice(0, 0))))
        self.assertTrue(pa.table({"n": [7]}).equals(self.twice(pa.table({"n": [7]}))))
        put = self.store.put(batch)
        self.assertEqual(put.cid, self.twice(self.store[put.cid]).cid)
        pandas = peer("pandas")
        frame = pandas.DataFrame({"px": [1.5, 2.5]}, index=["x", "y"])
        pandas.testing.assert_frame_equal(frame, self.twice(frame))

    def test_arrays_come_back_over_the_stores_memory(self):
        np = self.np
        for array in (np.arange(24, dtype="i8").reshape(2, 3, 4), np.array([1.5]), np.array(2.5), np.ones((2, 2), "f4"),
                      np.array([[True, False], [False, True]]), np.arange(5, dtype="u2")[::2]):
            found = self.twice(array)
            np.testing.assert_array_equal(array, found)
            self.assertEqual((array.dtype, array.shape), (found.dtype, found.shape))
            self.assertFalse(found.flags.writeable)
        class Tensor:
            def __dlpack__(self, **options):
                return np.arange(6.0).reshape(2, 3).__dlpack__(**options)

            def __dlpack_device__(self):
                return 1, 0

        np.testing.assert_array_equal(np.arange(6.0).reshape(2, 3), self.twice(Tensor()))
        for array in (np.array(["text"], dtype=object), np.array([1 + 2j])):
            with self.assertRaisesRegex(TypeError, "register"):
                self.twice(array)

    def test_scalars_and_small_maps_come_back_with_their_types(self):
        for value in (None, True, 1, 1.0, -7, "text", "", [1, 2, None], ["a"], {"a": 1, "b": {"c": [1.5]}, "d": None}, {}):
            found = self.twice(value)
            self.assertEqual((value, type(value)), (found, type(found)))
        for value in ({"a": [1, "x"]}, {1: 2}, 1 << 70, (1, 2), {"a": (1, 2)}):
            with self.assertRaises(TypeError):
                self.twice(value)

    def test_a_registered_type_comes_back_and_the_greatest_priority_counts(self):
        class Point:
            def __init__(self, x, y):
                self.x, self.y = x, y

        arrowcid.register(Point, lambda point: self.pa.record_batch({"x": [point.x], "y": [point.y]}),
                          lambda batch: Point(**batch.to_pylist()[0]), name="test.Point")
        found = self.twice(Point(1, 2))
        self.assertEqual((Point, 1, 2), (type(found), found.x, found.y))
        arrowcid.register(Point, lambda point: b"bytes", lambda data: data, priority=1, name="test.PointBytes")
        self.assertEqual(b"bytes", self.twice(Point(1, 2)))

    def test_directories_and_tensors_have_the_cids_that_the_command_gives(self):
        tree = os.path.join(self.folder, "tree")
        os.makedirs(os.path.join(tree, "sub"))
        for path, text in (("a.txt", "hi\n"), ("sub/b.bin", "x\n"), ("z", "")):
            with open(os.path.join(tree, path), "w") as file:
                file.write(text)
        self.assertEqual("bafyreihzy3xgt7cfjfhb5yi6sdmyuy5urt2ygp44od2u2pc5bjgjjtasu4",
                         str(arrowcid.Cid(_call.file_cid(tree))))
        tensor = _values.tensor_batch(self.np.arange(6, dtype="f4").reshape(2, 3))
        self.assertEqual("bafkreietbcmzhxtnit3yr4f7sj7zwixvsuqrw5cyhdggtpupgah3yd63dq", str(arrowcid.cid(tensor)))

    def test_tables_frames_and_arrays_count_by_their_contents(self):
        pa, np = self.pa, self.np
        f = self.store.cached(lambda x: b"", name="f")
        whole, cut = pa.table({"n": [1, 2, 3]}), pa.concat_tables([pa.table({"n": [1]}), pa.table({"n": [2, 3]})])
        self.assertEqual(f.key(whole), f.key(cut))
        self.assertEqual(f.key(whole), f.key(whole.to_batches()[0]))
        self.assertEqual(f.key(np.arange(3)), f.key(np.arange(3).copy()))
        self.assertNotEqual(f.key(np.arange(3)), f.key(np.arange(3).reshape(3, 1)))
        self.assertEqual(f.key(3), f.key(np.int32(3)))
        with self.assertRaisesRegex(arrowcid.InvalidArgument, "'x' holds a block"):
            f.key([whole])
