"""Stores that come into step, by the command ``arrowcid``."""
from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, NamedTuple

from ._cid import Cid, to_cid
from ._errors import ErrorCode, error_of

if TYPE_CHECKING:
    from ._store import CidLike, Store

# Exit codes that come with a report: all is well, something could not be had, wrong bytes, names in conflict.
_REPORTED = (0, 3, 4, 5)
_CODES = {2: ErrorCode.INVALID_ARGUMENT, 3: ErrorCode.BLOCK_NOT_FOUND, 4: ErrorCode.BLOCK_CORRUPT,
          5: ErrorCode.ACCESS_DENIED, 6: ErrorCode.STORE_FULL, 7: ErrorCode.BUSY}


class SyncItem(NamedTuple):
    """A block of a report: one that would be moved, was not moved, or was removed."""

    cid: Cid
    bytes: int
    outcome: str
    """``pull``, ``push``, ``removedHere``, ``removedThere``, ``overLimit``, ``missing``, ``wrongBytes``, ``refused`` or
    ``delete``."""


class SyncConflict(NamedTuple):
    """A name that both sides changed. It stays as it is on both."""

    name: str
    here: Cid | None
    there: Cid | None


class SyncReport(NamedTuple):
    """What a sync did; of a dry run, what it would do."""

    is_in_step: bool
    """Whether both sides now have the same, as far as was asked for."""
    blocks_pulled: int
    bytes_pulled: int
    blocks_pushed: int
    bytes_pushed: int
    facts_pulled: int
    facts_pushed: int
    names_pulled: List[str]
    names_pushed: List[str]
    conflicts: List[SyncConflict]
    removed: int
    """Blocks that were removed on one side, and do not come back."""
    items: List[SyncItem]
    details: Mapping[str, Any]
    """All members, as ``arrowcid sync --json`` gives them."""


def sync(store: Store, peer: str | os.PathLike[str] | Store, options: List[str], cids: Iterable[CidLike] | None) -> SyncReport:
    """Does what ``Store.sync`` says."""
    where = peer if isinstance(peer, (str, os.PathLike)) else peer.directory
    listed = None if cids is None else "".join(f"{to_cid(cid)}\n" for cid in cids)
    if listed is not None:
        options = [*options, "--cids", "-"]
    ended = subprocess.run([*_command(), "sync", store.directory, os.fspath(where), "--json", *options], input=listed or "",
                           capture_output=True, encoding="utf-8", check=False)
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    if ended.returncode not in _REPORTED or not lines or "isInStep" not in lines[-1]:
        reason = ended.stderr.strip().removeprefix("arrowcid: ") or f"arrowcid ended with {ended.returncode}"
        raise error_of(int(_CODES.get(ended.returncode, ErrorCode.INTERNAL)), reason)
    return _report(lines[-1], lines[:-1])


def options_of(direction: str, where: str | None, as_: str | None, with_pins: bool, resurrect: bool, merge_names: bool,
               max_bytes: int | None, rate: int | None, full: bool, dry_run: bool) -> List[str]:
    """The options of the command."""
    if direction not in ("both", "pull", "push"):
        raise error_of(ErrorCode.INVALID_ARGUMENT, f"the direction is both, pull or push, not '{direction}'")
    options = [] if direction == "both" else [f"--{direction}"]
    for name, value in (("--where", where), ("--as", as_), ("--max-bytes", max_bytes), ("--rate", rate)):
        if value is not None:
            options += [f"{name}={value}"]
    for name, is_set in (("--with-pins", with_pins), ("--resurrect", resurrect), ("--merge-names", merge_names),
                         ("--full", full), ("--dry-run", dry_run)):
        if is_set:
            options.append(name)
    return options


def _command() -> List[str]:
    named = os.environ.get("ARROWCID_COMMAND")
    if named:
        return shlex.split(named)
    found = shutil.which("arrowcid")
    if found is None:
        raise error_of(ErrorCode.UNSUPPORTED, "the command arrowcid is not on the PATH, and ARROWCID_COMMAND does not name it")
    return [found]


def _report(read: Dict[str, Any], items: List[Dict[str, Any]]) -> SyncReport:
    return SyncReport(
        read["isInStep"], read["blocksPulled"], read["bytesPulled"], read["blocksPushed"], read["bytesPushed"],
        read["factsPulled"], read["factsPushed"], read["namesPulled"], read["namesPushed"],
        [SyncConflict(item["name"], _cid(item["here"]), _cid(item["there"])) for item in items if "name" in item],
        read["removed"],
        [SyncItem(Cid(item["cid"]), item["bytes"], item["outcome"]) for item in items if "cid" in item], read)


def _cid(text: str | None) -> Cid | None:
    return None if text is None else Cid(text)
