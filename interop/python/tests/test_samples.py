"""The samples for Python, run as their READMEs say."""
import os
import re
import unittest

from support import ROOT, StoreTest, finish, peer, start_script

peer("pyarrow")
peer("numpy")


class SampleTests(StoreTest):
    def test_a_consumer_reads_what_a_producer_puts(self):
        consumer = start_script(os.path.join(ROOT, "samples", "shared-memory", "python", "consumer.py"), self.path)
        producer = start_script(os.path.join(ROOT, "samples", "shared-memory", "python", "producer.py"), self.path)
        put, read = finish(producer).splitlines(), finish(consumer).splitlines()
        self.assertEqual(10, len(put))
        self.assertEqual([line.split()[0] for line in put], [line.split()[0] for line in read])
        self.assertEqual([f"{100.495 + hour:.3f}" for hour in range(10)], [line.split()[-1] for line in read])

    def test_four_views_of_one_copy_lie_in_one_file_in_two_processes(self):
        script = os.path.join(ROOT, "samples", "zero-copy", "zero_copy.py")
        one = finish(start_script(script, self.path))
        two = finish(start_script(script, self.path, one.splitlines()[0]))
        self.assertEqual(one, two)
        files = re.findall(r"file \d+", one)
        self.assertEqual((4, 1), (len(files), len(set(files))))
        segments = {f"file {os.stat(os.path.join(self.path, name)).st_ino}" for name in os.listdir(self.path)
                    if name.startswith("seg-")}
        self.assertLessEqual(set(files), segments)


if __name__ == "__main__":
    unittest.main()
