"""The gate in front of PostgreSQL; the package's docstring says how it is used.

Both directions are cut into messages (type byte, length, payload). Messages pass in order; the one that a fault
hits is held, together with everything behind it in its direction.
"""
import asyncio
import struct

from support.gate.base import Gate, Record, flush, reset
from support.gate.fault import Answer, Fault

UNTYPED = {80877103: "ssl", 80877104: "gss", 80877102: "cancel"}
TEXT_TYPES = {"client": "QP", "server": "CE"}


class _Session:
    """One client's connection and the server's behind it."""

    def __init__(self, number, client_reader, client_writer, server_reader, server_writer):
        self.number = number
        self.readers = {"client": client_reader, "server": server_reader}
        self.writers = {"client": server_writer, "server": client_writer}  # where what comes from a side goes
        self.started = False
        self.single_byte = False  # the server's next byte answers a request for encryption
        self.held: Fault | None = None  # what happens once the server is ready; till then its messages are kept
        self.kept = b""
        self.swallow = False  # silence: nothing reaches either side any more
        self.orphan = False  # the server is not told that the client is gone
        self.cut = False  # the client is to see a reset
        self.came = {"client": b"", "server": b""}
        self.looked_at = {"client": 0, "server": 0}  # bytes of `came`

    def take(self, side: str, size: int) -> bytes:
        begin = self.looked_at[side]
        self.looked_at[side] += size
        return self.came[side][begin : begin + size]

    def rest(self, side: str) -> bytes:
        """What came and was not looked at yet."""
        return self.came[side][self.looked_at[side] :]


class DatabaseGate(Gate):
    """PostgreSQL's protocol 3, unencrypted."""

    async def serve(self, number, reader, writer) -> bool:
        server_reader, server_writer = await self.connect()
        session = _Session(number, reader, writer, server_reader, server_writer)
        self._writers.add(server_writer)
        pumps = {side: asyncio.ensure_future(self._pump(session, side)) for side in ("client", "server")}
        try:
            done, _ = await asyncio.wait(pumps.values(), return_when=asyncio.FIRST_COMPLETED)
            if session.swallow and pumps["server"] in done:
                await asyncio.wait([pumps["client"]])
            if session.orphan:
                if session.cut:
                    reset(writer)
                await self._released.wait()
        finally:
            for pump in pumps.values():
                pump.cancel()
            ends = await asyncio.gather(*pumps.values(), return_exceptions=True)
            self._writers.discard(server_writer)
            server_writer.close()
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, ConnectionError):
                raise end
        return not session.cut

    async def _pump(self, session, side: str) -> None:
        """Relays what comes from one side until that side, or a fault, ends the session."""
        while True:
            ready = []  # passes untouched, in one write
            while message := self._next_message(session, side):
                fault = self._look_at(session, side, message)
                if fault is None and not (side == "server" and session.held):
                    ready.append(message)
                    continue
                await self._pass(session, side, b"".join(ready))
                ready = []
                if not await (self._do(session, side, message, fault) if fault else self._keep(session, message)):
                    return
            await self._pass(session, side, b"".join(ready))
            chunk = await session.readers[side].read(65536)
            if not chunk:
                return
            session.came[side] = session.rest(side) + chunk
            session.looked_at[side] = 0

    def _next_message(self, session, side: str) -> bytes:
        """Takes the first whole message of what has come; empty if there is none yet."""
        begin, there = session.looked_at[side], len(session.came[side])
        if side == "server" and session.single_byte and there > begin:
            session.single_byte = False
            return session.take(side, 1)
        start = 0 if side == "client" and not session.started else 1
        if there < begin + start + 4:
            return b""
        size = start + struct.unpack_from("!i", session.came[side], begin + start)[0]
        return session.take(side, size) if there >= begin + size else b""

    def _look_at(self, session, side: str, message: bytes):
        record = Record(self.next_index(), session.number, side, size=len(message))
        if side == "client" and not session.started:
            code = struct.unpack_from("!i", message, 4)[0]
            record.type = UNTYPED.get(code, "startup")
            session.single_byte = record.type in ("ssl", "gss")
            session.started = record.type == "startup"
        else:
            record.type = chr(message[0])
            if record.type in TEXT_TYPES[side]:
                record.target = _text(record.type, side, message)
        return self.note(record)

    async def _pass(self, session, side: str, data: bytes) -> None:
        """Delivers bytes, up to the place of a rule that cuts at a byte."""
        if not data:
            return
        place = self.cut_within(side, len(data))
        if session.swallow:
            return
        writer = session.writers[side]
        writer.write(data if place is None else data[: place[1]])
        await writer.drain()
        if place:
            fault = place[0].fault
            await flush(writer)
            await self.call(fault.before or fault.after)
            session.orphan |= fault.orphan
            if fault.reply == "silence":
                session.swallow = True
                return
            session.cut = True
            raise ConnectionResetError

    async def _do(self, session, side: str, message: bytes, fault) -> bool:
        """The fault on one message. False if the session is over."""
        session.orphan |= fault.orphan
        await self.call(fault.before)
        await asyncio.sleep(fault.wait)
        if side == "server":
            return await self._reply(session, fault, message)
        if fault.forward == "late":
            return await self._late(session, message, fault)
        if fault.forward is not True:
            if fault.forward:
                await self._pass(session, side, message[: fault.forward])
                await flush(session.writers[side])
            return await self._reply(session, fault, b"")
        if fault.holds_answer:
            session.held = fault
        await self._pass(session, side, message)
        return True

    async def _keep(self, session, message: bytes) -> bool:
        """Keeps a message of the server back until it is ready for the next query; then the fault goes on."""
        session.kept += message
        if message[:1] != b"Z":
            return True
        fault, kept = session.held, session.kept
        session.held, session.kept = None, b""
        await self.call(fault.after)
        await asyncio.sleep(fault.wait_after)
        return await self._reply(session, fault, kept)

    async def _reply(self, session, fault, message: bytes) -> bool:
        """What the client gets. False if the session is over."""
        reply, client = fault.reply, session.writers["server"]
        if reply == "relay":
            if fault.forward is not False:
                await self._pass(session, "server", message)
            return True
        if reply == "silence":
            session.swallow = True  # ends when the client gives up
            return True
        if isinstance(reply, Answer):
            client.write(_fatal(reply.code))
        elif reply != "cut":
            client.write(message[:reply])
        await flush(client)
        session.cut = True
        return False

    async def _late(self, session, message: bytes, fault) -> bool:
        """The client is cut off at once, or waits in vain; the server gets the message later, and then sees the end.

        What the client sent behind the message (Bind, Execute, Sync) was on the wire too.
        """
        session.swallow = True
        await asyncio.sleep(0.05)
        if fault.reply == "cut":
            session.readers["client"].feed_eof()
            reset(session.writers["server"])
        await self.wait_late(fault.late)
        server = session.writers["client"]
        server.write(message + session.rest("client"))
        await flush(server)
        return False


def _text(kind: str, side: str, message: bytes) -> str:
    """SQL, command tag or SQLSTATE."""
    body = message[5:]
    if side == "server" and kind == "E":
        fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
        return fields.get(b"C", b"").decode()
    if kind == "P":
        body = body.partition(b"\0")[2]
    return body.partition(b"\0")[0].decode(errors="replace")


def _fatal(sqlstate: str) -> bytes:
    body = (
        b"".join(part + b"\0" for part in (b"SFATAL", b"VFATAL", b"C" + sqlstate.encode(), b"Mmade up at the gate"))
        + b"\0"
    )
    return b"E" + struct.pack("!i", len(body) + 4) + body
