"""`serve` as its clients see it: started, asked, listened to byte by byte, stopped."""
import http.client
import json
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from support.archiver import Outcome, Process
from support.exports import Exports


@dataclass
class Answer:
    status: int
    headers: dict  # names in lowercase
    body: bytes

    @property
    def json(self):
        assert self.headers["content-type"] == "application/json", self.headers
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Service:
    """A running `serve`; a context manager that ends it with SIGTERM and looks at its last words."""

    def __init__(self, exports: Exports, *arguments: str, settings: dict | None = None):
        self.exports = exports
        self.arguments = arguments
        self.settings = {"SERVE_PORT": "0", "LOG_LEVEL": "debug", **(settings or {})}
        self.process: Process | None = None
        self.outcome: Outcome | None = None
        self.port = 0

    def __enter__(self) -> "Service":
        self.process = self.exports.archiver.start("serve", *self.arguments, settings=self.settings)
        self.process.wait_for_output('"event":"serve.listening"')
        found = re.search(rb'"serve.listening".*?"port":(\d+)', self.process.output["stderr"])
        self.port = int(found[1])
        return self

    def __exit__(self, kind, *_) -> None:
        if self.outcome is None:
            self.process.send(15)
            outcome = self.stop_awaited()
            assert kind is not None or outcome.code == 0, str(outcome)

    def stop_awaited(self, timeout: float = 60) -> Outcome:
        self.outcome = self.process.wait(timeout)
        return self.outcome

    def ask(self, method: str, path: str, body: bytes | None = None, timeout: float = 60, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **how) -> Answer:
        return self.ask("GET", path, **how)

    def post(self, path: str, **how) -> Answer:
        return self.ask("POST", path, **how)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def say(self, text: bytes) -> bytes:
        """What the server answers to these bytes, until it closes."""
        with self.connect() as client:
            client.sendall(text)
            return hear_all(client)

    def state_of(self, task: str) -> dict:
        return self.get(f"/exports/{task}/status").json

    def wait_until_idle(self, task: str, timeout: float = 60) -> dict:
        deadline = time.monotonic() + timeout
        while (status := self.state_of(task))["state"] != "idle":
            assert time.monotonic() < deadline, status
            time.sleep(0.02)
        return status

    @property
    def log(self) -> list:
        lines = self.process.output["stderr"].decode().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def events(self, name: str) -> list:
        return [line for line in self.log if line["event"] == name]

    @property
    def resident_bytes(self) -> int:
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


def hear_all(client: socket.socket) -> bytes:
    heard = b""
    try:
        while chunk := client.recv(65536):
            heard += chunk
    except ConnectionResetError:
        heard += b"(reset)"
    return heard
