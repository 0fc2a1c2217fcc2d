"""The Python side of the benchmark `memo`: cached functions of ours, of joblib and of diskcache, in one process.

    bench_memo.py FOLDER                        lines in, and what is answered once it says `ready`:

        has WAY                 `yes`, or why the way cannot be measured
        hit WAY BYTES N         seconds of one hit with one value read: the median of N
        once WAY                how many of eight processes computed that missed one key together
        pass                    seconds from the kill of the process that computes to the start of the next computation
        few OPERATION WAY N     milliseconds of touch, list or delete with 200 entries: the median of N
        count                   how many executions a call takes whose result another language stored

    bench_memo.py call FOLDER WAY COUNTS SECONDS    one of the processes of `once` and `pass`
"""
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

PROCESSES = 8


def ours(folder):
    import arrowcid
    store = arrowcid.open(os.path.join(folder, "ours"), capacity=1 << 30)
    return lambda name, function: store.cached(function, name=name)


def joblib(folder, mmap_mode=None):
    import joblib
    memory = joblib.Memory(os.path.join(folder, "joblib"), verbose=0, mmap_mode=mmap_mode)

    def cached(name, function):
        function.__qualname__ = function.__name__ = name
        return memory.cache(function)
    return cached


def diskcache(folder):
    import diskcache
    cache = diskcache.Cache(os.path.join(folder, "diskcache"))
    return lambda name, function: cache.memoize(name=name)(function)


WAYS = {"ours": ours, "joblib": joblib, "joblib-mmap": lambda folder: joblib(folder, "r"), "diskcache": diskcache}


def hit(folder, way, size, count):
    import numpy
    cached = WAYS[way](folder)

    def make(n, rows):
        return numpy.arange(rows, dtype="f8") + n

    # joblib keys a function by its source and folder: one for each size.
    make.__module__ = "bench_memo"
    function, rows = cached(f"make_{size}", make), size // 8
    function(1, rows)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        value = function(1, rows)[rows - 1]
        times.append(time.perf_counter() - start)
        assert value == rows
    return statistics.median(times)


def slow(path, seconds):
    with open(path, "a") as counts:
        counts.write("computed\n")
    print("computes", flush=True)
    time.sleep(seconds)
    return b"value"


def start(folder, way, counts, seconds):
    arguments = [sys.executable, "-B", os.path.abspath(__file__), "call", folder, way, counts, str(seconds)]
    if os.environ.get("PYTHONHOME"):
        arguments = ["sh", os.path.join(HERE, "..", "peers", "python"), *arguments[2:]]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def call(folder, way, counts, seconds):
    function = WAYS[way](folder)("slow", slow)
    print("ready", flush=True)
    sys.stdin.readline()
    function(counts, float(seconds))
    print("done", flush=True)


def once(folder, way):
    counts = os.path.join(folder, f"counts-{way}-{time.time_ns()}")
    workers = [start(folder, way, counts, 0.5) for _ in range(PROCESSES)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate()
    with open(counts) as file:
        return len(file.readlines())


def passed(folder):
    counts = os.path.join(folder, f"counts-{time.time_ns()}")
    first, second = start(folder, "ours", counts, 60), start(folder, "ours", counts, 60)
    for worker in (first, second):
        assert worker.stdout.readline() == "ready\n"
    first.stdin.write("go\n")
    first.stdin.flush()
    assert first.stdout.readline() == "computes\n"
    second.stdin.write("go\n")
    second.stdin.flush()
    time.sleep(0.3)  # the second waits by now
    begun = time.perf_counter()
    first.kill()  # what started it was replaced by it
    assert second.stdout.readline() == "computes\n"
    took = time.perf_counter() - begun
    for worker in (first, second):
        worker.kill()
        worker.communicate()
    return took


def count(folder):
    """The result of `shared(1)` is stored by another language."""
    executed = []
    ours(folder)("shared", lambda n: executed.append(n) or b"computed again")(n=1)
    return len(executed)


FEW = 200


def few_ours(folder):
    """Touch, list and delete by a tag; each entry is a block of some bytes with a tag."""
    import arrowcid
    store = arrowcid.open(os.path.join(folder, "few"), capacity=256 << 20)

    def fill():
        return [put.cid for put in store.put_raw_many([b"%d" % i for i in range(FEW)], tags={"few": "1"})]

    cids = fill()

    def delete():
        assert store.remove_where('tag.few = "1"').removed == FEW

    return fill, lambda: store.touch(cids, 86400), lambda: len(store.list_all('tag.few = "1"')), delete


def few_diskcache(folder):
    import diskcache
    cache = diskcache.Cache(os.path.join(folder, "few-diskcache"), tag_index=True)

    def fill():
        with cache.transact():
            for i in range(FEW):
                cache.set(i, b"%d" % i, tag="few")

    def touch():
        with cache.transact():
            for i in range(FEW):
                cache.touch(i, 86400)

    fill()
    return fill, touch, lambda: len(list(cache)), lambda: cache.evict("few")


def few(folder, operation, way, count):
    fill, touch, entries, delete = {"ours": few_ours, "diskcache": few_diskcache}[way](folder)
    run = {"touch": touch, "list": entries, "delete": delete}[operation]
    times = []
    for _ in range(count):
        if operation == "delete":
            fill()
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
        assert operation != "list" or result == FEW
    return statistics.median(times) * 1e3


def has(way):
    try:
        import numpy  # noqa: F401
        __import__({"ours": "arrowcid", "joblib-mmap": "joblib"}.get(way, way))
        return "yes"
    except ImportError as fault:
        return f"PEER MISSING: {fault}"


def main():
    if sys.argv[1] == "call":
        return call(*sys.argv[2:])
    folder = sys.argv[1]
    print("ready", flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "has":
            print(has(*rest), flush=True)
        elif word == "hit":
            print(hit(folder, rest[0], int(rest[1]), int(rest[2])), flush=True)
        elif word == "few":
            print(few(folder, rest[0], rest[1], int(rest[2])), flush=True)
        elif word == "once":
            print(once(folder, rest[0]), flush=True)
        elif word == "pass":
            print(passed(folder), flush=True)
        elif word == "count":
            print(count(folder), flush=True)


if __name__ == "__main__":
    main()
