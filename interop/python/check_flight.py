"""What a client that knows only pyarrow.flight does with `arrowcid serve`: each check is a function of this file.

    check_flight.py CHECK ADDRESS TOKEN [ARGUMENT...]

It prints what the caller goes on with, and ends with 1 and a traceback where something is not as it should be.
"""

import base64
import decimal
import json
import os
import struct
import subprocess
import sys

import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.ipc as ipc

ABSENT = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"


def bearer(token):
    return fl.FlightCallOptions(timeout=100, headers=[(b"authorization", b"Bearer " + token.encode())])


def path(*parts):
    return fl.FlightDescriptor.for_path(*parts)


def ticket(**request):
    return fl.Ticket(json.dumps(request).encode())


def table(rows=1000):
    return pa.table({
        "i": pa.array([None if k % 9 == 4 else k for k in range(rows)], pa.int64()),
        "f": pa.array([k / 7 for k in range(rows)], pa.float64()),
        "b": pa.array([k % 3 == 0 for k in range(rows)]),
        "s": pa.array([None if k % 11 == 3 else f"text {k}" for k in range(rows)]),
        "d": pa.array([f"day {k % 5}" for k in range(rows)]).dictionary_encode(),
        "l": pa.array([list(range(k % 4)) for k in range(rows)], pa.list_(pa.int32())),
        "t": pa.array([{"x": k, "y": str(k)} for k in range(rows)]),
        "m": pa.array([decimal.Decimal(k) / 100 for k in range(rows)], pa.decimal128(20, 2)),
    })


def put(client, options, to, batches, schema=None):
    """Puts batches, reading each answer before the next is sent; then the answer for the whole, if there is one."""
    writer, reader = client.do_put(to, schema or batches[0].schema, options=options)
    acks = []
    for k, batch in enumerate(batches):
        writer.write_with_metadata(batch, f"mark {k}".encode())
        acks.append(json.loads(reader.read().to_pybytes()))
        assert acks[k]["appMetadata"] == f"mark {k}" and acks[k]["index"] == k, acks[k]
        assert acks[k]["rows"] == batch.num_rows, acks[k]
    writer.done_writing()
    while (more := reader.read()) is not None:
        acks.append(json.loads(more.to_pybytes()))
    writer.close()
    return acks


def fails(kind, call, words=""):
    try:
        call()
    except kind as e:
        assert words in str(e), e
        return e
    raise AssertionError(f"{kind} was expected")


def fetch_by_cid(client, token, target, *kinds):
    """A batch of each kind is put, fetched without a token, and written as an IPC stream; prints CIDs and files."""
    for name in table().column_names:
        batch = table().select([name]).combine_chunks().to_batches()[0]
        cid = put(client, bearer(token), path("put"), [batch])[0]["cid"]
        got = client.do_get(fl.Ticket(cid.encode())).read_all()
        assert got.equals(pa.Table.from_batches([batch])), name
        assert client.do_get(fl.Ticket(base64.b32decode((cid[1:].upper() + "=" * (-(len(cid) - 1) % 8))))).read_all() \
            .equals(got), "the CID's bytes are a ticket too"
        file = os.path.join(target, name + ".arrows")
        with pa.OSFile(file, "wb") as sink, ipc.new_stream(sink, got.schema) as stream:
            for part in got.to_batches():
                stream.write_batch(part)
        print(cid, file)


def put_list_and_name(client, token, *_):
    options = bearer(token)
    whole = table()
    acks = put(client, options, path("flights"), whole.to_batches(max_chunksize=300))
    assert len(acks) == 5 and acks[4]["isStream"] and acks[4]["name"] == "flights" and acks[4]["rows"] == 1000, acks
    cids = [ack["cid"] for ack in acks[:4]]
    info = client.get_flight_info(path("flights"), options)
    assert info.total_records == 1000 and info.schema.equals(whole.schema), info
    assert [e.ticket.ticket.decode() for e in info.endpoints] == cids and not info.endpoints[0].locations
    parts = pa.concat_tables([client.do_get(e.ticket, options).read_all() for e in info.endpoints])
    assert parts.column("i").equals(whole.column("i"))
    assert client.get_schema(path("cid", cids[0]), options).schema.equals(whole.schema)
    assert client.do_get(ticket(cids=cids), options).read_all().column("s").combine_chunks() \
        .equals(whole.column("s").combine_chunks())
    part = client.do_get(ticket(name="flights", columns=["f", "i"], firstRow=250, rows=100), options).read_all()
    assert part.equals(whole.select(["f", "i"]).slice(250, 100)), part
    listed = {f.descriptor.path[0].decode(): f for f in client.list_flights(b"", options)}
    assert sorted(listed) == sorted([*cids, acks[4]["cid"]]), list(listed)
    dataset = listed[acks[4]["cid"]]
    assert dataset.total_records == 1000 and dataset.schema.equals(whole.schema), dataset
    assert [e.ticket.ticket.decode() for e in dataset.endpoints] == cids, dataset
    assert json.loads(dataset.app_metadata)["kind"] == "dataset", dataset.app_metadata
    assert len(list(client.list_flights(b"rows = 100", options))) == 1
    assert len(list(client.list_flights(json.dumps({"limit": 2}).encode(), options))) == 2
    rows = client.do_get(fl.Ticket(b'["catalog", "kind = batch"]'), options).read_all().to_pylist()
    assert sorted(r["cid"] for r in rows) == sorted(cids), rows
    asked = fl.FlightCallOptions(headers=[(b"x-arrowcid-locations", b"http,shm")])
    end = client.get_flight_info(path(cids[0]), asked).endpoints[0]
    assert [u.uri.decode().split("?")[0] for u in end.locations][0] == "arrow-flight-reuse-connection://", end
    assert cids[0] in end.locations[1].uri.decode(), end


