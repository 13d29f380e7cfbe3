"""What both gates share: rules that choose a moment, records of what came by, and an event loop in a thread."""
import asyncio
import socket
import struct
import threading
from dataclasses import dataclass, field, replace
from typing import Callable

from support.gate.fault import Fault, silence


@dataclass
class Record:
    """One request, or one message, that came by."""

    index: int
    connection: int
    side: str = "client"
    method: str = ""  # LakeGate
    type: str = ""  # DatabaseGate
    target: str = ""  # request target; SQL, command tag or SQLSTATE
    headers: dict = field(default_factory=dict)
    size: int = 0  # of the body, or of the message
    request: object = None  # LakeGate: as support.wire reads it
    status: int = 0  # what the server answered; 0 if it was not asked or has not answered
    fault: str = ""

    def __str__(self) -> str:
        return f"#{self.index} c{self.connection} {self.side[0]} {self.method or self.type} {self.target[:120]} {self.status or ''} {self.fault}".rstrip()


@dataclass
class Rule:
    """A fault and its moment. `hits` counts what it did, `fired` is set at the first."""

    fault: Fault
    nth: int
    times: int | None
    filters: dict
    at_byte: int | None = None
    seen: int = 0
    hits: int = 0
    fired: threading.Event = field(default_factory=threading.Event)

    def applies(self, record: Record) -> bool:
        """Counts `record`, and says whether it is to be hit."""
        if self.at_byte is not None or not self._matches(record):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.seen >= self.nth + self.times):
            return False
        self.hit()
        return True

    def hit(self) -> None:
        self.hits += 1
        self.fired.set()

    def _matches(self, record: Record) -> bool:
        want = self.filters
        return (
            record.side == want["side"]
            and (want["method"] is None or record.method == want["method"])
            and (want["type"] is None or record.type == want["type"])
            and (want["contains"] is None or want["contains"] in record.target)
            and (want["when"] is None or want["when"](record))
        )


class Gate:
    """What both gates share: an event loop in a thread, rules, records, connections."""

    def __init__(self, upstream_port: int):
        self.upstream_port = upstream_port
        self.port = 0
        self.rules: list[Rule] = []
        self.records: list[Record] = []
        self.bytes = {"client": 0, "server": 0}
        self.connections = 0  # ever accepted
        self._victim = None
        self._victim_known = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listener = None
        self._tasks: set = set()
        self._writers: set = set()
        self._errors: list = []  # of the gate or of a test's function, not of a connection
        self.tls = None  # what the client's side is encrypted with
        self.upstream_tls = None
        self._released = asyncio.Event()

    def __enter__(self):
        self._thread.start()
        self._on_loop(self._listen())
        return self

    def __exit__(self, *_):
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        assert not self._errors, f"the gate failed, or a request broke its rules: {self._errors[:10]}"

    def on(
        self,
        fault: Fault,
        *,
        nth: int = 1,
        times: int | None = 1,
        method: str | None = None,
        type: str | None = None,
        contains: str | None = None,
        side: str = "client",
        when: Callable | None = None,
        at_byte: int | None = None,
    ) -> Rule:
        """Arms a fault. The first armed rule that applies wins, but every rule counts."""
        if at_byte is not None and fault.reply == "relay":
            fault = replace(fault, reply="cut")
        rule = Rule(
            fault,
            nth,
            times,
            {"method": method, "type": type, "contains": contains, "side": side, "when": when},
            at_byte,
        )
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Disarms all rules and forgets all records."""
        self.rules, self.records, self.bytes = [], [], {"client": 0, "server": 0}

    def count(self, **filters) -> int:
        """How many records match, by the filters of `on`."""
        rule = Rule(
            silence(),
            1,
            None,
            {"method": None, "type": None, "contains": None, "side": "client", "when": None, **filters},
        )
        return sum(rule._matches(record) for record in self.records)

    @property
    def victim(self):
        return self._victim

    @victim.setter
    def victim(self, process) -> None:
        self._victim = process
        self._victim_known.set()

    def awaited_victim(self):
        """The process to signal; the test names it just after it started, so there may be a moment to wait."""
        assert self._victim_known.wait(10), "gate.victim was never set"
        return self._victim

    def refuse(self) -> None:
        """Nobody listens any more; connections that are there stay."""
        self._on_loop(self._unlisten())

    def admit(self) -> None:
        """Listens again, on the same port."""
        self._on_loop(self._listen())

    def cut_all(self) -> None:
        """Resets every connection there is."""
        self._loop.call_soon_threadsafe(lambda: [reset(writer) for writer in list(self._writers)])

    def release_orphans(self) -> None:
        """Lets the server know that the clients of orphaned connections are gone."""
        self._loop.call_soon_threadsafe(self._released.set)

    # --- on the loop ---

    def _on_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=2**20, ssl=self.tls)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        self._listener.close()
        await self._listener.wait_closed()

    async def _close(self) -> None:
        await self._unlisten()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in list(self._writers):
            reset(writer)

    async def _accept(self, reader, writer) -> None:
        self.connections += 1
        number = self.connections
        self._track(asyncio.current_task())
        self._writers.add(writer)
        orderly = False
        try:
            orderly = await self.serve(number, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as error:  # a mistake here must not pass for a fault that was asked for
            self._errors.append(error)
        self._writers.discard(writer)
        if orderly:
            writer.close()
        else:
            reset(writer)

    def _track(self, task) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def serve(self, number: int, reader, writer) -> bool:
        """Relays one connection of a client. True if it ended in an orderly way, False if it is to be reset."""
        raise NotImplementedError

    async def connect(self):
        secure = {"ssl": self.upstream_tls, "server_hostname": "localhost"} if self.upstream_tls else {}
        return await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=2**20, **secure)

    def note(self, record: Record) -> Fault | None:
        """Keeps the record; the fault that hits it, if any."""
        self.records.append(record)
        hit = [rule.fault for rule in self.rules if rule.applies(record)]
        if not hit:
            return None
        record.fault = hit[0].name
        return hit[0]

    def next_index(self) -> int:
        return len(self.records) + 1

    def cut_within(self, side: str, size: int) -> tuple | None:
        """(rule, bytes that still pass) if the next `size` bytes of a side hold the place of a rule."""
        begin = self.bytes[side]
        self.bytes[side] += size
        for rule in self.rules:
            if rule.at_byte is not None and rule.filters["side"] == side and begin < rule.at_byte <= begin + size:
                rule.hit()
                return rule, rule.at_byte - begin
        return None

    async def call(self, function: Callable | None) -> None:
        if function is not None:
            await self._loop.run_in_executor(None, function, self)

    async def wait_late(self, when) -> None:
        if isinstance(when, threading.Event):
            while not when.is_set():
                await asyncio.sleep(0.01)
        else:
            await asyncio.sleep(when)

    def deliver_late(self, fault: Fault, deliver: Callable) -> None:
        """Runs coroutine function `deliver` when the fault says, whatever becomes of the connection."""

        async def task():
            await self.wait_late(fault.late)
            try:
                await deliver()
            except ConnectionError:
                pass

        self._track(self._loop.create_task(task()))


def reset(writer) -> None:
    """Closes so that the other side sees a reset, not an orderly end."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def flush(writer) -> None:
    """Waits until all has left this process and the other side had a moment to read it."""
    while writer.transport.get_write_buffer_size() and not writer.transport.is_closing():
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)
