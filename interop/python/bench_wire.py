"""What `bench_ipc.py` speaks over Unix sockets: messages with their length before them, and as much of Redis as it needs."""
import os
import socket
import struct

PATIENCE_S = 120
LENGTH = struct.Struct("=q")


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen(16)
    return listener


class Taker:
    """Takes messages with their length before them from a socket, into memory that is used again."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(path)
        self._memory = bytearray(1 << 16)

    def take(self):
        return self.take_bytes(LENGTH.unpack(self.take_bytes(LENGTH.size))[0])

    def take_bytes(self, length):
        if len(self._memory) < length:
            self._memory = bytearray(length)
        into, done = memoryview(self._memory)[:length], 0
        while done < length:
            received = self.socket.recv_into(into[done:])
            if received == 0:
                raise EOFError("the socket was closed")
            done += received
        return into


class RedisClient:
    """As much of Redis's protocol as is needed here. An answer's bytes are valid until the next one."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(path)
        self._memory = bytearray(1 << 16)
        self._start = self._end = 0

    def close(self):
        self._socket.close()

    def ask(self, *words):
        self.send(words)
        return self.answer()

    def send(self, *commands):
        parts = []
        for words in commands:
            parts.append(b"*%d\r\n" % len(words))
            for word in words:
                parts += (b"$%d\r\n" % len(memoryview(word)), word, b"\r\n")
        left = self._socket.sendmsg(parts)
        for part in parts:
            view = memoryview(part)
            if left >= len(view):
                left -= len(view)
                continue
            self._socket.sendall(view[left:])
            left = 0

    def answer(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            length = int(rest)
            self._fill(length + 2)
            start = self._start
            self._start += length + 2
            return memoryview(self._memory)[start:start + length]
        if kind == b"*":
            return [bytes(each) if isinstance(each := self.answer(), memoryview) else each for _ in range(int(rest))]
        if kind == b"-":
            raise RuntimeError(f"Redis answered {line!r}")
        return rest

    def _line(self):
        while True:
            at = self._memory.find(b"\r\n", self._start, self._end)
            if at >= 0:
                line = bytes(self._memory[self._start:at])
                self._start = at + 2
                return line
            self._fill(self._end - self._start + 1)

    def _fill(self, count):
        """Receives until this many bytes are there; they are moved only for lack of space."""
        if self._start == self._end:
            self._start = self._end = 0
        if count > len(self._memory) - self._start:
            rest = bytes(memoryview(self._memory)[self._start:self._end])
            if count > len(self._memory):
                self._memory = bytearray(count + (1 << 16))
            self._memory[:len(rest)] = rest
            self._start, self._end = 0, len(rest)
        while self._end - self._start < count:
            received = self._socket.recv_into(memoryview(self._memory)[self._end:])
            if received == 0:
                raise EOFError("Redis closed the connection")
            self._end += received