def slices(client, token, *_):
    """Messages stay below what the client takes, and together they are the batch."""
    whole = table(50_000)
    cid = put(client, bearer(token), path("put"), whole.combine_chunks().to_batches())[0]["cid"]
    for limit in (1 << 16, 1 << 18):
        reader = client.do_get(ticket(cids=[cid], maxMessageBytes=limit))
        marks, parts = [], []
        for chunk in reader:
            marks.append(chunk.app_metadata.to_pybytes().decode())
            parts.append(chunk.data)
            assert chunk.data.nbytes <= limit, (chunk.data.nbytes, limit)
        assert marks == [f"{cid} {k}/{len(marks)}" for k in range(len(marks))], marks
        got = pa.Table.from_batches(parts)
        assert len(parts) > 1 and all(got.column(n).cast(whole.schema.field(n).type).to_pylist()
                                      == whole.column(n).to_pylist() for n in whole.column_names)


def compressed(client, token, *_):
    """Batches that are compressed on request are the same, and smaller on the wire."""
    whole = table(50_000)
    cid = put(client, bearer(token), path("put"), whole.combine_chunks().to_batches())[0]["cid"]
    want = repr(client.do_get(ticket(cids=[cid])).read_all().to_pylist())
    for codec in ("lz4", "zstd"):
        for reader in (client.do_get(ticket(cids=[cid], compression=codec)),
                       client.do_get(ticket(cids=[cid]), fl.FlightCallOptions(headers=[(b"arrowcid-compression", codec.encode())])),
                       client.do_get(ticket(cids=[cid], compression=codec, maxMessageBytes=1 << 18))):
            got = reader.read_all()
            got.validate(full=True)
            assert repr(got.to_pylist()) == want, codec
    assert client.do_get(ticket(cids=[cid], compression="none")).read_all().num_rows == 50_000
    try:
        client.do_get(ticket(cids=[cid], compression="brotli")).read_all()
        raise AssertionError("brotli is taken")
    except pa.ArrowInvalid as e:
        assert "lz4, zstd or none" in str(e), e
    info = client.get_flight_info(fl.FlightDescriptor.for_command(json.dumps({"cids": [cid], "compression": "zstd"})), bearer(token))
    assert client.do_get(info.endpoints[0].ticket).read_all().num_rows == 50_000


def actions(client, token, *_):
    options = bearer(token)
    cid = put(client, options, path("put"), table(10).to_batches())[0]["cid"]

    def act(kind, body=None):
        text = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return json.loads(next(iter(client.do_action(fl.Action(kind, text), options))).body.to_pybytes())

    assert {a.type for a in client.list_actions(options)} >= {"name", "pin", "verify", "CancelFlightInfo"}
    act("tag", {"cid": cid, "key": "day", "value": "monday"})
    act("put-facts", {"cid": cid, "producer": "check", "json": {"a": [1]}})
    known = act("describe", cid)
    assert known["tags"] == {"day": "monday"} and known["producer"] == "check" and known["json"] == {"a": [1]}, known
    assert act("find-missing", {"cids": [cid, ABSENT]}) == {"missing": [ABSENT]}
    assert act("verify", cid)["isIntact"]
    act("name", {"name": "n", "cid": cid})
    assert act("resolve", {"name": "n"}) == {"cid": cid}
    fails(fl.FlightError, lambda: act("name", {"name": "n", "cid": cid, "expected": ABSENT}))
    act("name", {"name": "n", "cid": None})
    fails(KeyError, lambda: act("resolve", {"name": "n"}))
    act("pin", cid)
    assert act("unpin", cid)["wasPinned"]
    fails(NotImplementedError, lambda: act("no such action"))
    fails(pa.ArrowInvalid, lambda: act("tag", "{not json"))


