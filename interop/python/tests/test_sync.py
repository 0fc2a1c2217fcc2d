"""Stores that come into step, by the command."""
import os
import unittest

import arrowcid
from support import ROOT, StoreTest

COMMAND = os.path.join(ROOT, ".artifacts", "bin", "ArrowCid.Cli", "debug", "ArrowCid.Cli.dll")


class SyncTest(StoreTest):
    def setUp(self):
        super().setUp()
        if "ARROWCID_COMMAND" not in os.environ:
            if not os.path.exists(COMMAND):
                self.skipTest("PEER MISSING: the command. Build src/ArrowCid.Cli.")
            os.environ["ARROWCID_COMMAND"] = f"dotnet {COMMAND}"
            self.addCleanup(os.environ.pop, "ARROWCID_COMMAND")
        self.other_path = os.path.join(self.folder, "other")
        self.other = arrowcid.open(self.other_path, capacity=self.CAPACITY)
        self.addCleanup(self.other.close)

    def test_blocks_facts_and_names_go_both_ways(self):
        one = self.store.put_raw(b"one", tags={"day": "1"})
        other = self.other.put_raw(b"other", tags={"day": "2"})
        self.other.set_name("latest", other.cid)
        tried = self.store.sync(self.other_path, dry_run=True)
        self.assertEqual({("pull", other.cid), ("push", one.cid)}, {(item.outcome, item.cid) for item in tried.items})
        self.assertNotIn(other.cid, self.store)
        report = self.store.sync(self.other)
        self.assertTrue(report.is_in_step)
        self.assertEqual((1, 1, ["latest"], []), (report.blocks_pulled, report.blocks_pushed, report.names_pulled,
                                                  report.names_pushed))
        self.assertEqual(other.cid, self.store.resolve("latest"))
        self.assertIn(one.cid, self.other)
        again = arrowcid.sync(self.path, self.other_path)
        self.assertEqual((0, 0, "cursor"), (again.blocks_pulled, again.blocks_pushed, again.details["way"]))

    def test_options_choose_what_takes_part(self):
        wanted, left = self.other.put_raw(b"wanted"), self.other.put_raw(b"left")
        self.other.set_name("latest", wanted.cid)
        report = self.store.sync(self.other_path, direction="pull", cids=[wanted.cid], as_="b", rate=1 << 30)
        self.assertEqual((1, ["b/latest"]), (report.blocks_pulled, report.names_pulled))
        self.assertNotIn(left.cid, self.store)
        limited = self.store.sync(self.other_path, max_bytes=1)
        self.assertEqual(["overLimit"], [item.outcome for item in limited.items])
        for wrong in ({"direction": "up"}, {"as_": "/"}, {"where": "x ="}):
            with self.subTest(wrong), self.assertRaises(arrowcid.InvalidArgument):
                self.store.sync(self.other_path, **wrong)

    def test_conflicting_names_are_listed(self):
        one, other = self.store.put_raw(b"1"), self.other.put_raw(b"2")
        self.store.set_name("latest", one.cid)
        self.other.set_name("latest", other.cid)
        report = self.store.sync(self.other_path)
        self.assertEqual([("latest", one.cid, other.cid)], [tuple(conflict) for conflict in report.conflicts])
        self.assertFalse(report.is_in_step)

    def test_server_that_is_not_there_is_busy(self):
        with self.assertRaises(arrowcid.Busy):
            self.store.sync("http://127.0.0.1:1")


if __name__ == "__main__":
    unittest.main()
