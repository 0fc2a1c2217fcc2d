"""The Arrow project's Flight integration scenarios, as a client that knows only pyarrow.flight plays them.

    check_scenarios.py SCENARIO ADDRESS [ARGUMENT...]

It ends with 1 and a traceback where something is not as the scenario wants it. What pyarrow has no call for (cancel,
renew, sessions) goes as the action that it is, with a body of protobuf by hand.
"""

import json
import struct
import sys
import time

import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.ipc as ipc

REUSE = b"arrow-flight-reuse-connection://?"


def field(number, value, wire=2):
    """A field of protobuf: bytes with their length, or what is given as it is."""
    size = len(value)
    length = b""
    while wire == 2:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            break
    return bytes([number << 3 | wire]) + length + value


def fields(message):
    """The fields of a message in order: number and value; no varint here is longer than a length."""
    at, found = 0, []

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        size = {0: 0, 1: 8, 5: 4}.get(tag & 7)
        if tag & 7 == 0:
            found.append((tag >> 3, varint()))
            continue
        size = varint() if size is None else size
        found.append((tag >> 3, bytes(message[at:at + size])))
        at += size
    return found


def act(client, name, body=b"", options=None):
    results = [result.body.to_pybytes() for result in client.do_action(fl.Action(name, body), options)]
    assert len(results) == 1, results
    return results[0]


def fails(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind} was expected")


def command(text):
    return fl.FlightDescriptor.for_command(text)


class Name(fl.ClientAuthHandler):
    """The older handshake: a name and a password, and a token on every call after it."""

    def __init__(self, name, password):
        super().__init__()
        self.sent, self.token = fl.BasicAuth(name, password), b""

    def authenticate(self, outgoing, incoming):
        outgoing.write(self.sent.serialize())
        self.token = incoming.read()

    def get_token(self):
        return self.token


def auth_basic_proto(address):
    with fl.connect(address) as client:
        fails(fl.FlightUnauthenticatedError, lambda: act(client, ""))
        fails(fl.FlightUnauthenticatedError, lambda: client.authenticate(Name("arrow", "wrong")))
    with fl.connect(address) as client:
        client.authenticate(Name("arrow", "flight"))
        assert act(client, "") == b"arrow"


def store_handshake(address, token):
    """The same against a store, where the password is a token and a listing what needs one."""
    with fl.connect(address) as client:
        fails(fl.FlightUnauthenticatedError, lambda: list(client.list_flights()))
        fails(fl.FlightUnauthenticatedError, lambda: client.authenticate(Name("arrow", "wrong")))
    with fl.connect(address) as client:
        client.authenticate(Name("arrow", token))
        assert list(client.list_flights()) == []


class Headers(fl.ClientMiddlewareFactory):
    """Sends headers, and keeps those of the last answer."""

    def __init__(self, **sent):
        super().__init__()
        self.sent, self.received = sent, {}

    def start_call(self, info):
        factory = self

        class Middleware(fl.ClientMiddleware):
            def sending_headers(self):
                return factory.sent

            def received_headers(self, headers):
                factory.received.update(headers)

        return Middleware()


def middleware(address):
    headers = Headers(**{"x-middleware": "expected value"})
    with fl.connect(address, middleware=[headers]) as client:
        fails(pa.ArrowException, lambda: client.get_flight_info(command(b"")))
        assert headers.received["x-middleware"] == ["expected value"], headers.received
        headers.received.clear()
        client.get_flight_info(command(b"success"))
        assert headers.received["x-middleware"] == ["expected value"], headers.received


def expiring(client):
    info = client.get_flight_info(command(b"expiration"))
    assert [end(e) is None for e in info.endpoints] == [True, False, False]
    return info


def end(endpoint):
    """When an endpoint ends: nanoseconds since 1970, or None."""
    return endpoint.expiration_time and endpoint.expiration_time.value


def expiration_time_do_get(address):
    with fl.connect(address) as client:
        info = expiring(client)
        assert [end(e) > time.time_ns() for e in info.endpoints[1:]] == [True, True]
        for k, endpoint in enumerate(info.endpoints):
            assert client.do_get(endpoint.ticket).read_all().column(0).to_pylist() == [k]
        # One without an end is good once, the others again.
        fails(pa.ArrowInvalid, lambda: client.do_get(info.endpoints[0].ticket).read_all())
        for k, endpoint in enumerate(info.endpoints[1:], 1):
            assert client.do_get(endpoint.ticket).read_all().column(0).to_pylist() == [k]


