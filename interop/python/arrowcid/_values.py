"""Values of Python as blocks, and back: what a cached function may return, and arguments that are blocks."""
from __future__ import annotations

import ctypes
import json
import os
import sys
from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from . import _call
from ._batch import Batch
from ._cid import Cid, cid_of
from ._dataset import Dataset
from ._errors import BlockNotFound
from ._library import CID_BYTES, CBlock, call, native
from ._proofs import cid as _cid_of
from ._records import Put

if TYPE_CHECKING:
    from ._store import Store

    Stored = Tuple[Cid, List[Cid], str]


class _Handler(NamedTuple):
    name: str
    """The form that the result has, in the tag of that name."""
    matches: Callable[[Any], bool]
    put: Callable[["Store", Any], "Optional[Stored]"]
    """Stores a value: its CID, the blocks that are new, and the form. None where it cannot."""
    get: Callable[["Store", Cid, str], Any]
    priority: int


_handlers: List[_Handler] = []
_by_name: Dict[str, _Handler] = {}


def register(type: Any, to_batch: Callable[[Any], Any], from_batch: Callable[[Any], Any], *, priority: int = 0,
             name: str | None = None) -> None:
    """Lets cached functions return objects of a type.

    :param to_batch: makes of an object what the store takes: a ``pyarrow.RecordBatch`` or ``Table``, or ``bytes``.
    :param from_batch: makes an object again of the ``pyarrow.RecordBatch``, ``Table`` or ``bytes``.
    :param priority: of several handlers that match the one with the greatest is taken; built-in ones have 0.
    :param name: what results of the type are called in the store, up to 60 bytes; else the type's module and name.
    """
    form = name or f"{type.__module__}.{type.__qualname__}"
    if not 0 < len(form.encode()) <= 60:
        raise ValueError(f"the name of a handler has 1 to 60 bytes: {form!r}")

    def put(store: "Store", value: Any) -> "Optional[Stored]":
        stored = _put(store, to_batch(value), _handlers_of(built_in=True))
        return None if stored is None else (stored[0], stored[1], f"{form}|{stored[2]}"[:63])

    def get(store: "Store", cid: Cid, rest: str) -> Any:
        return from_batch(load(store, cid, rest))

    _forms.clear()
    _by_name[form] = made = _Handler(form, lambda value: isinstance(value, type), put, get, priority)
    _handlers.append(made)
    _handlers.sort(key=lambda each: -each.priority)


def _handlers_of(built_in: bool) -> List[_Handler]:
    return [each for each in _handlers if each.name in _BUILT_IN] if built_in else _handlers


def store_value(store: "Store", value: Any) -> "Stored":
    """Stores what a function returned."""
    stored = _put(store, value, _handlers)
    if stored is not None:
        return stored
    kind = type(value)
    raise TypeError(f"a result of {kind.__module__}.{kind.__qualname__} is no data that the store holds, and it is "
                    "never pickled: return a batch, a table, a data frame, an array, bytes, a number or text, or "
                    f"arrowcid.register({kind.__qualname__}, to_batch, from_batch)")


def _put(store: "Store", value: Any, handlers: List[_Handler]) -> "Optional[Stored]":
    for each in handlers:
        if each.matches(value):
            stored = each.put(store, value)
            if stored is not None:
                return stored
    return None


def load(store: "Store", cid: Cid, form: str) -> Any:
    """A stored value in a form; where the form is of another language or none, as what the block is."""
    name, _, rest = form.partition("|") if "|" in form else form.partition(":")
    handler = _by_name.get(name)
    if handler is not None:
        return handler.get(store, cid, rest)
    block = store.find(cid)
    if block is not None and block.kind == "dataset":
        return store.dataset(cid).to_pyarrow()
    batch = store[cid]
    return batch.to_pyarrow() if batch.schema_cid[0] else bytes(batch.buffer)


def load_held(store: "Store", found: Any, form: str | None) -> Any:
    """The value of a result: its bytes, and what else ``hit`` gave, or None.

    :param form: the form in which it is wanted; None: that of the result.
    """
    result = found[0]
    about = form or result[_FORM:]
    known = _forms.get(about)
    if known is None:
        text = form or result[_FORM:result.index(b"\0", _FORM)].decode()
        name, _, rest = text.partition("|") if "|" in text else text.partition(":")
        known = (getattr(_by_name.get(name), "get", None) is _get_array, rest, text)
        if len(_forms) >= 1024:
            _forms.clear()
        _forms[about] = known
    is_array, rest, text = known
    if is_array and len(found) > 2:
        layout = _layouts.get((rest, found[2][_SCHEMA]))
        if layout is not None:
            return _array_over(layout, *found[1:])
    return load(store, cid_of(result[:CID_BYTES]), text)


# What a form says, by its bytes in a result or its text.
_forms: Dict[Any, Tuple[bool, str, str]] = {}
_FORM = 56


