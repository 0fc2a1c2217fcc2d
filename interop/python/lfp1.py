#!/usr/bin/env python3
"""The logical fingerprint lfp1, written from src/ArrowCid/Ipc/Fingerprints/lfp1.md alone, on the standard library.

    lfp1.py FILE...     one line a file: the fingerprint, rows, file (an Arrow IPC stream or file)
"""
import hashlib
import struct
import sys

import canonical

FOLDED = {"large_binary": "binary", "binary_view": "binary", "large_utf8": "utf8", "utf8_view": "utf8",
          "large_list": "list", "list_view": "list", "large_list_view": "list"}
NAMES_OF_UTC = {"utc", "uct", "z", "zulu", "universal", "gmt", "gmt0", "gmt+0", "gmt-0", "greenwich"}
NAMES_OF_UTC |= {"etc/" + name for name in NAMES_OF_UTC - {"z"}}


def u32(number):
    return struct.pack("<I", number & 0xFFFFFFFF)


def text(value):
    raw = value.encode()
    return u32(len(raw)) + raw


def zone(name):
    if name.translate({c: c + 32 for c in range(65, 91)}) in NAMES_OF_UTC:
        return "UTC"
    if name[:1] not in ("+", "-") or name[:1] == "":
        return name
    digits = name[1:3] + name[4:] if len(name) == 6 and name[3] == ":" else name[1:]
    if len(digits) not in (2, 4) or not all(c in "0123456789" for c in digits):
        return name
    digits = digits.ljust(4, "0")
    if digits[:2] > "23" or digits[2] > "5":
        return name
    return "UTC" if digits == "0000" else f"{name[0]}{digits[:2]}:{digits[2:]}"


def type_bytes(field):
    kind, p = FOLDED.get(field.kind, field.kind), field.p
    if kind == "run_end":
        return type_bytes(field.children[1])
    out = bytes([canonical.KINDS[kind][0]])
    if kind == "int":
        return out + bytes([p["bits"], int(p["signed"])])
    if kind == "float":
        return out + bytes([p["precision"]])
    if kind == "decimal":
        return out + u32(p["precision"]) + u32(p["scale"])
    if kind in ("date", "time", "interval", "duration"):
        return out + bytes([p["unit"]])
    if kind == "timestamp":
        return out + bytes([p["unit"]]) + text(zone(p.get("zone") or ""))
    if kind == "list":
        return out + type_bytes(field.children[0])
    if kind == "map":
        return out + b"".join(map(type_bytes, field.children[0].children))
    if kind == "fixed_binary":
        return out + u32(p["width"])
    if kind == "fixed_list":
        return out + u32(p["size"]) + type_bytes(field.children[0])
    if kind == "struct":
        return out + u32(len(field.children)) + b"".join(text(c.name) + type_bytes(c) for c in field.children)
    if kind == "union":
        return out + u32(len(field.children)) + b"".join(
            bytes([code]) + text(c.name) + type_bytes(c) for code, c in zip(p["codes"], field.children))
    return out


def value_bytes(field, value):
    kind = FOLDED.get(field.kind, field.kind)
    if kind == "run_end":
        return value_bytes(field.children[1], value)
    if value is None or kind == "null":
        return b"\0"
    if kind == "float":
        raw = canonical.quiet(value)
        return b"\1" + (bytes(len(raw)) if raw == bytes(len(raw) - 1) + b"\x80" else raw)
    if kind == "bool":
        return b"\1\1" if value else b"\1\0"
    if kind == "decimal":
        return b"\1" + int.from_bytes(value, "little", signed=True).to_bytes(32, "little", signed=True)
    if kind in ("utf8", "binary"):
        raw = canonical.encoded(value)
        return b"\1" + u32(len(raw)) + raw
    if kind == "list":
        return b"\1" + u32(len(value)) + b"".join(value_bytes(field.children[0], each) for each in value)
    if kind == "fixed_list":
        return b"\1" + b"".join(value_bytes(field.children[0], each) for each in value)
    if kind == "map":
        of_key, of_value = field.children[0].children
        return b"\1" + u32(len(value)) + b"".join(value_bytes(of_key, k) + value_bytes(of_value, v) for k, v in value)
    if kind == "struct":
        return b"\1" + b"".join(value_bytes(child, each) for child, each in zip(field.children, value))
    if kind == "union":
        code, inner = value
        return b"\1" + bytes([code]) + value_bytes(field.children[field.p["codes"].index(code)], inner)
    return b"\1" + value


def fingerprint(fields, batches):
    """The fingerprint of batches, each a list of columns and the number of rows, and the column CIDs."""
    types, rows = [type_bytes(field) for field in fields], 0
    hashes = [hashlib.sha256(each) for each in types]
    for columns, count in batches:
        rows += count
        for field, sha, column in zip(fields, hashes, columns):
            for value in column:
                sha.update(value_bytes(field, value))
    whole = b"lfp1" + u32(len(fields)) + struct.pack("<Q", rows)
    whole += b"".join(text(field.name) + sha.digest() for field, sha in zip(fields, hashes))
    return "lfp1-" + hashlib.sha256(whole).hexdigest(), [canonical.cid_of(sha.digest()) for sha in hashes]


def main(argv):
    for path in argv:
        found = canonical.batches(path)
        if not found:
            print(f"{path}: no batch", file=sys.stderr)
            return 1
        made, _ = fingerprint(found[0].fields, [(batch.columns, batch.rows) for batch in found])
        print(made, sum(batch.rows for batch in found), path)
    return 0 if argv else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
