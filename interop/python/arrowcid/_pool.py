"""Pools: stores of many machines that share names, metadata and blocks. It runs the command ``arrowcid``."""
from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Type, Union

from ._batch import Batch
from ._cid import Cid
from ._errors import (
    ArrowCidError, BlockCorrupt, BlockNotFound, ErrorCode, InvalidArgument, NameConflict, NameNotFound)
from ._store import Store, open as _open

if TYPE_CHECKING:
    from ._store import Path

# What the exit codes of the command mean; a name is told from a block by the message.
_ERRORS: Dict[int, Type[ArrowCidError]] = {
    2: InvalidArgument, 3: BlockNotFound, 4: BlockCorrupt, 5: NameConflict}
_UNAVAILABLE = 7


class Pool:
    """A store of this machine that is a member of a pool, until it is closed.

    ``pool.store`` is the store, mapped as any other: its reads copy nothing. Names and metadata that other members push
    come into it by themselves, and a block that is not there is fetched by ``get``.
    """

    def __init__(self, registry: Optional[str], blocks: Optional[str], store: Optional[Path],
                 command: Union[str, Sequence[str], None]) -> None:
        command = command or os.environ.get("ARROWCID_COMMAND") or "arrowcid"
        self._command = shlex.split(command) if isinstance(command, str) else list(command)
        self._environment = dict(os.environ)
        for name, value in (("ARROWCID_REGISTRY", registry), ("ARROWCID_BLOCKS", blocks)):
            if value is not None:
                self._environment[name] = value
        self.store: Store = _open(store)
        self._environment["ARROWCID_STORE"] = str(self.store.directory)
        self._member: Optional[subprocess.Popen[str]] = None
        try:
            self._member = self._start("pool", "join")
            assert self._member.stdout is not None
            if not self._member.stdout.readline():
                raise self._error(self._member.wait(), self._member.stderr.read() if self._member.stderr else "")
        except BaseException:
            self.close()
            raise

    def put(self, data: Any, /, *, name: Optional[str] = None, **facts: Any) -> str:
        """Puts a batch into the store and pushes it: ``push`` of ``store.put(data, **facts)``.

        :returns: the token of the push. The CID is that of ``store``'s put: ``pool.resolve(name)``.
        """
        put = self.store.put(data, **facts)
        return self.push(*(each.cid for each in put) if isinstance(put, list) else [put.cid], name=name)

    def push(self, *cids: Union[Cid, str], name: Optional[str] = None,
             expected: Union[Cid, str, None] = None) -> str:
        """Pushes blocks of the store with all that they need. Once it returns they are in the bucket, and any member
        finds them.

        :param name: a name of the pool for the block, which must then be one. Without a name, a pin or an expiry the
            pool's collection removes the blocks after an hour or more.
        :param expected: the block that the name must point to before, or ``"none"``; else ``NameConflict``.
        :returns: a token, for ``get(after=…)`` of any member.
        """
        more = [] if name is None else ["--name", name]
        if expected is not None:
            more += ["--expected", str(expected)]
        return str(json.loads(self._run("push", *map(str, cids), *more, "--json"))["token"])

    def get(self, block: Union[Cid, str], *, after: Optional[str] = None) -> Batch:
        """Finds a batch in the store, or fetches it from the pool with all that it needs, proves it and keeps it.

        :param block: a CID, or a name of the pool.
        :param after: the token of a push, by any member, that must be seen.
        """
        return self.store[self.resolve(block, after=after)]

    def resolve(self, block: Union[Cid, str], *, after: Optional[str] = None) -> Cid:
        """The CID of a name of the pool, whose block is fetched into the store."""
        more = [] if after is None else ["--after", after]
        return Cid(self._run("get", str(block), *more).strip())

    def list(self, filter: str = "", *, limit: Optional[int] = None) -> List[Dict[str, Any]]:
        """The blocks of the pool that pass a filter, over all members: ``cid``, ``rows``, ``bytes``, ``producer``,
        ``names``, ``tags``."""
        more = [filter] if filter else []
        if limit is not None:
            more += ["--limit", str(limit)]
        return [json.loads(line) for line in self._run("ls", *more, "--json").splitlines()]

    def why(self, block: Union[Cid, str]) -> List[Dict[str, Any]]:
        """What keeps a block in the pool, over all machines: ``kind``, ``detail``, ``block``."""
        return [json.loads(line) for line in self._run("why", str(block), "--json").splitlines()]

    def status(self) -> Dict[str, Any]:
        """The state of the pool, as ``arrowcid pool status --json`` prints it."""
        return dict(json.loads(self._run("status", "--json")))

    def close(self) -> None:
        """Leaves the pool and closes the store. What was fetched stays in it."""
        member, self._member = self._member, None
        if member is not None:
            member.terminate()
            member.communicate()
        self.store.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<arrowcid.Pool {self._environment.get('ARROWCID_REGISTRY')}>"

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen([*self._command, *arguments], env=self._environment, text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except FileNotFoundError as error:
            raise InvalidArgument(f"no command {self._command[0]}; install arrowcid, or set ARROWCID_COMMAND") from error

    def _run(self, *arguments: str) -> str:
        process = self._start("pool", *arguments)
        output, errors = process.communicate()
        if process.returncode != 0:
            raise self._error(process.returncode, errors)
        return output

    @staticmethod
    def _error(exit_code: int, text: str) -> ArrowCidError:
        message = text.strip().split("arrowcid: ", 1)[-1] or f"arrowcid ended with {exit_code}"
        if exit_code == _UNAVAILABLE:
            return ArrowCidError(message, ErrorCode.POOL_UNAVAILABLE)
        if exit_code == 3 and "no name" in message:
            return NameNotFound(message)
        if exit_code == 5 and "lease" in message:
            return ArrowCidError(message, ErrorCode.MEMBER_FENCED)
        return _ERRORS.get(exit_code, ArrowCidError)(message)


def pool(registry: Optional[str] = None, *, blocks: Optional[str] = None, store: Optional[Path] = None,
         command: Union[str, Sequence[str], None] = None) -> Pool:
    """Joins a pool with a store of this machine.

    :param registry: its database, ``postgres://USER@HOST/DATABASE``; else ``ARROWCID_REGISTRY`` of the environment.
    :param blocks: its blocks, ``s3://BUCKET/FOLDER`` or a directory that all machines share; else ``ARROWCID_BLOCKS``.
    :param store: the store's directory, as for ``open``.
    :param command: the command ``arrowcid``; else ``ARROWCID_COMMAND``.

    The library has no client of PostgreSQL or S3, so that what uses stores alone stays small: the command talks to the
    pool, in a process of its own for each call and one for the membership, and the data come by way of the store, where
    both have it mapped. Each call starts a process.
    """
    return Pool(registry, blocks, store, command)
