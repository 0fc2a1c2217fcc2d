#!/usr/bin/env python3
"""Proves an evidence bundle of ArrowCid offline, with Python's standard library alone.

    python3 -I -S verify.py report.car              proves every block, statement and signature
    python3 -I -S verify.py report.car --key p256:…  and that this key signed each of the bundle's roots

The exit code is 0 only where all of it holds; 1 where anything does not, and 2 where the call is wrong. A bundle is a
CAR of version 1 with one root, a dag-cbor node that lists all other blocks. The formats: Ipld/MANIFESTS.md and
Signing/SIGNING.md of ArrowCid. Nothing is loaded from the bundle, and nothing is written.
"""
import base64
import hashlib
import sys

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)

RAW, DAG_CBOR = 0x55, 0x71
MAX_NODE = 1 << 26
CHUNK = 1 << 20


class Refused(Exception):
    """Something does not hold."""


# dag-cbor, strict: one sequence of bytes for one value.

class Link(bytes):
    """A CID in a node."""


class Reader:
    """Reads strict dag-cbor."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Refused("a node ends too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def head(self):
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if low < 24:
            return major, low
        if low > 27 or major == 7:
            return major, -low
        size = 1 << (low - 24)
        value = int.from_bytes(self.take(size), "big")
        if value < (24, 1 << 8, 1 << 16, 1 << 32)[low - 24]:
            raise Refused("a length or number that is not in its shortest form")
        return major, value

    def value(self, depth=0):
        if depth > 128:
            raise Refused("a node of over 128 levels")
        major, value = self.head()
        if value < 0 and major != 7:
            raise Refused("an indefinite length")
        if major == 0:
            return value
        if major == 1:
            return -1 - value
        if major == 2:
            return bytes(self.take(value))
        if major == 3:
            try:
                return bytes(self.take(value)).decode("utf-8")
            except UnicodeDecodeError:
                raise Refused("a text that is not UTF-8") from None
        if major == 4:
            if value > len(self.data) - self.at:
                raise Refused("a list that is longer than its node")
            return [self.value(depth + 1) for _ in range(value)]
        if major == 5:
            return self.map(value, depth)
        if major == 6:
            return self.link(value)
        return self.simple(value)

    def map(self, count, depth):
        if count > len(self.data) - self.at:
            raise Refused("a map that is longer than its node")
        found, last = {}, None
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, str):
                raise Refused("a key that is not text")
            order = (len(key.encode()), key.encode())
            if last is not None and order <= last:
                raise Refused("keys that are not sorted")
            last = order
            found[key] = self.value(depth + 1)
        return found

    def link(self, tag):
        data = self.value()
        if tag != 42 or not isinstance(data, bytes) or not data.startswith(b"\0"):
            raise Refused("a tag that is no link")
        return Link(data[1:])

    def simple(self, value):
        if value in (20, 21):
            return value == 21
        if value == 22:
            return None
        if value == -27:
            import struct
            number = struct.unpack(">d", self.take(8))[0]
            if number - number != 0:
                raise Refused("a float that is not finite")
            return number
        raise Refused("a value that dag-cbor does not have")


def decode(data):
    """The value of a whole dag-cbor block."""
    reader = Reader(memoryview(data))
    value = reader.value()
    if reader.at != len(data):
        raise Refused("bytes after the value of a node")
    return value


# CIDs of version 1 with a whole SHA-256 and the codecs raw and dag-cbor.

def cid_of(codec, digest):
    return bytes([1, codec, 0x12, 0x20]) + digest


def check_cid(cid):
    if len(cid) != 36 or cid[0] != 1 or cid[1] not in (RAW, DAG_CBOR) or cid[2:4] != b"\x12\x20":
        raise Refused("a CID that is not version 1, raw or dag-cbor, with SHA-256")
    return cid


def show(cid):
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


# ECDSA over P-256, verification only. Nothing here is secret, so its time may depend on what it reads.

def double(p):
    x, y, z = p
    if not y:
        return (0, 1, 0)
    yy = y * y % P
    s = 4 * x * yy % P
    zz = z * z % P
    m = 3 * (x - zz) * (x + zz) % P
    nx = (m * m - 2 * s) % P
    return (nx, (m * (s - nx) - 8 * yy * yy) % P, 2 * y * z % P)


def add(p, q):
    if not p[2]:
        return q
    if not q[2]:
        return p
    zz1, zz2 = p[2] * p[2] % P, q[2] * q[2] % P
    u1, u2 = p[0] * zz2 % P, q[0] * zz1 % P
    s1, s2 = p[1] * zz2 * q[2] % P, q[1] * zz1 * p[2] % P
    if u1 == u2:
        return double(p) if s1 == s2 else (0, 1, 0)
    h, r = (u2 - u1) % P, (s2 - s1) % P
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x = (r * r - hhh - 2 * v) % P
    return (x, (r * (v - x) - s1 * hhh) % P, h * p[2] * q[2] % P)


def multiply_both(a, p, b, q):
    """a * p + b * q."""
    both, total = add(p, q), (0, 1, 0)
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        total = double(total)
        first, second = a >> bit & 1, b >> bit & 1
        if first and second:
            total = add(total, both)
        elif first:
            total = add(total, p)
        elif second:
            total = add(total, q)
    return total


def point_of(data):
    """The point of a compressed public key."""
    if len(data) != 33 or data[0] not in (2, 3):
        raise Refused("a public key that is no compressed point")
    x = int.from_bytes(data[1:], "big")
    square = (x * x * x - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        raise Refused("a public key that is no point of P-256")
    return (x, y if y & 1 == data[0] & 1 else P - y, 1)


def ecdsa(point, digest, r, s):
    """Whether a signature of a digest holds, with a low s."""
    if not 0 < r < N or not 0 < s <= N // 2:
        return False
    inverse = pow(s, -1, N)
    e = int.from_bytes(digest, "big")
    x, _, z = multiply_both(e * inverse % N, (G[0], G[1], 1), r * inverse % N, point)
    return bool(z) and x * pow(z * z, -1, P) % P % N == r


def key_bytes(text):
    """The compressed point of the id of a key."""
    if not text.startswith("p256:") or len(text) != 58:
        raise Refused(f"the key {text!r} is no key of P-256, and cannot be verified here")
    try:
        data = base64.b32decode(text[5:].upper() + "===")
    except ValueError:
        raise Refused(f"the key {text!r} is no base32") from None
    if base64.b32encode(data).decode().lower().rstrip("=") != text[5:]:
        raise Refused(f"the key {text!r} is not written in its one form")
    return data


STATEMENT_KEYS = {"v", "key", "kind", "name", "says", "time", "subject", "previous"}


def read_statement(block):
    """A statement, in its strict form."""
    said = decode(block)
    if not isinstance(said, dict) or set(said) != STATEMENT_KEYS or said["kind"] != "arrowcid/statement" \
            or said["v"] != 1 or type(said["v"]) is not int:
        raise Refused("a statement of another form")
    fits = isinstance(said["key"], str) and type(said["time"]) is int and 0 <= said["time"] <= 253402300799999 \
        and type(said["subject"]) is bytes and isinstance(said["name"], (str, type(None))) \
        and (said["previous"] is None or (type(said["previous"]) is bytes and said["name"] is not None)) \
        and isinstance(said["says"], dict) and all(isinstance(word, str) for word in said["says"].values())
    if not fits:
        raise Refused("a statement with a value of another kind")
    return said


def verify_statement(block, signature):
    """A statement whose signature holds; Refused where it does not."""
    said = read_statement(block)
    key = key_bytes(said["key"])
    prefix = b"\xd2\x84\x58\x27\xa2\x01\x26\x04\x58\x21" + key + b"\xa0\xf6\x58\x40"
    if len(signature) != len(prefix) + 64 or not signature.startswith(prefix):
        raise Refused("a signature of another form, or by another key than the statement's")
    length = len(block)
    head = bytes([0x40 | length]) if length < 24 else b"\x58" + bytes([length]) if length < 256 \
        else b"\x59" + length.to_bytes(2, "big") if length < 65536 else b"\x5a" + length.to_bytes(4, "big")
    digest = hashlib.sha256(b"\x84\x6aSignature1" + signature[2:43] + b"\x40" + head + block).digest()
    r, s = int.from_bytes(signature[-64:-32], "big"), int.from_bytes(signature[-32:], "big")
    if not ecdsa(point_of(key), digest, r, s):
        raise Refused(f"the signature by {said['key']} does not hold")
    return said


# CAR of version 1.

def varint(file):
    value, shift, last = 0, 0, 0
    while True:
        one = file.read(1)
        if not one:
            if shift:
                raise Refused("the file ends within a length")
            return None
        last = one[0]
        value |= (last & 0x7F) << shift
        shift += 7
        if last < 0x80:
            break
        if shift > 56:
            raise Refused("a length that is too long")
    if last == 0 and shift > 7:
        raise Refused("a length that is not in its shortest form")
    return value


def take(file, count):
    data = file.read(count)
    if len(data) != count:
        raise Refused("the file ends within a block")
    return data


def read_car(file, keep):
    """The roots of a CAR, and each block's length in order, hashed; nodes and small raw blocks are kept in `keep`."""
    length = varint(file)
    if length is None or length > MAX_NODE:
        raise Refused("no CAR")
    header = decode(take(file, length))
    if not isinstance(header, dict) or set(header) != {"roots", "version"} or header["version"] != 1 \
            or type(header["version"]) is not int or not isinstance(header["roots"], list):
        raise Refused("no CAR of version 1")
    lengths, buffer = {}, bytearray(CHUNK)
    view = memoryview(buffer)
    while True:
        length = varint(file)
        if length is None:
            return header["roots"], lengths
        if length < 36:
            raise Refused("a block without a CID")
        cid, left = check_cid(take(file, 36)), length - 36
        if cid in lengths:
            raise Refused(f"{show(cid)} is there twice")
        lengths[cid] = left
        if left <= 4096 or cid[1] == DAG_CBOR:
            if left > MAX_NODE:
                raise Refused(f"{show(cid)} is a node of {left} bytes")
            data = take(file, left)
            digest = hashlib.sha256(data).digest()
            keep[cid] = data
        else:
            hashed = hashlib.sha256()
            while left:
                count = file.readinto(view[:min(left, CHUNK)])
                if not count:
                    raise Refused("the file ends within a block")
                hashed.update(view[:count])
                left -= count
            digest = hashed.digest()
        if digest != cid[4:]:
            raise Refused(f"{show(cid)}: its bytes have another hash")


