"""A gate: a proxy between the program and a server at which any fault can happen at a chosen moment.

Two kinds, with one way to use them:

    LakeGate(port)       HTTP, at the granularity of a request and its answer
    DatabaseGate(port)   PostgreSQL's protocol, at the granularity of a message, either way

    with LakeGate(azurite.port) as gate:
        rule = gate.on(cut_after(), nth=2, method="PUT", contains="comp=blocklist")
        process = archiver.start("archive", settings={… gate.endpoint …})
        gate.victim = process                 # whom `kill_…` and `signal_…` mean
        outcome = process.wait()
        assert rule.hits == 1
        print(gate.records)                   # method, target, status, what was done to it, in order

Which moment: `on(fault, nth=1, times=1, …)` counts only what matches the rule's own filters, and hits the n-th
such thing and the `times - 1` after it (`times=None`: for ever). Without filters it counts every request
(LakeGate) or every message of the client (DatabaseGate). Filters:

    method="PUT"           LakeGate: the request's method
    type="Q"               DatabaseGate: the message's type byte; "startup", "ssl" and "cancel" for packets without one
    contains="comp=block"  the request's target; or the SQL, command tag or SQLSTATE in the message
    side="server"          DatabaseGate: count the server's messages instead, LakeGate: only with at_byte
    when=function          record -> bool, for anything else
    at_byte=n              not a thing but a place: the n-th byte of that side through this gate. What is before it is
                           delivered, the rest is not, and the fault's `reply` happens (default: cut)

What happens (functions below that make a Fault; a Fault's fields can be combined freely):

    cut_before()            the connection is reset, the server never sees it
    cut_inside(n)           the server gets n bytes of the body (of the message), then both sides are reset
    cut_after()             the server does it; its answer is lost and the connection reset
    truncate(n)             the server does it; the client gets n bytes of the answer, then a reset
    delay(s), delay_answer(s)
    answer(status, code, headers)        LakeGate: the server never sees it, the client gets this
    answer_after(status, code, headers)  LakeGate: the server does it, the client gets this
    with_headers(headers)                LakeGate: the server does it, its answer gets these headers as well
    database_error(sqlstate)             DatabaseGate: the server never sees it, the client gets a FATAL error and a reset
    silence(), silence_after()  no answer, ever; the connection stays open
    late(seconds or event)  the client's connection is reset at once (`cut=False`: the client waits, until it gives up);
                            the request reaches the server only after this many seconds, or once the event is set
    kill_before(), kill_after(), kill_on_the_wire()
                            SIGKILL for gate.victim: before the server sees it; after the server has done it, before
                            the answer is delivered; or the request is delivered although its sender died
    call_before(f), call_after(f)   f() runs while the request, or its answer, is held
    signal_before(n), signal_after(n)   the same, sending signal n to gate.victim
    orphaned(fault)         DatabaseGate: whatever becomes of the client, the server's side stays open, and its transaction
                            in progress, until `gate.release_orphans()`

"The server does it" at a DatabaseGate: the gate forwards the message and what the client sends with it, holds back what
the server sends until its ReadyForQuery, then goes on. So `cut_after()` on a message that `contains="COMMIT"`
is a COMMIT that took effect and whose answer was lost, be it a simple or an extended query.

For everything at once: `gate.refuse()` (nobody listens any more) and `gate.admit()`; `gate.cut_all()` resets every
connection now; `gate.on(silence(), times=None)`.
"""
from support.gate.base import Record, Rule  # noqa: F401
from support.gate.database import DatabaseGate  # noqa: F401
from support.gate.fault import (  # noqa: F401
    Answer,
    Fault,
    answer,
    answer_after,
    call_after,
    call_before,
    cut_after,
    cut_before,
    cut_inside,
    database_error,
    delay,
    delay_answer,
    kill_after,
    kill_before,
    kill_on_the_wire,
    late,
    orphaned,
    signal_after,
    signal_before,
    silence,
    silence_after,
    truncate,
    with_headers,
)
from support.gate.lake import LakeGate  # noqa: F401
