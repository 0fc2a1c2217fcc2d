"""What notebooks show, and what a data user expects of a store, a batch and a dataset."""
import datetime
import os
import re
import subprocess
import tempfile
import unittest

from support import PYTHON, StoreTest, interpreter, peer


class NotebookTest(StoreTest):
    """With pyarrow."""

    def setUp(self):
        super().setUp()
        self.pa = peer("pyarrow")

    def test_a_store_and_a_batch_are_used_as_a_data_user_expects(self):
        put = self.store.put({"px": [1.5, 2.5], "sym": ["a", "b"]}, name="quotes")
        batch = self.store[put.cid]
        self.assertEqual((2, ["px", "sym"]), (batch.num_rows, batch.schema.names))
        self.assertEqual([1.5, 2.5], batch["px"].to_pylist())
        self.assertEqual((1, ["quotes"]), (len(self.store), [name.name for name in self.store.names()]))
        pandas = peer("pandas")
        self.assertIsInstance(batch.to_pandas(), pandas.DataFrame)

    def test_html_has_a_picture_of_each_column_that_has_one(self):
        pa = self.pa
        batch = self.store[self.store.put(pa.record_batch({
            "n": pa.array([None, *range(5000)]), "text <b>": ["x", "y"] * 2500 + ["<i>"], "flag": [True] * 5001,
            "day": [datetime.date(2026, 1, 1) + datetime.timedelta(n % 9) for n in range(5001)],
            "list": [[1]] * 5001, "nothing": pa.nulls(5001), "nan": [float("nan")] * 5001})).cid]
        html = batch._repr_html_()
        self.assertEqual(4, html.count("<svg"))
        self.assertIn("text &lt;b&gt;", html)
        self.assertNotIn("<i>", html)
        self.assertIn("2026-01-01 to 2026-01-09", html)
        self.assertIn("% nulls", html)
        for bar in re.findall(r'height="(\d+)" fill', html):
            self.assertLessEqual(1, int(bar))
        empty = self.store[self.store.put(pa.record_batch({"n": pa.array([], "int64")})).cid]
        self.assertNotIn("<svg", empty._repr_html_())
        raw = self.store[self.store.put_raw(b"bytes").cid]
        self.assertIn("arrowcid.Batch", raw._repr_html_())
        batch.close()
        self.assertIn("closed", batch._repr_html_())

    def test_datasets_and_stores_show_what_they_hold(self):
        table = self.pa.concat_tables([self.pa.table({"px": [1.5]}), self.pa.table({"px": [2.5]})])
        self.store.put(table, name="<trips>")
        html = self.store.dataset("<trips>")._repr_html_()
        self.assertIn("2 rows in 2 batches", html)
        self.assertIn("<svg", html)
        self.assertIn("&lt;trips&gt;", self.store._repr_html_())
        self.store.close()
        self.assertIn("closed", self.store._repr_html_())

    def test_jupyters_formatter_takes_the_html(self):
        formatters = peer("IPython.core.formatters")
        batch = self.store[self.store.put(self.pa.record_batch({"px": [1.5, 2.5]})).cid]
        data, _ = formatters.DisplayFormatter().format(batch)
        self.assertIn("<table>", data["text/html"])
        self.assertIn("arrowcid.Batch", data["text/plain"])


class TypesTest(unittest.TestCase):
    def test_the_types_of_the_package_are_right_and_users_see_them(self):
        peer("mypy")
        with tempfile.TemporaryDirectory() as folder:
            user = os.path.join(folder, "user.py")
            with open(user, "w") as file:
                file.write("import arrowcid\n"
                           "store = arrowcid.open('/x')\n"
                           "batch: arrowcid.Batch | None = store.get('bafkrei')\n"
                           "names: list[arrowcid.Name] = store.names()\n"
                           "count: int = len(store)\n"
                           "wrong: int = store.names()\n")
            # PYTHONPATH would be taken for installed packages.
            result = subprocess.run(
                [*interpreter(), "-m", "mypy", "--ignore-missing-imports", "--python-version", "3.10",
                 "--cache-dir", os.path.join(folder, "cache"), os.path.join(PYTHON, "arrowcid"), user],
                cwd=folder, env={**os.environ, "MYPYPATH": PYTHON}, capture_output=True, text=True)
        self.assertEqual(["user.py:6"], sorted(re.findall(r"(\w+\.py:\d+): error", result.stdout)), result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