def export(client, token, *_):
    """A dataset as Parquet and as an Arrow stream, in results of a MiB at most."""
    import pyarrow.parquet as pq

    whole = table(90_000)
    acks = put(client, bearer(token), path("whole"), whole.to_batches(max_chunksize=30_000))
    for kind, read in (("parquet", pq.read_table), ("arrow", lambda file: ipc.open_stream(file).read_all())):
        body = json.dumps({"cid": acks[-1]["cid"], "format": kind}).encode()
        results = [r.body.to_pybytes() for r in client.do_action(fl.Action("export", body))]
        about, pieces = json.loads(results[0]), results[1:]
        assert about["bytes"] == sum(map(len, pieces)) and max(map(len, pieces)) <= 1 << 20 and len(pieces) > 1, about
        got = read(pa.BufferReader(b"".join(pieces)))
        assert got.column("i").to_pylist() == whole.column("i").to_pylist(), kind
        assert got.column("s").to_pylist() == whole.column("s").to_pylist(), kind


def errors(client, token, *_):
    options = bearer(token)
    fails(KeyError, lambda: client.get_flight_info(path("nothing of that name"), options))
    fails(KeyError, lambda: client.do_get(fl.Ticket(ABSENT.encode())).read_all(), ABSENT)
    fails(pa.ArrowInvalid, lambda: client.get_flight_info(path("cid", "not a cid"), options))
    fails(pa.ArrowInvalid, lambda: client.do_get(fl.Ticket(b"{"), options).read_all())
    fails(pa.ArrowInvalid, lambda: list(client.list_flights(b"rows >", options)))
    fails(fl.FlightUnauthenticatedError, lambda: list(client.list_flights()))
    fails(fl.FlightUnauthenticatedError, lambda: client.get_flight_info(path("x"), bearer("wrong")))
    # The error of a put that is refused comes at its end, or before.
    def refused():
        writer, reader = client.do_put(path("put"), table().schema, options=bearer("wrong"))
        for batch in table().to_batches():
            writer.write_batch(batch)
        writer.close()
    fails(fl.FlightUnauthenticatedError, refused)
    pair = client.authenticate_basic_token(b"anybody", token.encode())
    assert pair[1].decode().startswith("Bearer "), pair
    assert list(client.list_flights(b"", fl.FlightCallOptions(headers=[pair]))) is not None


def exchange(client, token, *_):
    acks = [put(client, bearer(token), path("put"), table(n).to_batches())[0]["cid"] for n in (10, 20, 30)]
    other = put(client, bearer(token), path("put"), table(10).select(["i"]).to_batches())[0]["cid"]
    writer, reader = client.do_exchange(path("get"))
    for cid, rows in zip(acks, (10, 20, 30)):
        writer.write_metadata(cid.encode())
        chunk = reader.read_chunk()
        assert chunk.data.num_rows == rows and chunk.app_metadata.to_pybytes().decode() == cid
    writer.write_metadata(f"{ABSENT} {other} {acks[0]}".encode())
    marks = []
    for _ in range(3):
        chunk = reader.read_chunk()
        marks.append((chunk.app_metadata.to_pybytes().decode(), chunk.data is not None))
    assert marks == [(f"{ABSENT} BlockNotFound", False), (f"{other} SchemaMismatch", False), (acks[0], True)], marks
    writer.close()


def cut(client, token, *_):
    """A stream of small batches becomes blocks of as many rows as was asked."""
    how = fl.FlightDescriptor.for_command(json.dumps({"cutRows": 400, "name": "cut", "tags": {"a": "b"}}))
    writer, reader = client.do_put(how, table().schema, options=bearer(token))
    for batch in table().to_batches(max_chunksize=70):
        writer.write_batch(batch)
    writer.done_writing()
    acks = []
    while (more := reader.read()) is not None:
        acks.append(json.loads(more.to_pybytes()))
    writer.close()
    assert [a["rows"] for a in acks] == [400, 400, 200, 1000], acks
    got = client.do_get(ticket(name="cut"), bearer(token)).read_all()
    assert got.column("s").to_pylist() == table().column("s").to_pylist()


def watch(client, token, *_):
    """Says `ready`, hears what the other end puts, and prints the cursor when the server goes down."""
    reader = client.do_get(ticket(watch=True), fl.FlightCallOptions(headers=bearer_headers(token)))
    chunk = reader.read_chunk()
    assert chunk.data.num_rows == 0
    cursor = chunk.app_metadata.to_pybytes().decode()
    print("ready", cursor, flush=True)
    try:
        while True:
            chunk = reader.read_chunk()
            cursor = chunk.app_metadata.to_pybytes().decode()
            for row in chunk.data.to_pylist():
                assert row["cursor"] == cursor or chunk.data.num_rows > 1
                print(row["kind"], row["cid"], row["rows"], flush=True)
    except fl.FlightUnavailableError as e:
        assert cursor in str(e), (cursor, e)
        print("end", cursor, flush=True)


