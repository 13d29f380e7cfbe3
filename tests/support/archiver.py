"""Runs the program as a user would: a process with an environment, output, an exit code and what it cost.

Whatever it prints is searched for secrets and for values of rows, in every test.
"""
import json
import os
import resource
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from support.servers import ACCOUNT_KEY
from support.table import ROW_CANARY


@dataclass
class Outcome:
    """What a run left behind."""

    code: int  # as a shell shows it: 128 + signal for a process that a signal ended
    stdout: str
    stderr: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int  # highest resident memory seen
    log: list = field(default_factory=list)  # stderr's JSON lines
    unparsed: list = field(default_factory=list)  # stderr's other lines

    def events(self, name: str) -> list:
        return [line for line in self.log if line.get("event") == name]

    @property
    def summary(self) -> dict:
        """The last line, which says how the run went."""
        assert (
            self.log and self.log[-1].get("event") == "run.summary"
        ), f"the last line is no run.summary:\n{self.stderr}"
        return self.log[-1]

    def __str__(self) -> str:
        return (
            f"exit {self.code} after {self.seconds:.2f} s\nstdout: {self.stdout[-2000:]}\nstderr: {self.stderr[-6000:]}"
        )


class Process:
    """A run in progress."""

    def __init__(
        self, arguments: list, environment: dict, secrets: list, memory_limit: int | None, prints_rows: bool = False
    ):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))

        self.secrets = secrets
        self.prints_rows = prints_rows
        self.began = time.monotonic()
        self.popen = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            preexec_fn=limit if memory_limit else None,
        )
        self._output = {"stdout": b"", "stderr": b""}
        for name in self._output:
            os.set_blocking(getattr(self.popen, name).fileno(), False)
        self._peak = 0
        self._usage = None
        self._reaped = threading.Event()
        self._lock = threading.Lock()  # between signalling and reaping
        self._changed = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._output]
        for thread in (*self._readers, threading.Thread(target=self._watch, daemon=True)):
            thread.start()

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def output(self) -> dict:
        """What was printed until now. A line that the program wrote before it answered is in it."""
        with self._changed:
            for name in self._output:
                self._take(name)
            return dict(self._output)

    def _take(self, name: str) -> bool:
        """Takes what the pipe holds; False at its end. Only with the lock held, or the reader may have some of it in hand."""
        stream = getattr(self.popen, name)
        while not stream.closed:
            try:
                chunk = os.read(stream.fileno(), 65536)
            except BlockingIOError:
                return True
            if not chunk:
                stream.close()
            self._output[name] += chunk
            self._changed.notify_all()
        return False

    def _read(self, name: str) -> None:
        stream = getattr(self.popen, name)
        readable = select.poll()
        readable.register(stream, select.POLLIN)
        while True:
            readable.poll()  # at the end of the pipe it answers at once
            with self._changed:
                if not self._take(name):
                    return

    def _watch(self) -> None:
        """Reaps the process, having read its peak memory for as long as it could be asked."""
        status_file = Path(f"/proc/{self.pid}/status")
        while True:
            try:
                for line in status_file.read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        self._peak = max(self._peak, int(line.split()[1]) * 1024)
            except OSError:
                pass
            with self._lock:
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
                if pid:
                    self._usage = usage
                    self.popen.returncode = os.waitstatus_to_exitcode(status)
                    self.ended = time.monotonic()
                    self._reaped.set()
                    return
            time.sleep(0.01)

    def send(self, number: int) -> bool:
        """Signals the process; False if it has already ended."""
        with self._lock:
            if self._reaped.is_set():
                return False
            os.kill(self.pid, number)
            return True

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def wait_end(self, timeout: float) -> bool:
        """True once the process is gone."""
        return self._reaped.wait(timeout)

    @property
    def running(self) -> bool:
        return not self._reaped.is_set()

    def wait_for_output(self, text: str, stream: str = "stderr", timeout: float = 30) -> None:
        """Returns once `text` was printed."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while text.encode() not in self.output[stream]:
                assert (
                    self.running and time.monotonic() < deadline
                ), f"never printed {text!r}: {self._output[stream].decode()}"
                self._changed.wait(0.05)

    def wait(self, timeout: float = 120) -> Outcome:
        """Waits for the end; a run that outlasts `timeout` is killed and fails the test."""
        late = not self._reaped.wait(timeout)
        if late:
            self.kill()
            self._reaped.wait()
        for thread in self._readers:
            thread.join()
        code = self.popen.returncode
        outcome = Outcome(
            128 - code if code < 0 else code,
            self._output["stdout"].decode(errors="replace"),
            self._output["stderr"].decode(errors="replace"),
            self.ended - self.began,
            self._usage.ru_utime + self._usage.ru_stime,
            self._peak,
        )
        for line in outcome.stderr.splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                entry = None
            if isinstance(entry, dict):
                outcome.log.append(entry)
            else:
                outcome.unparsed.append(line)
        assert not late, f"still running after {timeout} s\n{outcome}"
        for secret in (*self.secrets, ROW_CANARY):
            shown = outcome.stderr + ("" if self.prints_rows else outcome.stdout)
            assert secret not in shown, f"{secret!r} was printed\n{outcome}"
        assert "Sanitizer" not in outcome.stderr and "runtime error:" not in outcome.stderr, str(outcome)
        return outcome


class Archiver:
    """The program and the settings it gets; nothing of the caller's environment reaches it."""

    def __init__(self, binary: Path, settings: dict | None = None):
        self.binary = Path(binary)
        self.settings = dict(settings or {})
        self.secrets = [ACCOUNT_KEY, ACCOUNT_KEY[:40]]

    def with_settings(self, settings: dict) -> "Archiver":
        """Another with these settings on top; None takes a setting away."""
        other = Archiver(self.binary, {**self.settings, **settings})
        other.secrets = list(self.secrets)
        return other

    def start(self, *arguments: str, settings: dict | None = None, memory_limit: int | None = None) -> Process:
        passed_on = {
            name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ
        }
        given = {**self.settings, **(settings or {})}
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            # Only root may look at the memory and the descriptors of a process that leaves no core.
            **({} if os.geteuid() == 0 else {"EVENT_ARCHIVER_DUMPABLE": "true"}),
            **passed_on,
            **{name: str(value) for name, value in given.items() if value is not None},
        }
        prints_rows = arguments[:1] == ("cat",)
        return Process([str(self.binary), *arguments], environment, self.secrets, memory_limit, prints_rows)

    def run(
        self,
        *arguments: str,
        settings: dict | None = None,
        timeout: float = 120,
        expect: int | None = None,
        memory_limit: int | None = None,
    ) -> Outcome:
        """Runs to the end. With `expect`, any other exit code fails the test."""
        outcome = self.start(*arguments, settings=settings, memory_limit=memory_limit).wait(timeout)
        if expect is not None:
            assert outcome.code == expect, f"expected exit {expect}\n{outcome}"
        return outcome

    def archive(self, *arguments: str, expect: int = 0, **how) -> Outcome:
        return self.run("archive", *arguments, expect=expect, **how)
