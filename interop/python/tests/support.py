"""What the tests share."""
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.dirname(TESTS)
ROOT = os.path.dirname(os.path.dirname(PYTHON))
DATA = os.path.join(ROOT, "tests", "ArrowCid.Tests", "Data")
FLIGHTS = os.path.join(ROOT, "samples", "data", "flights-200k.arrow")
PEERS_PYTHON = os.path.join(ROOT, "interop", "peers", "python")

import arrowcid  # noqa: E402


def peer(name):
    """A module that not everybody has."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise unittest.SkipTest(f"PEER MISSING: {name}. Run interop/peers/setup.")


def read(path):
    with open(path, "rb") as file:
        return file.read()


class StoreTest(unittest.TestCase):
    """A test with a store of its own, in shared memory."""

    CAPACITY = 64 << 20

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="arrowcid-py-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.path = os.path.join(self.folder, "store")
        self.store = arrowcid.open(self.path, capacity=self.CAPACITY)
        self.addCleanup(self.store.close)


def damage(directory, block):
    """Changes a bit of the stored copy of a block."""
    for name in sorted(os.listdir(directory)):
        if not name.startswith("seg-"):
            continue
        with open(os.path.join(directory, name), "r+b") as segment:
            at = segment.read().find(block)
            if at >= 0:
                segment.seek(at + len(block) // 2)
                segment.write(bytes([block[len(block) // 2] ^ 1]))
                return
    raise AssertionError("the block is in no segment")


def run(code, *arguments, **environment):
    """Runs Python code in a process of its own with the package on its path, and gives what it printed."""
    return finish(start(code, *arguments, **environment))


def start(code, *arguments, **environment):
    """Starts it; its standard input is a pipe."""
    return _start("-c", code, *arguments, **environment)


def start_script(path, *arguments):
    """Starts a script likewise."""
    return _start(path, *arguments)


def _start(*arguments, **environment):
    return subprocess.Popen([*interpreter(), "-B", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONPATH": PYTHON, **environment})


def finish(process, check=True):
    """Waits for its end."""
    output, errors = process.communicate(timeout=300)
    if check and process.returncode != 0:
        raise AssertionError(f"exit code {process.returncode}\n{output}{errors}")
    return output


def interpreter():
    """How to start the running Python again."""
    return [PEERS_PYTHON] if os.environ.get("PYTHONHOME") else [sys.executable]


def mapping_of(address):
    """The file of this process's mapping in which an address lies."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            first, last = (int(part, 16) for part in line.split()[0].split("-"))
            if first <= address < last:
                return line.split(maxsplit=5)[5].strip() if len(line.split()) > 5 else ""
    return ""


def memory_kb(name="Private_Dirty", pid="self"):
    """A line of smaps_rollup."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