def expiration_time_list_actions(address):
    with fl.connect(address) as client:
        assert {action.type for action in client.list_actions()} == {"CancelFlightInfo", "RenewFlightEndpoint"}


def expiration_time_cancel_flight_info(address):
    with fl.connect(address) as client:
        info = expiring(client)
        assert fields(act(client, "CancelFlightInfo", field(1, info.serialize()))) == [(1, 1)], "CANCELLED is 1"
        for endpoint in info.endpoints:
            fails(pa.ArrowInvalid, lambda endpoint=endpoint: client.do_get(endpoint.ticket).read_all())


def expiration_time_renew_flight_endpoint(address):
    with fl.connect(address) as client:
        for endpoint in expiring(client).endpoints[1:]:
            renewed = fl.FlightEndpoint.deserialize(act(client, "RenewFlightEndpoint", field(1, endpoint.serialize())))
            assert end(renewed) > end(endpoint)
            assert renewed.ticket == endpoint.ticket


def do_exchange_echo(address):
    batches = [pa.record_batch([pa.array(range(k, k + 10), pa.int32())], ["x"]) for k in range(4)]
    with fl.connect(address) as client:
        writer, reader = client.do_exchange(command(b"echo"))
        with writer:
            writer.begin(batches[0].schema)
            for k, batch in enumerate(batches):
                if k % 2 == 0:
                    writer.write_with_metadata(batch, str(k).encode())
                else:
                    writer.write_batch(batch)
                chunk = reader.read_chunk()
                assert chunk.data.equals(batch), k
                assert (chunk.app_metadata.to_pybytes() == str(k).encode()) if k % 2 == 0 else chunk.app_metadata is None
            writer.done_writing()
            fails(StopIteration, reader.read_chunk)


class Cookies(Headers):
    """Shows the cookies that it was given."""

    def start_call(self, info):
        if given := self.received.get("set-cookie"):
            self.sent = {"cookie": given[-1].split(";")[0]}
        return super().start_call(info)


def value(given):
    match given:
        case None:
            return b""
        case int():
            return field(3, struct.pack("<q", given), 1)
        case float():
            return field(4, struct.pack("<d", given), 1)
        case list():
            return field(5, b"".join(field(1, each.encode()) for each in given))
    return field(1, given.encode())


def entries(message):
    return {dict(fields(entry))[1].decode(): dict(fields(entry)).get(2, b"") for _, entry in fields(message)}


def session(client):
    def read(option):
        (number, raw), = fields(option)
        match number:
            case 1:
                return raw.decode()
            case 3:
                return struct.unpack("<q", raw)[0]
            case 4:
                return struct.unpack("<d", raw)[0]
        return [each.decode() for _, each in fields(raw)]

    return {name: read(option) for name, option in entries(act(client, "GetSessionOptions")).items()}


def set_options(client, **options):
    body = b"".join(field(1, field(1, name.encode()) + field(2, value(given))) for name, given in options.items())
    return {name: dict(fields(error))[1] for name, error in entries(act(client, "SetSessionOptions", body)).items()}


def session_options(address):
    many = ["a", "b", "sea", "dee", " ", "  ", "geee", "(づ｡◕‿‿◕｡)づ"]
    with fl.connect(address, middleware=[Cookies()]) as client:
        fails(pa.ArrowInvalid, lambda: session(client))
        errors = set_options(client, foolong=123, bardouble=456.0, lol_invalid="this won't get set",
                             key_with_invalid_value="lol_invalid", big_ol_string_list=many)
        assert errors == {"lol_invalid": 1, "key_with_invalid_value": 2}, errors
        assert session(client) == {"foolong": 123, "bardouble": 456.0, "big_ol_string_list": many}
        assert set_options(client, foolong=None, big_ol_string_list="a,b,sea,dee, ,  ,geee,(づ｡◕‿‿◕｡)づ") == {}
        assert session(client) == {"bardouble": 456.0, "big_ol_string_list": "a,b,sea,dee, ,  ,geee,(づ｡◕‿‿◕｡)づ"}
        assert fields(act(client, "CloseSession")) == [(1, 1)], "CLOSED is 1"
        fails(pa.ArrowInvalid, lambda: session(client))


