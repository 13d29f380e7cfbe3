"""Behind PgBouncer in transaction mode, as a role that has the rights on the table that its kind of run needs, and no others."""
import uuid
from types import SimpleNamespace

import psycopg2
import pytest

from support.gate import call_before, cut_after, cut_before, kill_after, kill_before, kill_on_the_wire
from support.moments import try_moments
from support.scene import KINDS, Scene
from support.servers import PgBouncer
from support.writers import OLD, Writer

COMMIT = {"type": "Q", "contains": "COMMIT"}


@pytest.fixture(scope="session")
def role(postgresql):
    name = f"archiver_{uuid.uuid4().hex[:8]}"
    postgresql.psql("-c", f"CREATE ROLE {name} LOGIN")
    return name


@pytest.fixture(scope="session")
def pooler(place, postgresql, role):
    # Few server connections, so that sessions of one run meet those that another left.
    with PgBouncer(place / "pooler", postgresql, users=(role,), settings={"default_pool_size": 6}) as server:
        yield server


@pytest.fixture
def pooled(archiver, database, azurite, lake, pooler, role):
    """A scene whose runs pass the pooler; gates stand before it."""
    uri = f"postgresql://{role}@127.0.0.1:{pooler.port}/{database.name}"
    server = SimpleNamespace(port=pooler.port, uri=lambda name, port=None: f"postgresql://{role}@127.0.0.1:{port or pooler.port}/{name}")
    it = Scene(archiver.with_settings({"PG_CONNECTION_STRING": uri}),
               SimpleNamespace(name=database.name, connection=database.connection, uri=database.uri, server=server), azurite, lake)
    it.role = role
    yield it
    it.close()
    # Otherwise the database cannot be dropped, nor the role.
    it.table.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", (role,))
    it.table.execute(f'REVOKE ALL ON "Event" FROM {role}')


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_works(pooled, kind):
    pooled.begin(KINDS[kind])
    outcome = pooled.run()
    assert outcome.code == 0, str(outcome)
    pooled.finish(pooled.kind.before + pooled.kind.rows)


def test_nothing_is_left_behind_in_the_servers_sessions(pooled, role):
    """Settings, locks and prepared statements would reach the session's next client."""
    pooled.begin(KINDS["appends"])
    pooled.run(settings={"ARCHIVE_PARALLEL": "4"})
    assert pooled.table.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    uri = pooled.database.server.uri(pooled.database.name)
    others = [psycopg2.connect(uri) for _ in range(6)]
    for other in others:
        with other.cursor() as cursor:
            for name, value in (("transaction_isolation", "read committed"), ("lock_timeout", "0"), ("search_path", '"$user", public'),
                                ("extra_float_digits", "1")):
                cursor.execute(f"SHOW {name}")
                assert cursor.fetchone()[0] == value
            cursor.execute("SELECT count(*) FROM pg_prepared_statements")
            assert cursor.fetchone()[0] == 0
    for other in others:
        other.close()


@pytest.mark.parametrize("when", [kill_before, kill_after], ids=["before", "after"])
def test_killed_at_every_round_trip(pooled, when, request, record_property):
    def attempt(nth: int):
        pooled.begin(KINDS["appends"])
        with pooled.gates() as (_, database):
            rule = database.on(when(), nth=nth, when=lambda record: record.type in ("Q", "S", "startup"))
            outcome = pooled.run(database=database)
        assert outcome.code == (137 if rule.hits else 0), str(outcome)
        try:
            pooled.finish(18)
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}\nkilled at round trip {nth}") from wrong
        return rule

    record_property("cases", try_moments(attempt, request.node.nodeid))


@pytest.mark.parametrize("kind", ["new files", "appends", "day by day"])
def test_a_commit_whose_answer_was_lost_is_found_out(pooled, kind):
    pooled.begin(KINDS[kind])
    with pooled.gates() as (_, database):
        rule = database.on(cut_after(), **COMMIT)
        outcome = pooled.run(database=database)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    assert outcome.events("commit.in_doubt")
    pooled.finish()


def test_a_commit_that_never_arrived_is_put_back(pooled):
    pooled.begin(KINDS["appends"])
    with pooled.gates() as (_, database):
        database.on(cut_before(), **COMMIT)
        outcome = pooled.run(database=database)
    assert outcome.code == 5, str(outcome)
    pooled.must_be_as_before()
    pooled.finish()


def test_killed_with_commit_on_the_wire(pooled):
    pooled.begin(KINDS["appends"])
    with pooled.gates() as (_, database):
        database.on(kill_on_the_wire(), **COMMIT)
        assert pooled.run(database=database).code == 137
    pooled.finish(18)


def test_two_runs_at_once(pooled):
    pooled.begin(KINDS["appends"])
    with pooled.gates() as (lake, _):
        others = []
        lake.on(call_before(lambda: others.append(pooled.run("archive", settings={"ARCHIVE_LOCK_WAIT": "10ms"}))), method="PUT",
                contains="comp=blocklist")
        assert pooled.run(lake=lake).code == 0
    assert others[0].code == 10
    pooled.finish(18)


def test_a_row_changed_meanwhile_makes_the_run_begin_again(pooled):
    pooled.begin(KINDS["appends"])
    writer = Writer(pooled.table, pooled.database.uri)
    row = pooled.table.value(f'SELECT max(id) FROM "Event" WHERE {OLD}')
    with pooled.gates() as (_, database):
        database.on(call_before(lambda: writer.update(row)), contains="DELETE FROM")
        outcome = pooled.run(database=database)
    assert outcome.code == 0 and outcome.summary["attempts"] == 2, str(outcome)
    pooled.finish(18)
