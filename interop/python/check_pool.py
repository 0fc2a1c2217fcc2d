"""Two stores in one pool: ``interop/peers/python interop/python/check_pool.py FOLDER``. The pool is that of
``ARROWCID_REGISTRY`` and ``ARROWCID_BLOCKS``, the command that of ``ARROWCID_COMMAND``."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import arrowcid  # noqa: E402

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
with arrowcid.pool(store=os.path.join(folder, "a")) as a, arrowcid.pool(store=os.path.join(folder, "b")) as b:
    token = a.put({"px": [1.5, 2.5], "qty": [10, 20]}, name="quotes/latest", tags={"day": "2026-11-25"})
    batch = b.get("quotes/latest", after=token)
    assert batch.to_pyarrow().to_pydict() == {"px": [1.5, 2.5], "qty": [10, 20]}, batch
    cid = b.resolve("quotes/latest")
    assert cid in b.store
    assert b.store.resolve("quotes/latest") == cid
    assert [each["cid"] for each in b.list('tag.day = "2026-11-25"')] == [str(cid)]
    assert b.list('tag.day = "2026-11-26"', limit=1) == []
    assert any(each["kind"] == "name" for each in b.why("quotes/latest"))
    assert a.status()["names"] == 1
    try:
        b.push(cid, name="quotes/latest", expected="none")
        raise SystemExit("a name was replaced that had to be absent")
    except arrowcid.NameConflict:
        pass
    try:
        b.get("absent")
        raise SystemExit("a name was found that is not there")
    except arrowcid.NameNotFound:
        pass

try:
    arrowcid.pool("postgres://postgres@127.0.0.1:1/none", store=os.path.join(folder, "c"))
    raise SystemExit("a pool was joined that is not there")
except arrowcid.ArrowCidError as error:
    assert error.code == arrowcid.ErrorCode.POOL_UNAVAILABLE, (error, error.code)
print("ok")
