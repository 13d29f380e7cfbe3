"""The gate itself: each fault does what it says, seen from both sides."""
import http.client
import threading
import time

import psycopg2
import pytest

from support import gate
from support.lake import Lake, LakeError


@pytest.fixture
def lake_gate(azurite):
    with gate.LakeGate(azurite.port, checked=False) as it:
        yield it


@pytest.fixture
def through(azurite, lake_gate, container):
    """A client behind the gate, its container made."""
    client = Lake(azurite.connection_string(lake_gate.endpoint))
    client.create_container(container)
    lake_gate.clear()
    return client


def test_lake_gate_passes_everything_and_keeps_records(lake_gate, through, lake, container):
    through.put_blob(container, "a", b"x" * 3_000_000)
    assert through.get(container, "a") == lake.get(container, "a")
    assert through.head(container, "none") is None
    assert [(r.method, r.status) for r in lake_gate.records] == [("PUT", 201), ("GET", 200), ("HEAD", 404)]


def test_lake_gate_changes_headers_of_an_answer(lake_gate, through, container):
    through.put_blob(container, "a", b"12345")
    rule = lake_gate.on(gate.with_headers({"x-ms-lease-state": "leased", "x-ms-more": "1"}), method="HEAD")
    headers = through.request("HEAD", f"/{container}/a")[1]
    assert (headers["x-ms-lease-state"], headers["x-ms-more"], headers["content-length"]) == ("leased", "1", "5")
    assert rule.hits == 1 and through.request("HEAD", f"/{container}/a")[1]["x-ms-lease-state"] == "available"


@pytest.mark.parametrize(
    "fault, arrives",
    [(gate.cut_before(), False), (gate.cut_inside(2), False), (gate.cut_after(), True), (gate.truncate(10), True)],
)
def test_lake_gate_cuts(lake_gate, through, lake, container, fault, arrives):
    rule = lake_gate.on(fault, nth=2, method="PUT")
    through.put_blob(container, "first", b"12345")
    with pytest.raises((OSError, http.client.HTTPException)):
        through.put_blob(container, "second", b"12345")
    through.put_blob(container, "third", b"12345")
    assert rule.hits == 1
    assert (lake.head(container, "second") is not None) == arrives
    assert lake.head(container, "first") and lake.head(container, "third")


@pytest.mark.parametrize(
    "fault, arrives",
    [(gate.answer(503, "ServerBusy", {"Retry-After": "1"}), False), (gate.answer_after(500, "InternalError"), True)],
)
def test_lake_gate_answers(lake_gate, through, lake, container, fault, arrives):
    lake_gate.on(fault, contains="/b")
    with pytest.raises(LakeError) as error:
        through.put_blob(container, "b", b"1")
    assert error.value.status in (500, 503) and error.value.code in ("ServerBusy", "InternalError")
    assert (lake.head(container, "b") is not None) == arrives


def test_lake_gate_delivers_late(lake_gate, through, lake, container):
    moment = threading.Event()
    lake_gate.on(gate.late(moment), method="PUT")
    with pytest.raises(OSError):
        through.put_blob(container, "late", b"1")
    assert lake.head(container, "late") is None
    moment.set()
    deadline = time.monotonic() + 5
    while lake.head(container, "late") is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_lake_gate_cuts_at_a_byte(lake_gate, through, lake, container):
    lake_gate.on(gate.cut_before(), at_byte=5000)
    with pytest.raises(OSError):
        through.put_blob(container, "a", b"x" * 100_000)
    assert lake.head(container, "a") is None


def test_lake_gate_falls_silent(lake_gate, through, container):
    lake_gate.on(gate.silence(), method="PUT")
    done = threading.Event()

    def put():
        with pytest.raises(OSError):
            through.put_blob(container, "a", b"1")
        done.set()

    thread = threading.Thread(target=put)
    thread.start()
    assert not done.wait(0.5)
    lake_gate.cut_all()
    assert done.wait(5)
    thread.join()


@pytest.fixture
def database_gate(postgresql):
    with gate.DatabaseGate(postgresql.port) as it:
        yield it


@pytest.fixture
def session(database, database_gate, table):
    connection = psycopg2.connect(database.server.uri(database.name, port=database_gate.port))
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


INSERT = """INSERT INTO "Event" (event_id, event_type, payload) VALUES ('a', 'b', '{}')"""


def test_database_gate_passes_everything(session, database_gate):
    session.execute("SELECT repeat('x', 1000) FROM generate_series(1, 5000)")
    assert len(session.fetchall()) == 5000
    assert database_gate.count(contains="generate_series") == 1
    assert database_gate.count(side="server", type="D") >= 5000


@pytest.mark.parametrize(
    "fault, arrives",
    [
        (gate.cut_before(), False),
        (gate.cut_inside(8), False),
        (gate.cut_after(), True),
        (gate.database_error("57P01"), False),
        (gate.truncate(3), True),
    ],
)
def test_database_gate_cuts(session, database_gate, table, fault, arrives):
    rule = database_gate.on(fault, contains="INSERT")
    with pytest.raises(psycopg2.Error):
        session.execute(INSERT)
    time.sleep(0.1)
    assert rule.hits == 1
    assert table.count() == (1 if arrives else 0)


def test_database_gate_cuts_the_servers_message(session, database_gate, table):
    database_gate.on(gate.cut_before(), type="C", side="server", contains="INSERT")
    with pytest.raises(psycopg2.Error):
        session.execute(INSERT)
    assert table.count() == 1


def test_database_gate_delivers_late(session, database_gate, table):
    moment = threading.Event()
    database_gate.on(gate.late(moment), contains="INSERT")
    with pytest.raises(psycopg2.Error):
        session.execute(INSERT)
    assert table.count() == 0
    moment.set()
    deadline = time.monotonic() + 5
    while table.count() == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_database_gate_keeps_an_orphans_transaction_open(session, database_gate, table):
    session.execute('BEGIN; LOCK TABLE "Event"')
    database_gate.on(gate.orphaned(gate.cut_before()), contains="COMMIT")
    with pytest.raises(psycopg2.Error):
        session.execute("COMMIT")
    locks = (
        "SELECT count(*) FROM pg_locks WHERE relation = 'public.\"Event\"'::regclass AND mode = 'AccessExclusiveLock'"
    )
    time.sleep(0.3)
    assert table.value(locks) == 1
    database_gate.release_orphans()
    deadline = time.monotonic() + 5
    while table.value(locks):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_database_gate_cuts_at_a_byte(session, database_gate):
    session.execute("SELECT 1")
    database_gate.on(gate.cut_before(), side="server", at_byte=database_gate.bytes["server"] + 5000)
    with pytest.raises(psycopg2.Error):
        session.execute("SELECT repeat('x', 100000)")


def test_a_gate_can_refuse_and_admit(database, database_gate):
    database_gate.refuse()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(database.server.uri(database.name, port=database_gate.port))
    database_gate.admit()
    psycopg2.connect(database.server.uri(database.name, port=database_gate.port)).close()