def channels(client, token, *_):
    """Channels are made, published to and read by actions; messages come while they are published, and an exchange
    brings them to a participant that has none."""
    options = bearer(token)

    def act(action, **body):
        return [json.loads(result.body.to_pybytes()) for result in
                client.do_action(fl.Action(action, json.dumps(body).encode() if body else b""), options)]

    made, = act("channel-create", name="telemetry", open=True)
    assert made in act("channels"), made
    put(client, options, path("put"), table(10).to_batches())
    first, = act("channel-publish", channel="telemetry", text="one")
    stream = client.do_action(fl.Action("channel-read", json.dumps(
        {"channel": "telemetry", "from": "oldest"}).encode()), options)
    message = json.loads(next(stream).body.to_pybytes())
    assert message["cid"] == first["cid"] and base64.b64decode(message["bytes"]) == b"one", message
    # The second one is published while the stream waits for it.
    second, = act("channel-publish", channel=made["cid"], text="two")
    message = json.loads(next(stream).body.to_pybytes())
    assert (message["cid"], message["parents"]) == (second["cid"], [first["cid"]]), message
    again = act("channel-read", **{"channel": "telemetry", "from": "oldest", "idleMs": 0})
    assert [one["cid"] for one in again] == [first["cid"], second["cid"]], again
    assert act("channel-read", **{"channel": "telemetry", "from": again[0]["cursor"], "idleMs": 0}) == again[1:]
    # The greeting begins with a hello; one that wants all that is there, with nothing known, gets it, oldest first.
    greeting = [result.body.to_pybytes() for result in
                client.do_action(fl.Action("channel-exchange", made["cid"].encode() + b"\n"), options)]
    assert greeting[0].startswith(b"\x82\x00"), greeting
    link = b"\xd8\x2a\x58\x25\x00" + base64.b32decode(second["cid"][1:].upper() + "=" * 6)
    want = b"\x83\x03\x81" + link + b"\x80"
    answers = [result.body.to_pybytes() for result in client.do_action(fl.Action(
        "channel-exchange", made["cid"].encode() + b"\n" + struct.pack("<I", len(want)) + want), options)]
    assert [answer[:2] for answer in answers] == [b"\x82\x01"] * 2, answers
    assert b"two" in answers[1] and b"two" not in answers[0], answers
    fails(KeyError, lambda: act("channel-read", channel="none", idleMs=0))
    for body in ({"channel": "telemetry"}, {"channel": "telemetry", "text": "a", "contents": ["b"]}):
        fails(pa.ArrowInvalid, lambda: act("channel-publish", **body))
    fails(fl.FlightUnauthenticatedError, lambda: list(client.do_action(
        fl.Action("channel-publish", b'{"channel": "telemetry", "text": "x"}'))))


def resume(client, token, cursor, count):
    reader = client.do_get(fl.Ticket(json.dumps({"watch": True, "from": cursor}).encode()), bearer(token))
    found = []
    while len(found) < int(count):
        found += reader.read_chunk().data.to_pylist()
    for row in found:
        print(row["kind"], row["cid"], row["rows"])
    reader.cancel()


def bearer_headers(token):
    return [(b"authorization", b"Bearer " + token.encode())]


def die_in_a_put(client, token, *_):
    """Puts two batches, is killed while the third is under way; prints what was acknowledged."""
    python = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers", "python")
    child = subprocess.run(["/bin/sh", python, __file__, "die", sys.argv[2], token], stdout=subprocess.PIPE, check=False)
    assert child.returncode in (-9, 137), child
    cids = child.stdout.decode().split()
    assert len(cids) == 2, cids
    fails(KeyError, lambda: client.get_flight_info(path("half"), bearer(token)))
    for cid in cids:
        assert client.do_get(fl.Ticket(cid.encode())).read_all().num_rows == 100
    print(*cids)


def die(client, token, *_):
    writer, reader = client.do_put(path("half"), table().schema, options=bearer(token))
    for batch in table(200).to_batches(max_chunksize=100):
        writer.write_batch(batch)
        print(json.loads(reader.read().to_pybytes())["cid"], flush=True)
    big = pa.table({n: table().column(n).take(pa.array([k % 1000 for k in range(400_000)])) for n in table().column_names})
    import signal
    import threading
    threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    while True:
        writer.write_batch(big.combine_chunks().to_batches()[0])


if __name__ == "__main__":
    check, address, token = sys.argv[1:4]
    with fl.connect(address) as connection:
        globals()[check](connection, token, *sys.argv[4:])
    # As in check_http.py: an ordinary end may wait for ever for pyarrow's threads.
    sys.stdout.flush()
    os._exit(0)