# Bundles.

def links(value, what):
    if not isinstance(value, list) or not all(isinstance(item, Link) for item in value):
        raise Refused(f"'{what}' is no list of links")
    return [check_cid(bytes(item)) for item in value]


def verify(path, keys=(), out=sys.stdout):
    """Proves a bundle and prints what it proves; Refused where something does not hold."""
    keep = {}
    with open(path, "rb", buffering=CHUNK) as file:
        roots, lengths = read_car(file, keep)
    if len(roots) != 1 or not isinstance(roots[0], Link):
        raise Refused("a bundle has one root")
    root = check_cid(bytes(roots[0]))
    if root not in keep or root[1] != DAG_CBOR:
        raise Refused("the bundle's list of blocks is not there")
    bundle = decode(keep[root])
    if not isinstance(bundle, dict) or bundle.get("kind") != "arrowcid/bundle" or bundle.get("v") != 1 \
            or set(bundle) != {"v", "kind", "facts", "files", "names", "roots", "blocks", "statements"}:
        raise Refused("the root is no list of a bundle")
    blocks = links(bundle["blocks"], "blocks")
    if len(set(blocks)) != len(blocks) or set(blocks) | {root} != set(lengths) or root in blocks:
        raise Refused("the blocks of the file are not those that the bundle lists")
    subjects = links(bundle["roots"], "roots")
    files = bundle["files"]
    if not isinstance(files, dict) or not isinstance(bundle["statements"], list):
        raise Refused("'files' or 'statements' has another form")
    for cid in subjects + links(list(files.values()), "files"):
        if cid not in lengths:
            raise Refused(f"{show(cid)} is not in the bundle")
    signers = {}
    for item in bundle["statements"]:
        if not isinstance(item, dict) or set(item) != {"statement", "signature"}:
            raise Refused("an item of 'statements' has another form")
        statement, signature = links([item["statement"], item["signature"]], "statements")
        if statement not in keep or signature not in keep:
            raise Refused(f"the statement {show(statement)} is not in the bundle")
        said = verify_statement(keep[statement], keep[signature])
        if said["subject"] not in lengths:
            raise Refused(f"{show(said['subject'])}, which {show(statement)} is about, is not in the bundle")
        signers.setdefault(said["subject"], set()).add(said["key"])
        words = "".join(f"  {key}={value}" for key, value in said["says"].items())
        name = f"  name={said['name']}" if said["name"] is not None else ""
        print(f"signed  {show(said['subject'])}  {said['key']}  {said['time']}{name}{words}", file=out)
    for cid in subjects:
        for key in keys:
            if key not in signers.get(cid, ()):
                raise Refused(f"{show(cid)}: no statement by {key}")
        print(f"proved  {show(cid)}  {lengths[cid]} bytes  {len(signers.get(cid, ()))} signers", file=out)
    print(f"{len(lengths)} blocks, {sum(lengths.values())} bytes, {len(bundle['statements'])} signatures: all hold",
          file=out)


def main(arguments):
    keys, paths = [], []
    rest = list(arguments)
    while rest:
        one = rest.pop(0)
        if one == "--key" and rest:
            keys.append(rest.pop(0))
        elif one.startswith("-") or paths:
            paths = []
            break
        else:
            paths.append(one)
    if len(paths) != 1:
        print("usage: verify.py BUNDLE [--key p256:…]", file=sys.stderr)
        return 2
    try:
        verify(paths[0], keys)
        return 0
    except Refused as fault:
        print(f"verify: {paths[0]}: {fault}", file=sys.stderr)
    except OSError as fault:
        print(f"verify: {fault}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
