"""Watching, with the standard library alone."""
import asyncio
import select
import threading

import arrowcid
from support import StoreTest, finish, read, start
from test_store import SMALL


class WatchTests(StoreTest):
    def setUp(self):
        super().setUp()
        self.block = read(SMALL)

    def put(self):
        return self.store.put(self.block)[0]

    def test_what_is_put_is_announced(self):
        with self.store.watch() as watch:
            put = self.put()
            self.put()
            new, again = watch.next(5), watch.next(5)
            self.assertEqual(("new", put.cid, put.schema_cid, put.rows, put.length),
                             (new.kind, new.cid, new.schema_cid, new.rows, new.length))
            self.assertEqual("again", again.kind)
            self.assertIsNone(watch.next(0))

    def test_a_change_of_a_name_is_announced(self):
        one = self.put().cid
        with self.store.watch_names("prices/*") as watch:
            self.store.set_name("other", one)
            self.store.set_name("prices/a", one)
            self.store.remove_name("prices/a")
            first, second = watch.next(5), watch.next(5)
            self.assertEqual(("name", "prices/a", None, one), (first.kind, first.name, first.old_cid, first.cid))
            self.assertEqual(("prices/a", one, None), (second.name, second.old_cid, second.cid))
            self.assertIsNone(watch.next(0))

    def test_a_watch_ends_after_its_timeout(self):
        self.put()
        self.assertEqual(["new"], [each.kind for each in self.store.watch("oldest", timeout=0.05)])

    def test_a_watch_goes_on_behind_a_cursor(self):
        with self.store.watch() as watch:
            self.put()
            watch.next(5)
            cursor = watch.cursor
            self.put()
        with self.store.watch(cursor) as watch:
            self.assertEqual("again", watch.next(5).kind)
            self.assertIsNone(watch.next(0))
        for wrong in ("then", "c1.x", ""):
            with self.assertRaises(arrowcid.InvalidArgument):
                self.store.watch(wrong)

    def test_a_sleeping_watch_hears_another_process(self):
        code = ("import sys, arrowcid\n"
                "with arrowcid.open(sys.argv[1]) as store:\n"
                "    sys.stdin.readline()\n"
                "    store.put(open(sys.argv[2], 'rb').read())\n")
        process = start(code, self.path, SMALL)
        with self.store.watch() as watch:
            process.stdin.write("\n")
            process.stdin.flush()
            self.assertEqual("new", watch.next(60).kind)
        finish(process)

    def test_closing_wakes_who_waits(self):
        watch = self.store.watch()
        heard = []
        thread = threading.Thread(target=lambda: heard.append(list(watch)))
        thread.start()
        watch.close()
        thread.join(30)
        self.assertFalse(thread.is_alive())
        self.assertEqual([[]], heard)

    def test_closing_the_store_wakes_who_waits(self):
        watch = self.store.watch()
        thread = threading.Thread(target=watch.next)
        thread.start()
        self.store.close()
        thread.join(30)
        self.assertFalse(thread.is_alive())

    def test_a_descriptor_is_readable_when_there_is_something(self):
        with self.store.watch() as watch:
            self.assertGreater(watch.fileno(), 2)
            self.assertIsNone(watch.next(0))
            self.assertEqual([], select.select([watch], [], [], 0)[0])
            self.put()
            self.assertEqual([watch], select.select([watch], [], [], 30)[0])
            self.assertEqual("new", watch.next(0).kind)
            self.assertIsNone(watch.next(0))
            self.assertEqual([], select.select([watch], [], [], 0)[0])


class AsyncWatchTests(StoreTest):
    def put(self):
        return self.store.put(read(SMALL))[0]

    def run_in_loop(self, coroutine):
        return asyncio.run(asyncio.wait_for(coroutine, 60))

    def test_a_task_hears_what_is_put(self):
        async def main():
            async with self.store.watch() as watch:
                waiting = asyncio.ensure_future(watch.__anext__())
                await asyncio.sleep(0)
                put = self.put()
                return put.cid == (await waiting).cid

        self.assertTrue(self.run_in_loop(main()))

    def test_an_asynchronous_watch_ends_after_its_timeout(self):
        async def main():
            self.put()
            return [each.kind async for each in self.store.watch("oldest", timeout=0.05)]

        self.assertEqual(["new"], self.run_in_loop(main()))

    def test_a_cancelled_wait_loses_nothing(self):
        async def main():
            watch = self.store.watch()
            kinds = []
            for _ in range(20):
                waiting = asyncio.ensure_future(watch.__anext__())
                await asyncio.sleep(0)
                waiting.cancel()
                try:
                    kinds.append((await waiting).kind)
                except asyncio.CancelledError:
                    pass
                self.put()
            while len(kinds) < 20:
                kinds.append((await watch.__anext__()).kind)
            watch.close()
            return kinds

        self.assertEqual(["new"] + ["again"] * 19, self.run_in_loop(main()))

    def test_others_run_while_there_is_much_to_hear(self):
        async def main():
            count = turns = 0

            async def other():
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            with self.store.watch() as watch:
                for _ in range(300):
                    self.put()
                task = asyncio.ensure_future(other())
                async for _ in watch:
                    count += 1
                    if count == 300:
                        break
            task.cancel()
            return count, turns

        count, turns = self.run_in_loop(main())
        self.assertEqual(300, count)
        self.assertGreater(turns, 2)

    def test_closing_ends_who_waits_from_this_thread_and_another(self):
        async def main(close):
            watch = self.store.watch()
            waiting = asyncio.ensure_future(watch.__anext__())
            await asyncio.sleep(0)
            close(watch)
            with self.assertRaises(StopAsyncIteration):
                await waiting

        self.run_in_loop(main(lambda watch: watch.close()))
        self.run_in_loop(main(lambda watch: threading.Thread(target=watch.close).start()))

    def test_a_second_task_is_refused(self):
        async def main():
            watch = self.store.watch()
            waiting = asyncio.ensure_future(watch.__anext__())
            await asyncio.sleep(0)
            with self.assertRaises(RuntimeError):
                await watch.__anext__()
            self.put()
            await waiting

        self.run_in_loop(main())