def _of(module: str, *names: str) -> Callable[[Any], bool]:
    """Whether a value is of a type of a module, which is not imported for that."""
    def matches(value: Any) -> bool:
        loaded = sys.modules.get(module)
        return loaded is not None and isinstance(value, tuple(getattr(loaded, each) for each in names))
    return matches


_is_batch, _is_table = _of("pyarrow", "RecordBatch"), _of("pyarrow", "Table")
_is_frame, _is_polars, _is_array = _of("pandas", "DataFrame"), _of("polars", "DataFrame"), _of("numpy", "ndarray")


def _put_table(store: "Store", table: Any, form: str) -> "Stored":
    puts = store.put(table)
    if not puts:
        import pyarrow
        puts = [store.put(pyarrow.record_batch([pyarrow.array([], field.type) for field in table.schema],
                                               schema=table.schema))]
    created = [put.cid for put in puts if put.is_new]
    if len(puts) == 1:
        return puts[0].cid, created, form
    whole = store.put_dataset([put.cid for put in puts])
    return whole.cid, created + [whole.cid] * whole.is_new, form


def _get_table(store: "Store", cid: Cid, _: str) -> Any:
    if cid.codec == 0x71:
        return store.dataset(cid).to_pyarrow()
    import pyarrow
    return pyarrow.Table.from_batches([store[cid].to_pyarrow()])


def _put_batch(store: "Store", batch: Any) -> "Stored":
    put = store.put(batch)
    return put.cid, [put.cid] * put.is_new, "batch"


def _table_of_frame(frame: Any) -> Any:
    import pyarrow
    return pyarrow.Table.from_pandas(frame)


def _get_polars(store: "Store", cid: Cid, rest: str) -> Any:
    import polars
    return polars.from_arrow(_get_table(store, cid, rest))


def _is_dlpack(value: Any) -> bool:
    return hasattr(type(value), "__dlpack__") and not _is_array(value)


def _of_dlpack(value: Any) -> Any:
    """A tensor of another library as a numpy array over its memory."""
    import numpy
    return numpy.from_dlpack(value.detach() if hasattr(value, "detach") else value)


def tensor_batch(array: Any) -> Any:
    """An array as a batch of one row of ``arrow.fixed_shape_tensor``; None where Arrow has no such numbers."""
    import numpy
    import pyarrow
    values = numpy.ascontiguousarray(array).reshape(-1)
    if values.dtype == numpy.bool_:
        values = values.view(numpy.uint8)
    if values.dtype.kind not in "iuf" or not values.dtype.isnative or values.size == 0:
        return None
    items = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(values), values.size)
    about = {"ARROW:extension:name": "arrow.fixed_shape_tensor",
             "ARROW:extension:metadata": json.dumps({"shape": list(array.shape)}, separators=(",", ":"))}
    field = pyarrow.field("tensor", items.type, nullable=False, metadata=about)
    return pyarrow.record_batch([items], schema=pyarrow.schema([field]))


def _put_array(store: "Store", array: Any) -> "Optional[Stored]":
    batch = tensor_batch(array)
    if batch is None:
        return None
    put = store.put(batch)
    shape = ",".join(str(each) for each in array.shape)
    return put.cid, [put.cid] * put.is_new, f"tensor:{array.dtype.str[1:]}:{shape}"


def _get_array(store: "Store", cid: Cid, rest: str) -> Any:
    lease = native.python_get(store._open().value, cid)
    if lease is None:
        raise BlockNotFound(f"no block {cid} in {store.directory}")
    about = native.python_block(lease)
    known = _layouts.get((rest, about[_SCHEMA]))
    if known is None:
        return _read_array(store, cid, rest, about)
    at, length, handle = ctypes.c_void_p(), ctypes.c_int64(), ctypes.c_int64(native.python_handle(lease))
    if native.lease_block(handle, byref(at), byref(length), None, None):
        call(native.lease_block, handle, byref(at), byref(length), None)  # again, for what it says
    return _array_over(known, lease, about, at.value or 0, length.value)


def _array_over(layout: Any, lease: Any, _: bytes, at: int, length: int) -> Any:
    """An array over the memory of a lease."""
    kind, offset, shape, count, plain = layout
    memory = (_byte * length).from_address(at)
    # The array refers to the memory, and the memory to its lease.
    memory._lease = lease  # type: ignore[attr-defined]
    array = _frombuffer(memoryview(memory).toreadonly(), kind, count, offset)
    return array if plain else array.reshape(shape)


# Where the values of a tensor begin in its block: the same for every block of one schema, for a tensor has one row.
_layouts: Dict[Tuple[str, bytes], Any] = {}
_SCHEMA = slice(CBlock.schema_cid.offset, CBlock.schema_cid.offset + CBlock.schema_cid.size)
_byte = ctypes.c_uint8
_frombuffer: Any = None


