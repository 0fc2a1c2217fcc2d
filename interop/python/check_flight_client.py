"""Every call of arrowcid_flight.py against ``arrowcid serve``.

    check_flight_client.py all ADDRESS TOKEN FLIGHTS     says what ArrowCid.ProcessTests/Flight/FlightClientTests.cs waits for
    check_flight_client.py local ADDRESS TOKEN CID [ROOTS [CERTIFICATE KEY]]  `local N` or `remote N`
    check_flight_client.py get ADDRESS TOKEN CID [ROOTS [CERTIFICATE KEY]]    `rows N`, or `mismatch`
"""
import sys

import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.ipc as ipc

import arrowcid_flight as af

try:
    from arrowcid import connect
except ImportError:  # without libarrowcid
    connect = af.connect

ABSENT = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"


def fails(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError(f"{kind} was expected")


def check(address, token, flights):
    with ipc.open_file(flights) as file:
        batch = file.get_batch(0)
    with af.connect(address, token, local=False) as client:
        assert not client.is_local
        pair = client.flight.authenticate_basic_token(b"anybody", token.encode())
        assert pair[1].decode().startswith("Bearer ")
        ack = client.put(batch, tags={"from": "python"}, producer="check", json_facts={"a": [1]})
        assert ack.is_new and ack.cid == af.cid_of(batch) and ack.rows == batch.num_rows, ack
        assert not client.put(batch, expected_cid=ack.cid).is_new
        fails(pa.ArrowInvalid, lambda: client.put(batch, expected_cid=ABSENT))
        print("cid", ack.cid, flush=True)
        assert client.get(ack.cid).equals(batch)
        assert client.info(ack.cid).total_records == batch.num_rows
        assert client.schema(ack.cid).equals(batch.schema)

        parts = [batch.slice(k * 1000, 1000) for k in range(4)]
        acks = client.put_all(parts, name="parts")
        assert len(acks) == 5 and acks[4].is_stream and acks[4].name == "parts", acks
        assert client.read(name="parts").equals(pa.Table.from_batches(parts))
        some = client.read(name="parts", columns=[batch.schema.names[1]], first_row=1500, rows=20)
        assert some.equals(pa.Table.from_batches([batch]).select([1]).slice(1500, 20))
        assert client.resolve("parts") == acks[4].cid and client.resolve("nothing") is None
        many = list(client.get_many(each.cid for each in acks[:4]))
        assert all(one.equals(other) for one, other in zip(many, parts)) and len(many) == 4
        fails(KeyError, lambda: list(client.get_many([acks[0].cid, ABSENT])))
        cut = client.put_all([batch.slice(k * 100, 100) for k in range(30)], cut_rows=1000)
        assert [each.cid for each in cut] == [each.cid for each in acks[:3]], cut

        def broken():
            yield parts[0]
            raise RuntimeError("of the caller's")
        fails(RuntimeError, lambda: client.put_all(broken(), name="half"))
        assert client.resolve("half") is None

        listed = {entry.cid: entry for entry in client.list()}
        assert {ack.cid, *(each.cid for each in acks)} == set(listed), listed
        assert listed[acks[4].cid].known["kind"] == "dataset" and listed[acks[4].cid].known["batches"] == 4, listed
        assert listed[ack.cid].known["tags"] == {"from": "python"} and listed[ack.cid].rows == batch.num_rows
        assert [entry.cid for entry in client.list("kind = batch and rows > 1000")] == [ack.cid] and len(list(client.list(limit=2))) == 2
        assert ack.cid in client.catalog("kind = batch").column("cid").to_pylist()
        assert {"pin", "name", "tag"} <= client.actions().keys()
        client.tag(ack.cid, "day", "monday")
        client.pin(ack.cid)
        known = client.describe(ack.cid)
        assert known["tags"] == {"from": "python", "day": "monday"} and known["json"] == {"a": [1]}, known
        assert client.unpin(ack.cid)
        client.set_name("n", ack.cid)
        fails(fl.FlightError, lambda: client.set_name("n", ABSENT, expected=ABSENT))
        client.set_name("n", None)
        assert client.resolve("n") is None and client.find_missing([ack.cid, ABSENT]) == [ABSENT]
        fails(KeyError, lambda: client.get(ABSENT))
        fails(fl.FlightUnauthenticatedError, lambda: list(af.connect(address, "wrong-token-0123456789").list()))
        with af.connect(address) as nobody:
            assert nobody.get(ack.cid).num_rows == batch.num_rows
            fails(fl.FlightUnauthenticatedError, lambda: nobody.put(batch))

        puts = client.watch(heartbeat=1, ready=lambda cursor: print("ready", cursor, flush=True))
        for put in puts:
            print("heard", put.kind, put.cid, put.rows, flush=True)
            if put.rows == 2:
                break


def get(address, token, cid, *tls):
    names = ("tls_root_certs", "cert_chain", "private_key")
    with af.connect(address, token, local=False, **{n: open(file, "rb").read() for n, file in zip(names, tls)}) as client:
        try:
            print("rows", client.get(cid).num_rows)
        except af.Mismatch:
            print("mismatch")


def local(address, token, cid, *tls):
    options = {name: open(file, "rb").read() for name, file in zip(("tls_root_certs", "cert_chain", "private_key"), tls)}
    with connect(address, token, **options) as client:
        assert isinstance(client, af.Client)
        batch = client.get(cid)
        mapped = mapping_of(batch.column(0).buffers()[1].address)
        assert client.is_local == ("/seg-" in mapped), mapped
        assert client.is_local == (client.local_store is not None)
        fails(KeyError, lambda: client.get(ABSENT))
        many = list(client.get_many([cid, cid]))
        assert len(many) == 2 and many[1].equals(batch)
        print("local" if client.is_local else "remote", batch.num_rows)
    # What was read in place stays.
    assert batch.column(0)[batch.num_rows - 1].as_py() == 7, batch.column(0)


def mapping_of(address):
    with open("/proc/self/maps") as maps:
        for line in maps:
            first, last = (int(part, 16) for part in line.split()[0].split("-"))
            if first <= address < last:
                return line
    return ""


if __name__ == "__main__":
    {"all": check, "get": get, "local": local}[sys.argv[1]](*sys.argv[2:])
