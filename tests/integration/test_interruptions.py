"""Killed, stopped, or not alone: afterwards one plain run makes everything exact."""
import random
import signal
import time

import pytest

from support.gate import DatabaseGate, LakeGate, answer, call_after, call_before, delay, delay_answer, silence


def behind(gate, azurite) -> dict:
    return {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}


@pytest.fixture
def full_run_seconds(archiver, table, lake, container):
    """How long an undisturbed run takes on this machine; the table and the lake are as before afterwards."""
    table.fill(1500, 15)
    return archiver.archive("--dry-run").seconds


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(12))
def test_killed_at_a_random_moment_then_a_plain_run(archiver, table, oracle, full_run_seconds, seed):
    moments = random.Random(seed)
    oracle.remember()
    for turn in range(3):
        process = archiver.start("archive")
        time.sleep(moments.uniform(0, 1.1 * full_run_seconds))
        process.kill()
        process.wait()
        table.fill(50, 20, seed=str(turn))
        oracle.remember_new()
    archiver.archive()
    found = oracle.check()
    assert found.left == 0 and found.archived == 1650


def test_killed_dry_runs_leave_nothing_behind(archiver, table, oracle, full_run_seconds):
    oracle.remember()
    for part in (0.3, 0.5, 0.7, 0.9):
        process = archiver.start("archive", "--dry-run")
        time.sleep(part * full_run_seconds)
        process.kill()
        process.wait()
    archiver.archive()
    assert oracle.check().left == 0


@pytest.mark.parametrize("nth", [1, 4, 8])
def test_recover_settles_and_does_nothing_else(archiver, table, oracle, azurite, nth):
    table.fill(400, 8)
    oracle.remember()
    with LakeGate(azurite.port) as gate:
        gate.on(call_before(lambda: gate.awaited_victim().kill()), nth=nth, method="PUT", contains="comp=blocklist")
        process = archiver.start("archive", settings=behind(gate, azurite))
        gate.victim = process
        process.wait()
    assert table.count() == 400
    archiver.run("recover", expect=0)
    found = oracle.check()
    assert found.left == 400 and found.files == {}
    archiver.run("recover", expect=0)
    archiver.archive()
    assert oracle.check().archived == 400


def test_recover_keeps_what_was_committed(archiver, table, oracle, azurite):
    table.fill(400, 8)
    oracle.remember()
    with LakeGate(azurite.port) as gate:
        gate.on(call_before(lambda: gate.awaited_victim().kill()), nth=3, method="PUT", contains="comp=metadata")
        process = archiver.start("archive", settings=behind(gate, azurite))
        gate.victim = process
        process.wait()
    assert table.count() == 0
    archiver.run("recover", expect=0)
    found = oracle.check()
    assert found.archived == 400 and found.left == 0