def app_metadata_flight_info_endpoint(address):
    with fl.connect(address) as client:
        info = client.get_flight_info(command(b"foobar"))
        assert info.app_metadata == b"foobar"
        assert [endpoint.app_metadata for endpoint in info.endpoints] == [b"foobar"]


def batches_of(file):
    with ipc.open_stream(file) as reader:
        return reader.schema, list(reader)


def round_trip(address, *files):
    """Each batch is answered by its app_metadata before the next is sent, and comes back with its number."""
    with fl.connect(address) as client:
        for file in files:
            schema, batches = batches_of(file)
            writer, reader = client.do_put(fl.FlightDescriptor.for_path(file), schema)
            with writer:
                for k, batch in enumerate(batches):
                    writer.write_with_metadata(batch, str(k).encode())
                    assert reader.read().to_pybytes() == str(k).encode(), (file, k)
            info = client.get_flight_info(fl.FlightDescriptor.for_path(file))
            assert info.schema.equals(schema, check_metadata=True), file
            assert len(info.endpoints) > 0, file
            for endpoint in info.endpoints:
                got = client.do_get(endpoint.ticket)
                for k, batch in enumerate(batches):
                    chunk = got.read_chunk()
                    assert same(chunk.data, batch), (file, k)
                    assert chunk.app_metadata.to_pybytes() == str(k).encode(), (file, k)
                fails(StopIteration, got.read_chunk)
            print(file)


def same(one, other):
    return one.equals(other) or (one.schema.equals(other.schema) and repr(one.to_pylist()) == repr(other.to_pylist()))


def store_round_trip(address, token, *files):
    """The same with a store: the answer has the app_metadata in it, and each batch comes back under its CID; what the
    canonical form leaves out of a schema (names of list items, empty metadata) is not compared."""
    options = fl.FlightCallOptions(headers=[(b"authorization", b"Bearer " + token.encode())])
    with fl.connect(address) as client:
        for k, file in enumerate(files):
            schema, batches = batches_of(file)
            to = fl.FlightDescriptor.for_path("put", f"file {k}")
            writer, reader = client.do_put(to, schema, options)
            cids = []
            with writer:
                for number, batch in enumerate(batches):
                    writer.write_with_metadata(batch, str(number).encode())
                    ack = json.loads(reader.read().to_pybytes())
                    assert ack["appMetadata"] == str(number), ack
                    cids.append(ack["cid"])
            if batches:
                info = client.get_flight_info(fl.FlightDescriptor.for_path("name", f"file {k}"), options)
                assert info.ordered and len(info.endpoints) == len(batches), file
                assert info.schema.equals(schema), file
                for endpoint, batch, cid in zip(info.endpoints, batches, cids):
                    got = client.do_get(endpoint.ticket)
                    chunk = got.read_chunk()
                    assert same(chunk.data, batch), (file, cid)
                    assert chunk.app_metadata.to_pybytes() == cid.encode()
                    fails(StopIteration, got.read_chunk)
            print(file)


def put(client, options, name, *columns):
    writer, _ = client.do_put(fl.FlightDescriptor.for_path("put", name), pa.schema([("number", pa.int32())]), options)
    with writer:
        for column in columns:
            writer.write_batch(pa.record_batch([pa.array(column, pa.int32())], ["number"]))


def ordered(address, token):
    options = fl.FlightCallOptions(headers=[(b"authorization", b"Bearer " + token.encode())])
    with fl.connect(address) as client:
        put(client, options, "ordered", [1, 2, 3], [10, 20, 30], [100, 200, 300])
        info = client.get_flight_info(command(b'["name", "ordered"]'), options)
        assert info.ordered and len(info.endpoints) == 3
        tables = [client.do_get(endpoint.ticket).read_all() for endpoint in info.endpoints]
        assert pa.concat_tables(tables).column(0).to_pylist() == [1, 2, 3, 10, 20, 30, 100, 200, 300]


def location_reuse_connection(address, token):
    options = fl.FlightCallOptions(headers=[(b"authorization", b"Bearer " + token.encode()), (b"x-arrowcid-locations", b"shm")])
    with fl.connect(address) as client:
        put(client, options, "reuse", [1, 2, 3])
        info = client.get_flight_info(command(b'["name", "reuse"]'), options)
        endpoint, = info.endpoints
        location, = endpoint.locations
        assert location.uri == REUSE, location
        assert client.do_get(endpoint.ticket).read_all().num_rows == 3


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
