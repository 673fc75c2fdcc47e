"""The link of PROTOCOL.md section 10.1: the pump's GATT over a TCP socket, and messages in fragments over that.

A new socket for every connection: "a socket that closes, for whatever reason, disconnects".
"""

import json
import socket
import time
from collections import deque
from typing import Any

from countersign import ProtocolError, Reassembler, fragments

TO_PUMP = "c5160002-8b5a-4d0f-9c31-6e2b7a94d1f0"
FROM_PUMP = "c5160003-8b5a-4d0f-9c31-6e2b7a94d1f0"
MTU = 247             # what the pump offers, section 1.1
CONNECT_S = 40.0      # the bridge itself gives up after 30 s
WRITE_S = 30.0        # section 1.3


class LinkLost(Exception):
    """The connection has ended, by whichever side."""


class Bridge:
    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.socket: socket.socket | None = None

    def connect(self) -> None:
        """Connects and subscribes; the pump's m1 then comes as the first message."""
        self.close()
        try:
            self.socket = socket.create_connection((self.host, self.port), 10)
        except OSError as e:
            raise LinkLost(f"no bridge at {self.host}:{self.port}: {e}") from e
        self.lines = b""
        self.messages: deque[bytes] = deque()
        self.reassembler = Reassembler()
        self.mtu = self._do("connected", CONNECT_S, do="connect", mtu=MTU)["mtu"]
        self._do("subscribed", WRITE_S, do="subscribe", characteristic=FROM_PUMP)

    def close(self) -> None:
        if self.socket:
            self.socket.close()
            self.socket = None

    def send(self, message: bytes) -> None:
        """Writes a message, and waits until the pump has acknowledged each fragment."""
        for value in fragments(message, self.mtu):
            self._do("written", WRITE_S, do="write", characteristic=TO_PUMP, value=value.hex())

    def receive(self, timeout_s: float) -> bytes | None:
        """The next message, or None when none comes in this time."""
        deadline = time.monotonic() + timeout_s
        while not self.messages:
            if self._event(deadline) is None:
                return None
        return self.messages.popleft()

    def _do(self, answer: str, timeout_s: float, **request: Any) -> dict[str, Any]:
        """Sends one line and waits for the event that answers it."""
        if self.socket is None:
            raise LinkLost("not connected")
        try:
            self.socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as e:
            raise self._lost(f"the bridge has gone: {e}") from e
        deadline = time.monotonic() + timeout_s
        while True:
            event = self._event(deadline)
            if event is None:
                raise self._lost(f"no answer to {request['do']}")
            if event.get("event") == answer:
                return event

    def _event(self, deadline: float) -> dict[str, Any] | None:
        """The next event; an indication is taken into the messages as well."""
        line = self._line(deadline)
        if line is None:
            return None
        event = json.loads(line)
        kind = event.get("event")
        if kind == "disconnected":
            raise self._lost("the pump has disconnected")
        if kind == "error":
            raise self._lost(f"the bridge says: {event.get('what')}")
        if kind == "indication" and event["characteristic"] == FROM_PUMP:
            try:
                message = self.reassembler.take(bytes.fromhex(event["value"]))
            except ProtocolError:
                self.close()
                raise
            if message is not None:
                self.messages.append(message)
        return event

    def _line(self, deadline: float) -> bytes | None:
        while b"\n" not in self.lines:
            left = deadline - time.monotonic()
            if self.socket is None:
                raise LinkLost("not connected")
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(4096)
            except TimeoutError:
                return None
            except OSError as e:
                raise self._lost(f"the bridge has gone: {e}") from e
            if not data:
                raise self._lost("the bridge has closed the socket")
            self.lines += data
        line, self.lines = self.lines.split(b"\n", 1)
        return line

    def _lost(self, why: str) -> LinkLost:
        self.close()
        return LinkLost(why)