# Where in the run the signal arrives.
PHASES = {
    "staging": {"method": "PUT", "contains": "comp=block&", "nth": 3},
    "publishing": {"method": "PUT", "contains": "comp=blocklist", "nth": 3},
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_signal_rolls_everything_back(archiver, table, oracle, azurite, phase, number, code):
    table.fill(400, 8)
    oracle.remember()
    with LakeGate(azurite.port) as gate:
        rule = gate.on(call_before(lambda: (gate.awaited_victim().send(number), time.sleep(0.2))), **PHASES[phase])
        process = archiver.start("archive", settings=behind(gate, azurite))
        gate.victim = process
        outcome = process.wait(15)
        assert rule.hits == 1
    assert outcome.code == code, str(outcome)
    assert outcome.summary["exit_code"] == code
    found = oracle.check()
    assert found.files == {} and found.left == 400
    archiver.archive()
    assert oracle.check().archived == 400


def test_a_signal_after_commit_was_sent_awaits_the_answer(archiver, table, oracle, database):
    table.fill(100, 4)
    oracle.remember()
    with DatabaseGate(database.server.port) as gate:

        def stop():
            gate.awaited_victim().send(signal.SIGTERM)
            time.sleep(0.3)

        rule = gate.on(call_before(stop), type="C", side="server", when=lambda record: record.target == "COMMIT")
        process = archiver.start(
            "archive", settings={"PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)}
        )
        gate.victim = process
        outcome = process.wait(20)
    if rule.hits:
        assert outcome.code in (0, 143), str(outcome)
    found = oracle.check()
    assert found.archived == 100, f"what was committed must be final\n{outcome}"


@pytest.mark.parametrize("where", ["lake", "database"])
def test_a_server_that_fell_silent_does_not_hold_up_a_stop(archiver, table, oracle, azurite, database, where):
    table.fill(100, 4)
    oracle.remember()
    with LakeGate(azurite.port) as lake_gate, DatabaseGate(database.server.port) as database_gate:
        if where == "lake":
            rule = lake_gate.on(silence(), times=None, contains="comp=block&")
        else:
            rule = database_gate.on(silence(), contains="COPY")
        process = archiver.start(
            "archive",
            settings={
                **behind(lake_gate, azurite),
                "PG_CONNECTION_STRING": database.server.uri(database.name, port=database_gate.port),
            },
        )
        assert rule.fired.wait(20)
        time.sleep(0.2)
        begun = time.monotonic()
        process.send(signal.SIGTERM)
        outcome = process.wait(30)
        assert time.monotonic() - begun < 10.5, str(outcome)
    assert outcome.code == 143, str(outcome)
    archiver.archive()
    assert oracle.check().archived == 100


@pytest.mark.parametrize("command", [("archive",), ("verify",), ("plan",)], ids=" ".join)
def test_a_server_that_does_not_answer_a_cancel_request_does_not_hold_up_a_stop(archiver, table, oracle, database, command):
    """A paused pooler accepts connections and says nothing, on those that were there and on new ones."""
    table.fill(400, 8)
    oracle.remember()
    archiver.archive()
    table.fill(400, 8, seed="late")
    oracle.remember_new()
    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(silence(), nth=12, times=None)
        process = archiver.start(*command, settings={"PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)})
        assert rule.fired.wait(20)
        time.sleep(0.3)
        begun = time.monotonic()
        process.send(signal.SIGTERM)
        outcome = process.wait(30)
        assert time.monotonic() - begun < 10.5, str(outcome)
    assert outcome.code == 143 and outcome.summary["exit_code"] == 143, str(outcome)
    archiver.archive()
    oracle.check()


def test_a_failure_beside_a_server_that_does_not_answer_a_cancel_request_is_told(archiver, table, oracle, azurite, database):
    table.fill(3000, 3)
    oracle.remember()
    with DatabaseGate(database.server.port) as gate, LakeGate(azurite.port, checked=False) as lake:
        gate.on(silence(), times=None, nth=3, when=lambda record: record.type in "QP" and "TO STDOUT" in str(record.target))
        gate.on(silence(), times=None, type="cancel")
        lake.on(answer(403, "AuthorizationFailure"), times=None, method="PUT", contains="comp=block&")
        settings = {**behind(lake, azurite), "PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)}
        outcome = archiver.start("archive", settings={**settings, "ARCHIVE_RETRIES": "0"}).wait(60)
    assert outcome.code == 4 and "AuthorizationFailure" in str(outcome.events("run.error")), str(outcome)


def test_a_second_signal_ends_at_once(archiver, table, oracle, azurite):
    table.fill(100, 4)
    oracle.remember()
    with LakeGate(azurite.port) as gate:
        rule = gate.on(silence(), times=None, nth=2, method="PUT", contains="comp=blocklist")
        process = archiver.start("archive", settings=behind(gate, azurite))
        assert rule.fired.wait(20)
        process.send(signal.SIGTERM)
        time.sleep(0.3)
        begun = time.monotonic()
        process.send(signal.SIGTERM)
        outcome = process.wait(20)
        assert time.monotonic() - begun < 2
    assert outcome.code == 143, str(outcome)
    archiver.archive()
    assert oracle.check().archived == 100


def test_two_runs_at_once_one_of_which_gives_way(archiver, table, oracle, azurite):
    table.fill(100, 4)
    oracle.remember()
    with LakeGate(azurite.port) as gate:
        rule = gate.on(delay(6), method="PUT", contains="comp=block&")
        first = archiver.start("archive", settings=behind(gate, azurite))
        assert rule.fired.wait(20)
        second = archiver.archive(expect=10)
        assert second.summary["exit_code"] == 10
        assert first.wait().code == 0
    assert oracle.check().archived == 100


def test_runs_on_two_tables_of_one_database_do_not_hinder_each_other(archiver, table, oracle, azurite, container):
    table.fill(100, 4)
    oracle.remember()
    table.execute('CREATE TABLE other (LIKE "Event" INCLUDING ALL); INSERT INTO other SELECT * FROM "Event"')
    with LakeGate(azurite.port) as gate:
        rule = gate.on(delay(3), method="PUT", contains="comp=block&")
        first = archiver.start("archive", settings=behind(gate, azurite))
        assert rule.fired.wait(20)
        archiver.archive(settings={"ARCHIVE_TABLE": "other", "ARCHIVE_PATH": container + "/other"})
        assert first.wait().code == 0
    assert table.value("SELECT count(*) FROM other") == 0
    assert table.count() == 0


@pytest.mark.parametrize(
    "change", ["UPDATE \"Event\" SET event_type = 'changed' WHERE id = 7", 'DELETE FROM "Event" WHERE id = 7']
)
def test_an_old_row_changed_during_the_run_makes_it_begin_again(archiver, table, oracle, database, change):
    table.fill(100, 4)
    oracle.remember()

    def meddle():
        table.execute(change)
        table.execute("DELETE FROM oracle.original WHERE id = 7")
        table.execute('INSERT INTO oracle.original SELECT * FROM "Event" WHERE id = 7')

    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(call_after(meddle), contains="pg_export_snapshot")
        outcome = archiver.archive(settings={"PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)})
        assert rule.hits == 1 and outcome.summary["attempts"] == 2, str(outcome)
    assert oracle.check().left == 0


def test_old_rows_inserted_during_the_run_stay_for_the_next(archiver, table, oracle, azurite):
    table.fill(100, 4)
    oracle.remember()

    def insert():
        table.fill(40, 4, seed="late")
        oracle.remember_new()

    with LakeGate(azurite.port) as gate:
        gate.on(call_before(insert), method="PUT", contains="comp=block&")
        archiver.archive(settings=behind(gate, azurite))
    found = oracle.check()
    assert (found.archived, found.left) == (100, 40)
    archiver.archive()
    assert oracle.check().archived == 140


def test_a_row_changed_at_every_attempt_is_given_up_with_5(archiver, table, oracle, database):
    table.fill(100, 4)
    oracle.remember()
    turn = iter(range(1000))

    def meddle():
        table.execute('UPDATE "Event" SET event_type = %s WHERE id = 7', (f"changed {next(turn)}",))

    with DatabaseGate(database.server.port) as gate:
        gate.on(call_after(meddle), times=None, contains="pg_export_snapshot")
        outcome = archiver.archive(settings={"PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)}, expect=5)
    assert outcome.summary["exit_code"] == 5
    oracle.remember()
    assert oracle.check().files == {}


def test_a_file_changed_by_others_during_the_run_is_not_overwritten(archiver, table, oracle, azurite, lake, container):
    """Somebody sets metadata of a day's file between our look and our commit: the ETag moves, the run must notice."""
    table.fill(100, 4)
    oracle.remember()
    archiver.archive()
    table.fill(100, 4, seed="b")
    oracle.remember_new()
    name = "events_2024-01-02.csv"

    def meddle():
        metadata = lake.head(container, name).metadata
        lake.set_metadata(container, name, {**metadata, "owner": "somebody"})

    with LakeGate(azurite.port) as gate:
        rule = gate.on(call_before(meddle), method="PUT", contains=f"{name}?comp=blocklist")
        outcome = archiver.run("archive", settings=behind(gate, azurite))
        assert rule.hits == 1
    assert outcome.code == 0, str(outcome)
    assert oracle.check().left == 0
    assert lake.head(container, name).metadata["owner"] == "somebody"


def test_a_connection_lost_in_the_middle(archiver, table, oracle, database):
    table.fill(400, 8)
    oracle.remember()
    with LakeGate(1), DatabaseGate(database.server.port) as gate:
        rule = gate.on(delay_answer(0.5), contains="COPY")
        process = archiver.start(
            "archive", settings={"PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)}
        )
        assert rule.fired.wait(20)
        gate.cut_all()
        outcome = process.wait(60)
    assert outcome.code in (0, 5), str(outcome)
    oracle.check()


def test_backends_terminated_by_the_administrator(archiver, table, oracle, azurite, database):
    table.fill(400, 8)
    oracle.remember()

    def terminate():
        table.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )

    with LakeGate(azurite.port) as gate:
        gate.on(call_before(terminate), nth=3, method="PUT", contains="comp=block")
        outcome = archiver.run("archive", settings=behind(gate, azurite))
    assert outcome.code in (0, 5), str(outcome)
    oracle.check()
    archiver.archive()
    assert oracle.check().left == 0
