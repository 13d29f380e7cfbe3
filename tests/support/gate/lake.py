"""The gate in front of a blob service; the package's docstring says how it is used.

A request is read whole before it is forwarded, and an answer before it is relayed: a fault then knows exactly
what each side has seen. Each request goes to the server on a connection of its own, so that the server's habit of
closing idle connections is not mixed up with our faults. The client's connections are kept alive.
"""
import asyncio
import ssl
from http import HTTPStatus

from support.gate.base import Gate, Record, flush, reset
from support.gate.fault import Answer, Fault, replace
from support.servers import ACCOUNT, ACCOUNT_KEY
from support.wire import Request, WireRules


class LakeGate(Gate):
    """HTTP in front of Azurite, or HTTPS with a certificate.

    Every request is held against the rules of support.wire, and a violation fails the test; `checked=False` is for
    clients other than the program. `upstream_secure`: the server behind has the certificate too.
    """

    def __init__(self, upstream_port: int, *, checked: bool = True, certificate=None, upstream_secure: bool = False):
        super().__init__(upstream_port)
        if upstream_secure:
            self.upstream_tls = ssl.create_default_context(cafile=str(certificate.authority))
        self.checked = checked
        self.rules_of_wire = WireRules(ACCOUNT, ACCOUNT_KEY)
        if certificate is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate.certificate, certificate.key)

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    @property
    def account_endpoint(self) -> str:
        return f"{self.endpoint}/{ACCOUNT}"

    def requests(self, method: str | None = None, contains: str = "") -> list:
        """The records that match, in order; those about the program's own lock and ledger only if `contains` names them."""
        ours = ".event-archiver/" in contains
        return [r for r in self.records
                if contains in r.target and method in (None, r.method) and (ours or ".event-archiver/" not in r.target)]

    async def serve(self, number, reader, writer) -> bool:
        while head := await _read_head(reader):
            lines = head.decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ", 2)
            headers = _headers(lines[1:])
            if headers.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                head = b"\r\n".join(line.encode("latin-1") for line in lines if not line.lower().startswith("expect:"))
            body = await reader.readexactly(int(headers.get("content-length") or 0))
            record = Record(self.next_index(), number, method=method, target=target, headers=headers, size=len(body))
            record.request = Request(method, target, _pairs(lines[1:]), body)
            self._complain(self.rules_of_wire.violations(record.request))
            verdict = await self._one(record, head, body, reader, writer)
            if verdict != "next":
                return verdict == "close"
        return True

    async def _one(self, record, head, body, reader, writer) -> str:
        """One request and its answer; then "next", "close" or "reset"."""
        fault = self.note(record)
        place = self.cut_within("client", len(head) + len(body))
        if place:
            rule, passing = place
            fault = replace(rule.fault, forward=max(0, passing - len(head)) if passing > len(head) else False)
            record.fault = fault.name
        fault = fault or Fault("")
        await self.call(fault.before)
        await asyncio.sleep(fault.wait)
        answer = b""
        if fault.forward == "late":
            self.deliver_late(fault, lambda: self._exchange(record, head, body))
        elif fault.forward is True:
            answer = await self._exchange(record, head, body)
            for name, value in fault.add:
                answer = _with_header(answer, name, value)
            await self.call(fault.after)
            await asyncio.sleep(fault.wait_after)
        elif fault.forward is not False:
            await self._part(head, body[: fault.forward])
        return await self._reply(record, fault, answer, reader, writer)

    async def _reply(self, record, fault, answer, reader, writer) -> str:
        reply = fault.reply
        if reply == "cut":
            return "reset"
        if reply == "silence":
            while await reader.read(65536):
                pass
            return "reset"
        if isinstance(reply, Answer):
            answer = _made_up(reply, record.method)
        place = self.cut_within("server", len(answer))
        if place:
            reply, record.fault = place[1], place[0].fault.name
        if isinstance(reply, int) and not isinstance(reply, bool):
            writer.write(answer[:reply])
            await flush(writer)
            return "reset"
        writer.write(answer)
        await writer.drain()
        return "close" if b"connection: close" in answer.split(b"\r\n\r\n")[0].lower() else "next"

    async def _exchange(self, record, head, body) -> bytes:
        """Forwards the request; the answer, as it came over the wire."""
        reader, writer = await self.connect()
        try:
            writer.write(head + body)
            await writer.drain()
            answer = await _read_answer(reader, record.method)
            record.status = int(answer.split(b" ", 2)[1])
            self._learn(record.request, record.status, answer)
            return answer
        finally:
            writer.close()

    def _complain(self, violations: list) -> None:
        if self.checked:
            self._errors += [AssertionError(text) for text in violations]

    def _learn(self, request, status, answer) -> None:
        rules = self.rules_of_wire
        self._complain(rules.lost(request, status))
        head, _, body = answer.partition(b"\r\n\r\n")
        headers = _headers(head.decode("latin-1").split("\r\n")[1:])
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = _unchunked(body)
        rules.learn(request, status, headers, body)

    async def _part(self, head, body) -> None:
        """Forwards the beginning of a request and breaks off."""
        _, writer = await self.connect()
        writer.write(head + body)
        await flush(writer)
        reset(writer)


async def _read_head(reader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _pairs(lines: list) -> list:
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return [(name.strip().lower(), value.strip()) for name, value in pairs]


def _headers(lines: list) -> dict:
    return dict(_pairs(lines))


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        parts.append(body[:size])
        body = body[size + 2 :]
        if size == 0:
            break
    return b"".join(parts)


async def _read_answer(reader, method: str) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status, headers = int(lines[0].split(" ")[1]), _headers(lines[1:])
    if method == "HEAD" or status in (204, 304):
        return head
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = [head]
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            parts += [line, await reader.readexactly(size + 2)]
            if size == 0:
                return b"".join(parts)
    if "content-length" in headers:
        return head + await reader.readexactly(int(headers["content-length"]))
    return head + await reader.read(-1)


def _with_header(answer: bytes, name: str, value: str) -> bytes:
    """The answer with this header, whatever it said there before."""
    head, body = answer.split(b"\r\n\r\n", 1)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(name.lower().encode() + b":")]
    return b"\r\n".join([*lines, f"{name}: {value}".encode(), b"", body])


def _made_up(answer, method: str) -> bytes:
    body = b""
    if answer.code and method != "HEAD":
        body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{answer.code}</Code><Message>made up</Message></Error>'.encode()
    headers = {"Content-Length": str(len(body)), "x-ms-request-id": "00000000-made-up", **answer.headers}
    if answer.code:
        headers |= {"x-ms-error-code": answer.code, "Content-Type": "application/xml"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n{lines}\r\n".encode() + body
