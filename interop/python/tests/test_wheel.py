"""The wheel, installed from a clean place."""
import email
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import arrowcid
from support import PYTHON, ROOT

USE = """
import sys, arrowcid
assert arrowcid.__file__.startswith(sys.prefix), arrowcid.__file__
assert arrowcid.library_path().startswith(sys.prefix), arrowcid.library_path()
with arrowcid.open(sys.argv[1], capacity=16 << 20) as store:
    put = store.put(open(sys.argv[2], 'rb').read())[0]
    assert arrowcid.check(store[put.cid].buffer) == put.cid
    print(put.cid)
"""


class WheelTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="arrowcid-wheel-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def build(self, folder):
        output = subprocess.run([sys.executable if not os.environ.get("PYTHONHOME") else "python3",
                                 os.path.join(PYTHON, "build-wheel"), folder],
                                env={**clean(), "ARROWCID_LIBRARY": arrowcid.library_path()},
                                capture_output=True, text=True, check=True)
        return output.stdout.strip()

    def test_the_wheel_holds_the_package_and_the_library(self):
        wheel = self.build(self.folder)
        self.assertRegex(os.path.basename(wheel), r"^arrowcid-[\d.]+-py3-none-(manylinux_2_\d+|linux)_\w+\.whl$")
        with zipfile.ZipFile(wheel) as archive:
            self.assertIsNone(archive.testzip())
            names = set(archive.namelist())
            record = archive.read(next(name for name in names if name.endswith("RECORD"))).decode()
        self.assertEqual(names, {line.split(",")[0] for line in record.splitlines()})
        self.assertLessEqual({"arrowcid/__init__.py", "arrowcid/py.typed", "arrowcid/libarrowcid.so", "arrowcid_flight.py"}, names)

    def test_the_wheel_says_what_it_is(self):
        with zipfile.ZipFile(self.build(self.folder)) as archive:
            info = f"arrowcid-{arrowcid.__version__}.dist-info/"
            metadata = email.message_from_bytes(archive.read(info + "METADATA"))
            self.assertIn(info + "licenses/LICENSE", archive.namelist())
        self.assertEqual(("arrowcid", arrowcid.__version__, "Apache-2.0", "LICENSE", "The ArrowCid authors"),
                         tuple(metadata[key] for key in ("Name", "Version", "License-Expression", "License-File", "Author")))
        self.assertIn("zero-copy", metadata["Keywords"].split(","))
        self.assertIn("Operating System :: POSIX :: Linux", metadata.get_all("Classifier"))
        self.assertTrue(metadata.get_payload().startswith("# "))

    def test_the_same_files_give_the_same_wheel(self):
        wheels = [self.build(os.path.join(self.folder, name)) for name in ("one", "two")]
        contents = []
        for wheel in wheels:
            with open(wheel, "rb") as file:
                contents.append(file.read())
        self.assertEqual(*contents)

    def test_it_is_installed_into_a_clean_place_and_used(self):
        if not shutil.which("python3", path=clean()["PATH"]):
            self.skipTest("no python3")
        wheel, place = self.build(self.folder), os.path.join(self.folder, "venv")
        made = subprocess.run(["python3", "-m", "venv", place], env=clean(), capture_output=True, text=True)
        if made.returncode != 0:
            self.skipTest("PEER MISSING: venv with pip for python3. Install python3-venv.")
        python = os.path.join(place, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", wheel], env=clean(),
                       check=True, capture_output=True)
        store = tempfile.mkdtemp(prefix="arrowcid-py-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.addCleanup(shutil.rmtree, store, ignore_errors=True)
        block = os.path.join(ROOT, "tests", "ArrowCid.Tests", "Data", "vectors", "v1.arrows")
        used = subprocess.run([python, "-I", "-c", USE, os.path.join(store, "store"), block], env=clean(), cwd="/",
                              capture_output=True, text=True)
        self.assertEqual((0, ""), (used.returncode, used.stderr))
        with open(block, "rb") as file:
            self.assertEqual(str(arrowcid.check(file.read())), used.stdout.strip())


def clean():
    """The environment without what leads to another Python or to this checkout."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith("PYTHON") and name != "ARROWCID_LIBRARY"}


if __name__ == "__main__":
    unittest.main()
