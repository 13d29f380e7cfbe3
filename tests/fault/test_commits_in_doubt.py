"""The connection is lost at COMMIT, and the process lives: it finds out what became of it, and applies each event once."""
import signal

import pytest

from support.asking import wait_for
from support.gate import DatabaseGate, cut_after, cut_before, late
from support.shop import TOTAL, Shop

LOST = {"before the server has it": cut_before(), "after it was done": cut_after(), "and it arrives later": late(0.5)}
PLUGIN = "INSERT INTO seen SELECT $4 + n - 1 FROM json_array_elements($1) WITH ORDINALITY AS e(v, n) WHERE v->>'u' <> 'bad'"
# What is neither keyed nor summed up: a batch that is applied twice has its rows twice.
KEPT = "INSERT INTO kept SELECT u, v FROM json_to_recordset($1) AS e(u text, v bigint)"


@pytest.fixture(params=LOST.values(), ids=LOST)
def lost(request):
    return request.param


@pytest.fixture
def shop(fault_binary, database, tmp_path):
    """Three batches. The second has an event that SQL refuses."""
    it = Shop(fault_binary, database, tmp_path)
    it.write("total/migrations/002.sql", "CREATE TABLE IF NOT EXISTS kept (u text, v bigint)")
    it.write("total/apply.sql", f"{KEPT};\n{TOTAL}")
    it.write("total/plugins/a/migrations/001.sql", "CREATE TABLE IF NOT EXISTS seen (at bigint)")
    it.write("total/plugins/a/apply.sql", PLUGIN)
    it.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total, public.kept, public.seen\n")
    it.post(70)
    it.topic.append({"u": "bad", "v": "many"})
    it.post(50)
    it.run("migrate", "total")
    return it


def check(shop, *, letters: int = 1, end: int = 121) -> None:
    assert shop.total() == shop.posted
    assert shop.value("SELECT sum(v) FROM kept") == shop.posted
    assert shop.value("SELECT count(*) FROM kept") == end - letters
    assert shop.value("SELECT array_agg(at ORDER BY at) FROM seen") == [at for at in range(end) if at != 70]
    assert shop.value("SELECT count(*) FROM event_archiver.dead_letter") == letters
    assert shop.value("SELECT array_agg(next) FROM event_archiver.position") == [end]


def through_gate(shop, lost, *command: str, nth: int = 1, contains: str = "COMMIT"):
    """The outcome of the command, whose `nth` COMMIT is lost, and how many messages it sent that contain the text."""
    with DatabaseGate(shop.database.server.port) as gate:
        rule = gate.on(lost, nth=nth, contains=contains)
        uri = shop.database.server.uri(shop.database.name, port=gate.port)
        outcome = shop.program.run(*command, settings={"PG_CONNECTION_STRING": uri})
        assert rule.hits == 1, f"{nth} of {gate.count(contains=contains)}\n{outcome}"
    return outcome


def rebuild(shop, lost, nth: int) -> None:
    shop.once()
    outcome = through_gate(shop, lost, "projections", "rebuild", "total", nth=nth)
    assert outcome.code == 0, str(outcome)
    check(shop)
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ea_%'") == 0


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_of_a_batch(shop, lost, nth):
    outcome = through_gate(shop, lost, "project", "total", "--once", nth=nth)
    assert outcome.code == 0, str(outcome)
    check(shop)


def test_of_the_batches_of_a_projection_that_follows(shop, lost):
    """Two lost ones in a row, of a process that goes on."""
    with DatabaseGate(shop.database.server.port) as gate:
        rule = gate.on(lost, nth=2, times=2, contains="COMMIT")
        uri = shop.database.server.uri(shop.database.name, port=gate.port)
        process = shop.program.start("project", "total", settings={"PG_CONNECTION_STRING": uri})
        wait_for(lambda: shop.total() == shop.posted)
        shop.post(60)
        wait_for(lambda: shop.total() == shop.posted)
        process.send(signal.SIGTERM)
        assert process.wait().code == 143 and rule.hits == 2
    check(shop, end=181)


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_of_a_migration(shop, lost, nth):
    """A statement that has no IF NOT EXISTS: it is run once."""
    shop.write("total/migrations/003.sql", "ALTER TABLE kept ADD COLUMN first_added text")
    shop.write("total/migrations/004.sql", "ALTER TABLE kept ADD COLUMN then_added text")
    outcome = through_gate(shop, lost, "project", "total", "--once", nth=nth)
    assert outcome.code == 0, str(outcome)
    check(shop)


def test_of_a_letter_that_is_applied_again(shop, lost):
    shop.once()
    shop.write("total/apply.sql", f"{KEPT};\n{TOTAL}".replace("v bigint", "v text").replace("v FROM", "number(v) FROM").replace("sum(v)", "sum(number(v))"))
    shop.execute("CREATE FUNCTION number(v text) RETURNS bigint LANGUAGE sql AS $$SELECT CASE v WHEN 'many' THEN 1000 ELSE v::bigint END$$")
    outcome = through_gate(shop, lost, "dead-letters", "total", "--retry")
    assert outcome.code == 0, str(outcome)
    assert outcome.stdout == "applied 1 dead letter, 0 refused again\n"
    shop.posted += 1000
    check(shop, letters=0)


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_of_a_rebuild(shop, lost, nth):
    """Of its tables, and of its three batches."""
    rebuild(shop, lost, nth)


def test_of_the_swap_of_a_rebuild(shop, lost):
    rebuild(shop, lost, 5)


def test_of_a_replay(shop, lost):
    shop.once()
    outcome = through_gate(shop, lost, "projections", "replay", "total")
    assert outcome.code == 0, str(outcome)
    shop.once()
    check(shop)


@pytest.mark.parametrize("nth", [1, 2])
def test_of_a_rebuild_in_place(fault_binary, database, tmp_path, lost, nth):
    """Of tables that `archive` moves rows out of; here without a lake. Old rows that are gone do not come back."""
    shop = Shop(fault_binary, database, tmp_path)
    shop.topic.append(*({"name": "seen", "n": n, **({"created_at": f"2020-01-0{n}T00:00:00Z"} if n < 3 else {})} for n in range(1, 6)))
    shop.run("project", "events", "--once")
    shop.execute('DELETE FROM "Event" WHERE created_at < \'2021-01-01\'; CREATE TABLE kept AS TABLE "Event"; TRUNCATE "Event"')
    outcome = through_gate(shop, lost, "projections", "rebuild", "events", nth=nth)
    assert outcome.code == 0, str(outcome)
    same = 'SELECT count(*) FROM ((TABLE kept EXCEPT ALL TABLE "Event") UNION ALL (TABLE "Event" EXCEPT ALL TABLE kept)) AS d'
    assert shop.value(same) == 0 and shop.value('SELECT count(*) FROM "Event"') == 3
