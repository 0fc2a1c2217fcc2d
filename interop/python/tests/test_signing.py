"""Keys and signed statements, and verify.py, which proves statements without the library."""
import contextlib
import io
import os
import stat
import sys
import unittest

import arrowcid
from arrowcid import ErrorCode
from support import DATA, StoreTest

SMALL = os.path.join(DATA, "vectors", "v1.arrows")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import verify  # noqa: E402


class SigningTests(StoreTest):
    def setUp(self):
        super().setUp()
        self.key_path = self.path + ".key"
        self.addCleanup(lambda: os.path.exists(self.key_path) and os.remove(self.key_path))

    def put(self, store):
        with open(SMALL, "rb") as file:
            return store.put(file.read())[0].cid

    def test_a_signed_block_lists_its_statement_and_is_found_by_its_signer(self):
        with arrowcid.open(self.path) as store, arrowcid.SigningKey.create(self.key_path) as key:
            self.assertEqual(0o600, stat.S_IMODE(os.stat(self.key_path).st_mode))
            cid = self.put(store)
            statement = store.sign(cid, key, {"role": "approved"})
            [found] = store.statements(cid)
            self.assertTrue(found.holds)
            self.assertEqual((statement, key.id, {"role": "approved"}), (found.cid, found.key, found.says))
            self.assertEqual([cid], [each.cid for each in store.list(f'signer = "{key.id}"')])
            self.assertIn(key.id, store.describe(cid)["signers"])
            with arrowcid.SigningKey(self.key_path) as again:
                self.assertEqual(key.id, again.id)
            os.chmod(self.key_path, 0o644)
            with self.assertRaises(arrowcid.AccessDenied):
                arrowcid.SigningKey(self.key_path)

    def test_python_alone_verifies_the_statement(self):
        with arrowcid.open(self.path) as store, arrowcid.SigningKey.create(self.key_path) as key:
            cid = self.put(store)
            store.sign_name("release", cid, key)
            [found] = store.statements(cid)
            signature = found.cose
            said = verify.verify_statement(found.block, signature)
            self.assertEqual((key.id, "release", bytes(cid)), (said["key"], said["name"], said["subject"]))
            self.assertEqual(cid, store.resolve("release"))
            with self.assertRaises(verify.Refused):
                verify.verify_statement(found.block, signature[:-1] + bytes([signature[-1] ^ 1]))

    def test_a_shared_secret_is_needed_to_verify(self):
        with arrowcid.open(self.path) as store, arrowcid.SigningKey.create(self.key_path, shared=True) as key:
            cid = self.put(store)
            store.sign(cid, key)
            self.assertEqual("noKey", store.statements(cid)[0].state)
            self.assertTrue(store.statements(cid, key)[0].holds)
            self.assertTrue(key.id.startswith("hmac:"))

    def test_words_that_are_no_text_are_refused(self):
        with arrowcid.open(self.path) as store, arrowcid.SigningKey.create(self.key_path) as key:
            cid = self.put(store)
            with self.assertRaises(TypeError):
                store.sign(cid, key, {"a": 1})
            key.close()
            with self.assertRaises(arrowcid.ArrowCidError) as caught:
                store.sign(cid, key)
            self.assertEqual(ErrorCode.INVALID_ARGUMENT, caught.exception.code)

    def test_verify_py_takes_one_bundle(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertEqual(2, verify.main(["a", "b"]))
        self.assertIn("usage", said.getvalue())


if __name__ == "__main__":
    unittest.main()