def _read_array(store: "Store", cid: Cid, rest: str, about: bytes) -> Any:
    """An array by way of the batch, and where its values are."""
    global _frombuffer
    import numpy
    _frombuffer = numpy.frombuffer
    kind, _, shape = rest.partition(":")
    batch = store[cid]
    if not kind:
        field = batch.schema.field(0)
        shape = ",".join(str(each) for each in json.loads((field.metadata or {}).get(
            b"ARROW:extension:metadata", b'{"shape":[]}'))["shape"])
    whole = batch.numpy(0)
    array = whole[0]
    if kind == "b1":
        array = array.view(bool)
    array = array.reshape([int(each) for each in shape.split(",")] if shape else ())
    if len(whole) == 1:
        block = batch.buffer
        offset = whole.__array_interface__["data"][0] - numpy.frombuffer(block, "u1").__array_interface__["data"][0]
        if len(_layouts) >= 256:
            _layouts.clear()
        _layouts[rest, about[_SCHEMA]] = (array.dtype, offset, array.shape, array.size, array.ndim == 1)
    return array


def _put_bytes(store: "Store", data: Any) -> "Stored":
    put = store.put_raw(bytes(data))
    return put.cid, [put.cid] * put.is_new, "bytes"


def _put_data(store: "Store", value: Any) -> "Optional[Stored]":
    """A scalar, or a small map or list of them, as a batch of one row; None where it would not come back equal."""
    import pyarrow
    is_map = isinstance(value, dict) and len(value) > 0 and all(isinstance(key, str) for key in value)
    try:
        batch = pyarrow.RecordBatch.from_pylist([value if is_map else {"value": value}])
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError, OverflowError):
        return None
    row = batch.to_pylist()[0]
    if not _is_same(row if is_map else row["value"], value):
        return None
    put = store.put(batch)
    return put.cid, [put.cid] * put.is_new, "map" if is_map else "scalar"


def _is_same(one: Any, other: Any) -> bool:
    """Equal in types too: 1 is not True, and not 1.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other) or one != one and other != other


_handlers += [
    _Handler("arrowcid.Batch", lambda value: isinstance(value, Batch),
             lambda store, value: (value.cid, [], "arrowcid.Batch"), lambda store, cid, _: store[cid], 0),
    _Handler("arrowcid.Dataset", lambda value: isinstance(value, Dataset),
             lambda store, value: (value.cid, [], "arrowcid.Dataset"), lambda store, cid, _: store.dataset(cid), 0),
    _Handler("batch", _is_batch, _put_batch, lambda store, cid, _: store[cid].to_pyarrow(), 0),
    _Handler("table", _is_table, lambda store, value: _put_table(store, value, "table"), _get_table, 0),
    _Handler("pandas", _is_frame, lambda store, value: _put_table(store, _table_of_frame(value), "pandas"),
             lambda store, cid, rest: _get_table(store, cid, rest).to_pandas(), 0),
    _Handler("polars", _is_polars, lambda store, value: _put_table(store, value, "polars"), _get_polars, 0),
    _Handler("tensor", _is_array, _put_array, _get_array, 0),
    _Handler("dlpack", _is_dlpack, lambda store, value: _put_array(store, _of_dlpack(value)), _get_array, 0),
    _Handler("bytes", lambda value: isinstance(value, (bytes, bytearray)) and not isinstance(value, Cid), _put_bytes,
             lambda store, cid, _: bytes(store[cid].buffer), 0),
    _Handler("scalar", lambda value: value is None or isinstance(value, (bool, int, float, str, list)), _put_data,
             lambda store, cid, _: store[cid].to_pyarrow().to_pylist()[0]["value"], 0),
    _Handler("map", lambda value: isinstance(value, dict), _put_data,
             lambda store, cid, _: store[cid].to_pyarrow().to_pylist()[0], 0),
]
_by_name.update((each.name, each) for each in _handlers)
_BUILT_IN = frozenset(_by_name)


def _cid_of_table(table: Any) -> bytes:
    """A table counts by its rows and schema, however they are cut into batches."""
    import pyarrow
    batches = table.combine_chunks().to_batches()
    return bytes(_cid_of(batches[0] if batches else pyarrow.record_batch(
        [pyarrow.array([], field.type) for field in table.schema], schema=table.schema)))


def _cid_of_array(array: Any) -> bytes:
    batch = tensor_batch(array)
    if batch is None:
        raise TypeError(f"an array of {array.dtype} and {array.size} items is no block")
    return bytes(_cid_of(batch))


def _cid_of_stream(frame: Any) -> bytes:
    import pyarrow
    return _cid_of_table(pyarrow.table(frame))


_call._inputs += [
    (lambda value: isinstance(value, Cid), bytes),
    (lambda value: isinstance(value, (Batch, Dataset, Put)), lambda value: bytes(value.cid)),
    (_is_batch, lambda value: bytes(_cid_of(value))),
    (_is_table, _cid_of_table),
    (_is_frame, lambda value: _cid_of_table(_table_of_frame(value))),
    (_is_polars, _cid_of_stream),
    (lambda value: _is_array(value) and value.shape != (), _cid_of_array),
    (_is_dlpack, lambda value: _cid_of_array(_of_dlpack(value))),
    (lambda value: isinstance(value, os.PathLike), _call.file_cid),
]
