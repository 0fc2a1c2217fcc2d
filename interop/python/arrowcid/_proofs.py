"""CIDs of batches and bytes that are in no store."""
from __future__ import annotations

import ctypes
from ctypes import byref, c_int64
from typing import Any

from ._arrow import ArrowArrayStream, array_capsules, batches_of, pointer_of, stream_capsule
from ._cid import Cid, cid_of
from ._errors import ErrorCode
from ._library import BATCHES_AT_ONCE, CID_BYTES, CError, bytes_of, call, failure, native


def cid(data: Any) -> Any:
    """The CID that a put would give: of one batch a ``Cid``, of a stream or of the bytes of an Arrow IPC stream or file
    a list of them. Nothing is stored."""
    out = ctypes.create_string_buffer(CID_BYTES)
    capsules = array_capsules(data)
    if capsules is not None:
        schema, array = pointer_of(capsules[0], b"arrow_schema"), pointer_of(capsules[1], b"arrow_array")
        call(native.cid_of_array, schema, array, out)
        return cid_of(out.raw)
    capsule = stream_capsule(data)
    if capsule is None:
        return _cids_of_ipc(data)
    cids = []
    stream = ArrowArrayStream.from_address(pointer_of(capsule, b"arrow_array_stream").value or 0)
    for one_schema, one in batches_of(stream):
        call(native.cid_of_array, byref(one_schema), byref(one), out)
        cids.append(cid_of(out.raw))
    return cids


def _cids_of_ipc(data: Any) -> list[Cid]:
    with bytes_of(data) as (address, length):
        capacity = BATCHES_AT_ONCE
        while True:
            out, count, error = ctypes.create_string_buffer(capacity * CID_BYTES), c_int64(), CError()
            code = native.cid_of_ipc(address, length, out, capacity, byref(count), byref(error))
            if code == 0:
                return [cid_of(out.raw[i * CID_BYTES:(i + 1) * CID_BYTES]) for i in range(count.value)]
            if code != ErrorCode.TOO_LARGE or count.value <= capacity:
                raise failure(code, error)
            capacity = count.value


def check(data: Any) -> Cid:
    """The CID of bytes that are a batch's canonical block; ``NotCanonical`` says where they are not, and by which
    rule."""
    out = ctypes.create_string_buffer(CID_BYTES)
    with bytes_of(data) as (address, length):
        call(native.check, address, length, out)
    return cid_of(out.raw)
