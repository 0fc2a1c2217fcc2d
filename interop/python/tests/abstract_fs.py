"""fsspec's own tests of a file system, on ``acid://``: ``python -m pytest abstract_fs.py``. test_fs runs them."""
import os
import shutil
import sys
import tempfile

import pytest
from fsspec.tests import abstract

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import arrowcid  # noqa: E402
import arrowcid.fs  # noqa: E402


class StoreFixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self):
        folder = tempfile.mkdtemp(prefix="arrowcid-fs-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        store = arrowcid.open(os.path.join(folder, "store"), capacity=64 << 20)
        yield arrowcid.fs.StoreFileSystem(store)
        store.close()
        shutil.rmtree(folder)

    @pytest.fixture
    def fs_path(self):
        return "@tests/below"

    @pytest.fixture
    def supports_empty_directories(self):
        return False


class TestCopy(abstract.AbstractCopyTests, StoreFixtures):
    pass


class TestGet(abstract.AbstractGetTests, StoreFixtures):
    pass


class TestPut(abstract.AbstractPutTests, StoreFixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, StoreFixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, StoreFixtures):
    pass
