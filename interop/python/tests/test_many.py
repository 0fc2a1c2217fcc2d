"""Calls for many blocks."""
import datetime
import unittest

import arrowcid
from support import StoreTest, run

MISSING = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"


class ManyTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.puts = self.store.put_raw_many([b"piece %d" % i for i in range(200)], tags={"few": "1"})
        self.cids = [put.cid for put in self.puts]

    def count(self, filter):
        return len(self.store.list_all(filter))

    def test_bytes_are_put_together_or_not_at_all(self):
        self.assertEqual([True] * 200, [put.is_new for put in self.puts])
        self.assertEqual(self.store.put_raw(b"piece 7").cid, self.cids[7])
        self.assertEqual([], self.store.put_raw_many([]))
        self.assertEqual([0, 3], [put.length for put in self.store.put_raw_many([b"", bytearray(b"abc")])])
        with self.assertRaises(TypeError):
            self.store.put_raw_many([b"is not put", "text"])
        with self.assertRaises(arrowcid.ArrowCidError) as caught:
            self.store.put_raw_many([b"is not put", b"x" * (32 << 20), b"y" * (32 << 20)])
        self.assertIn(caught.exception.code, (arrowcid.ErrorCode.TOO_LARGE, arrowcid.ErrorCode.STORE_FULL))
        self.assertEqual(202, self.count("kind = raw"))
        with self.assertRaises(arrowcid.InvalidArgument):
            self.store.put_raw_many([b"is not put"], name="many")

    def test_blocks_are_held_in_one_call_and_outlive_the_store(self):
        batches = self.store.get_many([self.cids[3], MISSING, str(self.cids[5])])
        self.assertIsNone(batches[1])
        self.assertEqual([], self.store.get_many([]))
        with self.assertRaises(arrowcid.InvalidCid):
            self.store.get_many([self.cids[3], b"\2" * 36])
        self.store.close()
        self.assertEqual([b"piece 3", b"piece 5"], [bytes(batches[0].buffer), bytes(batches[2].buffer)])
        with self.assertRaises(arrowcid.InvalidArgument):
            self.store.get_many(self.cids)

    def test_metadata_of_many_is_written_as_one(self):
        self.assertEqual(200, self.store.tag_many(self.cids, {"day": "monday"}))
        self.assertEqual(200, self.store.annotate_many(iter(self.cids), producer="p", data={"x": [1]}))
        self.assertEqual(200, self.count('tag.day = "monday" and producer = "p"'))
        self.assertEqual(2, self.store.annotate_many({self.cids[0]: {"tags": {"a": "1"}}, self.cids[1]: {"tags": {"a": "2"}}}))
        self.assertEqual([1, 1], [self.count('tag.a = "1"'), self.count('tag.a = "2"')])
        for said in ({"tags": {"": "1"}}, {"name": "n"}, {"pin": True}, {"tags": {"k": "v" * 2000}}):
            with self.assertRaises(arrowcid.ArrowCidError, msg=str(said)):
                self.store.annotate_many({self.cids[0]: {"tags": {"bad": "1"}}, self.cids[1]: said})
        self.assertEqual(0, self.count('tag.bad = "1"'))
        with self.assertRaises(TypeError):
            self.store.annotate_many({self.cids[0]: {}}, producer="p")
        self.assertEqual(0, self.store.annotate_many([], producer="p"))

    def test_expiry_of_many_is_set_and_taken_away(self):
        end = datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc)
        self.store.touch(self.cids, end)
        self.assertEqual("2040-01-01", self.store.describe(self.cids[9])["expires"][:10])
        self.store.touch(self.cids, datetime.timedelta(days=7))
        self.assertEqual(200, self.count("expires < 2039-01-01"))
        self.store.touch(self.cids, None)
        self.assertEqual(0, self.count("expires < 2039-01-01"))
        for wrong in ("7d", datetime.datetime(2040, 1, 1)):
            with self.assertRaises((TypeError, ValueError)):
                self.store.touch(self.cids, wrong)
        with self.assertRaises(arrowcid.InvalidArgument):
            self.store.touch(self.cids, datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc))

    def test_a_list_in_one_call_is_the_list(self):
        self.assertEqual(sorted(self.store.list("kind = raw")), sorted(self.store.list_all("kind = raw")))
        self.store.put_raw_many([b"more %d" % i for i in range(1500)])
        self.assertEqual(1700, self.count("kind = raw"))
        with self.assertRaises(arrowcid.InvalidArgument):
            self.store.list_all("no filter at all")

    def test_a_dry_run_says_what_a_removal_does(self):
        self.store.set_name("kept", self.cids[0])
        self.store.pin(self.cids[1])
        would = self.store.remove_where('tag.few = "1"', dry_run=True)
        self.assertEqual((198, 2), would[:2])
        self.assertEqual(200, self.count('tag.few = "1"'))
        self.assertEqual(would, arrowcid.open(self.path, read_only=True).remove_where('tag.few = "1"', dry_run=True))
        self.assertEqual(would, self.store.remove_where('tag.few = "1"'))
        self.assertEqual(2, self.count('tag.few = "1"'))
        for wrong in ("", "kind =", "kind = raw\0"):
            with self.assertRaises(ValueError):
                self.store.remove_where(wrong)

    def test_directories_have_files_by_their_paths(self):
        put = self.store.put_directory({"a/b.txt": self.cids[0], "c": str(self.cids[1])}, name="files")
        self.assertEqual({"a/b.txt": self.cids[0], "c": self.cids[1]}, self.store.files(put.cid))
        with self.assertRaises(arrowcid.SchemaMismatch):
            self.store.files(self.cids[0])
        with self.assertRaises(arrowcid.InvalidArgument):
            self.store.put_directory({"../c": self.cids[1]})
        with self.assertRaises(arrowcid.BlockNotFound):
            self.store.put_directory({"c": MISSING})

    def test_after_a_fork_every_call_is_refused(self):
        self.assertIn("Forked", run(
            "import arrowcid, os, sys\n"
            "store = arrowcid.open(sys.argv[1])\n"
            "if os.fork() == 0:\n"
            "    try:\n"
            "        store.get_many([])\n"
            "    except arrowcid.Forked as fault:\n"
            "        print(type(fault).__name__, flush=True)\n"
            "    os._exit(0)\n"
            "os.wait()\n", self.path))


if __name__ == "__main__":
    unittest.main()
