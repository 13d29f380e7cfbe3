"""Two rebuilds of one projection at once, and what comes while one is at work: each event is in the live tables once."""
import signal
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from support.asking import wait_for
from support.gate import DatabaseGate, call_before
from support.journal_files import TopicFile
from support.shop import TOTAL, Shop, process_state


@pytest.fixture
def shop(fault_binary, database, tmp_path):
    it = Shop(fault_binary, database, tmp_path)
    it.post(400)
    it.once()
    return it


def frozen_at(shop, point: str):
    process = shop.program.start("projections", "rebuild", "total", settings={"EVENT_ARCHIVER_FAULT": f"{point}=stop"})
    shop.wait_for(lambda: process_state(process.pid) == "T")
    return process


def is_whole(shop) -> None:
    assert shop.total() == shop.posted
    assert shop.value("SELECT string_agg(projection || ' ' || next || ' ' || state, ',') FROM event_archiver.position") == "total 400 running"
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ea_%'") == 0


def ends_as_overtaken(process) -> None:
    process.send(signal.SIGCONT)
    outcome = process.wait()
    assert outcome.code == 10 and "another rebuild" in outcome.summary["msg"], str(outcome)


@pytest.mark.parametrize("point", ["rebuild-prepared", "projection-after-commit", "projection-after-commit#5", "rebuild-caught-up"])
def test_a_rebuild_that_another_one_overtook_writes_to_no_live_table(shop, point):
    zombie = frozen_at(shop, point)
    shop.run("projections", "rebuild", "total")
    is_whole(shop)
    ends_as_overtaken(zombie)
    is_whole(shop)


@pytest.mark.parametrize("point", ["rebuild-prepared", "projection-after-commit#3", "rebuild-caught-up"])
def test_a_rebuild_writes_nothing_to_the_tables_of_another_one(shop, point):
    """Its apply.sql is the corrected one."""
    shop.write("total/apply.sql", TOTAL.replace("sum(v)", "sum(v + 1000)"))
    old = frozen_at(shop, "projection-after-commit#3")
    shop.write("total/apply.sql", TOTAL)
    new = frozen_at(shop, point)
    ends_as_overtaken(old)
    new.send(signal.SIGCONT)
    assert new.wait().code == 0
    is_whole(shop)


def test_two_rebuilds_that_begin_at_once(shop):
    for _ in range(3):
        both = [shop.program.start("projections", "rebuild", "total") for _ in range(2)]
        codes = sorted(each.wait().code for each in both)
        assert codes in ([0, 0], [0, 10]), codes
        is_whole(shop)


def test_a_swap_that_failed_and_was_overtaken_is_not_taken_for_done(shop):
    """Its temporary position is gone, as it would be after a swap of its own whose answer was lost."""
    with psycopg2.connect(shop.database.uri) as holder, holder.cursor() as cursor, DatabaseGate(shop.database.server.port) as gate:
        cursor.execute("LOCK TABLE total IN ROW EXCLUSIVE MODE")
        given_up = gate.on(call_before(lambda: None), side="server", type="E", contains="55P03")

        def overtake() -> None:
            holder.rollback()
            shop.run("projections", "rebuild", "total")

        overtaken = gate.on(call_before(overtake), type="startup", when=lambda _: given_up.hits > 0)
        uri = shop.database.server.uri(shop.database.name, port=gate.port)
        outcome = shop.program.run("projections", "rebuild", "total", settings={"PG_CONNECTION_STRING": uri})
    assert overtaken.hits == 1 and outcome.code == 10 and "another rebuild" in outcome.summary["msg"], str(outcome)
    is_whole(shop)


def test_a_topic_that_comes_during_a_rebuild_is_in_the_new_tables(shop):
    shop.write("total/projection.conf", "topic = live, other\nbatch = 50\ntables = public.total\n")
    rebuild = frozen_at(shop, "rebuild-caught-up")
    TopicFile(shop.journal, "other").append(*({"u": "b", "v": 1} for _ in range(7)))
    shop.once()
    assert shop.total() == shop.posted + 7
    rebuild.send(signal.SIGCONT)
    outcome = rebuild.wait()
    assert outcome.code == 0, str(outcome)
    assert shop.total() == shop.posted + 7
    shop.once()
    assert shop.total() == shop.posted + 7


def test_a_query_sees_the_old_rows_or_the_new_ones_at_each_step_of_the_swap(shop):
    """While the swap has the table, a query waits. It sees no empty table, and no part of one."""
    shop.execute("UPDATE total SET value = value + 1000000")
    old = shop.total()
    at_its_end = frozen_at(shop, "rebuild-caught-up")
    assert shop.total() == old
    at_its_end.kill()
    in_the_swap = frozen_at(shop, "rebuild-before-swap")
    shop.execute("SET lock_timeout = '300ms'")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        shop.total()
    shop.execute("SET lock_timeout = 0")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(shop.total)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'total'::regclass"
        with psycopg2.connect(shop.database.uri) as other, other.cursor() as cursor:
            wait_for(lambda: cursor.execute(waits) or cursor.fetchone()[0] > 0)
        in_the_swap.send(signal.SIGCONT)
        assert waiting.result(30) == shop.posted
    assert in_the_swap.wait().code == 0
    shop.execute("UPDATE total SET value = value + 1000000")
    after = frozen_at(shop, "rebuild-swapped")
    assert shop.total() == shop.posted
    after.send(signal.SIGCONT)
    assert after.wait().code == 0
    is_whole(shop)


def test_a_rebuild_ends_although_events_come_as_fast_as_it_applies_them(shop):
    """More than a batch of 50 at each of its rounds: the last batch grows."""
    rounds = 5
    stops = ",".join(f"rebuild-caught-up#{each}=stop" for each in range(1, rounds + 1))
    fault = f"{stops},rebuild-caught-up#{rounds + 1}=kill"
    process = shop.program.start("projections", "rebuild", "total", settings={"EVENT_ARCHIVER_FAULT": fault})
    for _ in range(rounds):
        shop.wait_for(lambda: process_state(process.pid) == "T")
        shop.post(130)
        shop.once()
        process.send(signal.SIGCONT)
    outcome = process.wait()
    assert outcome.code == 0, str(outcome)
    assert shop.total() == shop.posted
    assert shop.value("SELECT string_agg(projection || ' ' || next, ',') FROM event_archiver.position") == f"total {400 + 130 * rounds}"
