"""What can happen to a request or a message: a value, and a function that makes it for each kind of mishap."""
import signal
from dataclasses import dataclass, field, replace
from typing import Callable


@dataclass
class Answer:
    """An HTTP answer that no server gave."""

    status: int
    code: str = ""
    headers: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What is done to one request or message. Each field is one step, in this order."""

    name: str
    before: Callable | None = None  # called with the gate, off the loop, while the request is held
    wait: float = 0
    forward: object = True  # True, False, a number of bytes, or "late"
    late: object = None  # seconds, or a threading.Event
    after: Callable | None = None  # called with the gate while the answer is held
    wait_after: float = 0
    reply: object = "relay"  # "relay", "cut", "silence", a number of bytes, or an Answer
    add: tuple = ()  # (name, value): LakeGate: headers of the server's answer, in place of its own
    orphan: bool = False  # the server is not told that the client is gone

    @property
    def holds_answer(self) -> bool:
        """Whether the whole answer must have come before it goes on."""
        return self.forward is True and (self.after is not None or self.wait_after > 0 or self.reply != "relay")


def cut_before() -> Fault:
    return Fault("cut before", forward=False, reply="cut")


def cut_inside(count: int) -> Fault:
    return Fault(f"cut after {count} bytes of the body", forward=count, reply="cut")


def cut_after() -> Fault:
    return Fault("answer lost", reply="cut")


def truncate(count: int) -> Fault:
    return Fault(f"answer cut after {count} bytes", reply=count)


def delay(seconds: float) -> Fault:
    return Fault(f"{seconds} s late", wait=seconds)


def delay_answer(seconds: float) -> Fault:
    return Fault(f"answer {seconds} s late", wait_after=seconds)


def answer(status: int, code: str = "", headers: dict | None = None) -> Fault:
    return Fault(f"answered {status}", forward=False, reply=Answer(status, code, headers or {}))


def answer_after(status: int, code: str = "", headers: dict | None = None) -> Fault:
    return Fault(f"done, answered {status}", reply=Answer(status, code, headers or {}))


def with_headers(headers: dict) -> Fault:
    return Fault("headers added", add=tuple(headers.items()))


def database_error(sqlstate: str) -> Fault:
    return Fault(f"answered {sqlstate}", forward=False, reply=Answer(0, sqlstate))


def silence() -> Fault:
    return Fault("silence", forward=False, reply="silence")


def silence_after() -> Fault:
    return Fault("done, then silence", reply="silence")


def late(when, cut: bool = True) -> Fault:
    return Fault("delivered late", forward="late", late=when, reply="cut" if cut else "silence")


def kill_before() -> Fault:
    return Fault("killed before", before=_kill, forward=False, reply="cut")


def kill_on_the_wire() -> Fault:
    return Fault("killed, request on the wire", before=_kill, reply="cut")


def kill_after() -> Fault:
    return Fault("killed after", after=_kill, reply="cut")


def call_before(function: Callable) -> Fault:
    return Fault("called before", before=lambda gate: function())


def call_after(function: Callable) -> Fault:
    return Fault("called after", after=lambda gate: function())


def signal_before(number: int) -> Fault:
    return Fault(f"signal {number} before", before=lambda gate: gate.awaited_victim().send(number))


def signal_after(number: int) -> Fault:
    return Fault(f"signal {number} after", after=lambda gate: gate.awaited_victim().send(number))


def orphaned(fault: Fault) -> Fault:
    return replace(fault, name=fault.name + ", orphaned", orphan=True)


def _kill(gate) -> None:
    victim = gate.awaited_victim()
    victim.send(signal.SIGKILL)
    victim.wait_end(10)
