"""Runs the package's tests: ``interop/peers/python interop/python/tests [MODULE…]``.

A line for each test on standard output, ``ok``, ``skipped`` or ``FAILED`` and its name; what failed on standard error;
at the end ``N passed, N failed[, N skipped]``. With ``ARROWCID_REQUIRE_PEERS=1`` a test that misses a peer fails.
"""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
sys.dont_write_bytecode = True


class Lines(unittest.TestResult):
    passed = 0

    def addSuccess(self, test):
        self.passed += 1
        self._line("ok", test)

    def addSkip(self, test, reason):
        if os.environ.get("ARROWCID_REQUIRE_PEERS") == "1":
            self.failures.append((test, reason))
            self._line("FAILED", test)
            print(f"{test.id()}: {reason}", file=sys.stderr)
        else:
            super().addSkip(test, reason)
            self._line("skipped", test, ": " + reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, self.failures)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, self.errors)

    def addSubTest(self, test, subtest, err):
        before = len(self.failures) + len(self.errors)
        super().addSubTest(test, subtest, err)
        if len(self.failures) + len(self.errors) > before:
            self._failed(subtest, self.failures if issubclass(err[0], test.failureException) else self.errors)

    def _failed(self, test, kept):
        self._line("FAILED", test)
        print(f"--- {test.id()}\n{kept[-1][1]}", file=sys.stderr)

    @staticmethod
    def _line(word, test, more=""):
        print(word, test.id() + more, flush=True)


def main(names):
    modules = names or sorted(name[:-3] for name in os.listdir(HERE) if name.startswith("test_"))
    result = Lines()
    unittest.defaultTestLoader.loadTestsFromNames(modules).run(result)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.passed} passed, {failed} failed" + (f", {len(result.skipped)} skipped" if result.skipped else ""))
    return 1 if failed or not result.passed + len(result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
