"""The samples for Python, run as their READMEs say."""
import json
import os
import re
import unittest

from support import ROOT, StoreTest, finish, peer, start, start_script

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


    def test_the_notebook_runs_from_top_to_bottom(self):
        peer("fsspec"), peer("pandas")
        with open(os.path.join(ROOT, "samples", "notebook", "trips.ipynb")) as file:
            cells = ["".join(cell["source"]) for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]
        self.assertLess(6, len(cells))
        # Each cell's last line shows what it is, as a notebook does.
        shown = "import ast\nfor cell in CELLS:\n" \
                "    tree = ast.parse(cell)\n" \
                "    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None\n" \
                "    exec(compile(tree, 'cell', 'exec'), globals())\n" \
                "    if last: print(eval(compile(ast.Expression(last.value), 'cell', 'eval'), globals()))\n"
        printed = finish(start(f"CELLS = {cells!r}\n{shown}", ARROWCID_STORE=self.path))
        self.assertIn("CacheInfo(hits=1, misses=1", printed)
        self.assertIn("by-day.csv", printed)
        self.assertIn("200 Removal(removed=200, kept=0, length=", printed)


if __name__ == "__main__":
    unittest.main()
