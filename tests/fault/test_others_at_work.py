"""Others insert, update and delete rows, write to the files, or start a run of their own while ours is at work."""
import itertools
import time

import psycopg2
import pytest

from support.gate import call_after, call_before, kill_after
from support.scene import KINDS, YOUNG, Kind
from support.writers import OLD, Beside, Writer

# Where in the run the others act: which gate, and what passes it then.
MOMENTS = {
    "before the snapshot": ("database", call_before, {"contains": "pg_export_snapshot"}),
    "before the rows are read": ("database", call_before, {"contains": "COPY"}),
    "while blocks are staged": ("lake", call_before, {"method": "PUT", "contains": "comp=block&", "nth": 2}),
    "before the delete": ("database", call_before, {"contains": "DELETE FROM"}),
    # Days are deleted one after the other; the last DELETE is over all that was due.
    "after the delete": ("database", call_after, {"when": lambda record: "DELETE FROM" in record.target and "0001-01-01" in record.target}),
    "while files are published": ("lake", call_after, {"method": "PUT", "contains": "comp=blocklist", "nth": 2}),
    "before the commit": ("database", call_before, {"type": "Q", "contains": "COMMIT"}),
    "after the commit": ("database", call_after, {"type": "Q", "contains": "COMMIT"}),
    "while marks are cleared": ("lake", call_before, {"method": "PUT", "contains": "comp=metadata"}),
}
CHANGES = ["insert", "insert into a new day", "update", "move", "delete"]


@pytest.fixture
def writer(scene):
    return Writer(scene.table, scene.database.uri)


def act(writer, change: str, row: int) -> None:
    if change == "insert":
        writer.insert()
    elif change == "insert into a new day":
        writer.insert("2024-03-05")
    else:
        getattr(writer, change)(row)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_rows_changed_by_others_are_neither_lost_nor_doubled(scene, writer, moment, change):
    scene.begin(KINDS["appends"])
    row = scene.table.value(f'SELECT max(id) FROM "Event" WHERE {OLD}')
    gate_name, how, which = MOMENTS[moment]
    beside = Beside()
    with scene.gates() as gates:
        gate = dict(zip(("lake", "database"), gates))[gate_name]
        rule = gate.on(how(lambda: beside.run(lambda: act(writer, change, row))), **which)
        outcome = scene.run(lake=gates[0], database=gates[1])
        beside.join()
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    if change in ("update", "move", "delete"):
        conflict = moment in ("before the rows are read", "before the delete")
        # Until the snapshot is taken nothing is in the way; after the delete of its day the row is locked, then gone.
        either = moment in ("before the snapshot", "while blocks are staged")
        assert outcome.summary["attempts"] == 1 or conflict or either, str(outcome)
        assert not conflict or outcome.summary["attempts"] >= 2, str(outcome)
    scene.oracle.check()
    scene.finish()


def test_a_row_changed_at_each_attempt_is_given_up_after_a_few(scene, writer):
    scene.begin(KINDS["appends"])
    row = scene.table.value(f'SELECT max(id) FROM "Event" WHERE {OLD}')
    with scene.gates() as (_, database):
        rule = database.on(call_after(lambda: writer.update(row)), times=None, contains="pg_export_snapshot")
        outcome = scene.run(database=database)
    assert outcome.code == 5, str(outcome)
    assert 2 <= rule.hits == outcome.summary["attempts"] <= 20
    scene.must_be_as_before()
    scene.finish()


def test_a_deadlock_makes_the_run_begin_again(scene, writer):
    """The other session holds a row, then wants one that the run has locked: the server ends one of the two."""
    scene.begin(KINDS["new files"])
    first, last = scene.table.execute(f'SELECT min(id), max(id) FROM "Event" WHERE {OLD}')[0]
    other = psycopg2.connect(scene.database.uri)
    beside = Beside()
    with scene.gates() as (_, database), other.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '10s'")  # the run shall be the one that is ended
        cursor.execute('SELECT FROM "Event" WHERE id = %s FOR SHARE', (last,))

        def want():
            cursor.execute('SELECT FROM "Event" WHERE id = %s FOR UPDATE', (first,))
            other.rollback()

        database.on(call_before(lambda: beside.run(lambda: (time.sleep(0.2), want()), 0)), contains="DELETE FROM")
        outcome = scene.run(database=database)
        beside.join()
    other.close()
    assert outcome.code == 0, str(outcome)
    scene.finish(scene.kind.rows)


# --- Other runs ---

@pytest.mark.parametrize("turn", range(4))
def test_two_runs_at_once(scene, turn):
    scene.begin(KINDS["appends"])
    processes = [scene.start("archive", settings={"ARCHIVE_LOCK_WAIT": "10ms"}) for _ in range(2 + turn % 2)]
    outcomes = [process.wait(60) for process in processes]
    codes = sorted(outcome.code for outcome in outcomes)
    assert codes[0] == 0 and set(codes) <= {0, 10}, "\n".join(map(str, outcomes))
    scene.finish(scene.kind.before + scene.kind.rows)


def test_a_run_beside_one_that_is_publishing_gives_way(scene):
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, _):
        others = []
        lake.on(call_before(lambda: others.append(scene.run("archive", settings={"ARCHIVE_LOCK_WAIT": "10ms"}))), method="PUT",
                contains="comp=blocklist", nth=2)
        lake.on(call_before(lambda: others.append(scene.run("recover", settings={"ARCHIVE_LOCK_WAIT": "10ms"}))), method="PUT",
                contains="comp=blocklist", nth=3)
        outcome = scene.run(lake=lake)
    assert outcome.code == 0 and [other.code for other in others] == [10, 10], str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


def test_a_run_beside_one_that_clears_marks_does_it_too(scene):
    """After COMMIT the lock is free: both clear the marks, and neither is disturbed."""
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, _):
        others = []
        lake.on(call_before(lambda: others.append(scene.run("archive"))), method="PUT", contains="comp=metadata")
        outcome = scene.run(lake=lake)
    assert outcome.code == 0 and others[0].code == 0, f"{outcome}\n{others[0]}"
    scene.finish(scene.kind.before + scene.kind.rows)


def test_four_shards_at_once(scene):
    scene.begin(Kind(before=18, rows=40, days=9))
    outcomes = [process.wait(60) for process in [scene.start("archive", f"--shard={i}/4") for i in range(4)]]
    assert [outcome.code for outcome in outcomes] == [0] * 4, "\n".join(map(str, outcomes))
    assert scene.oracle.check().left == YOUNG
    assert sum(outcome.summary["rows"] for outcome in outcomes) == 40
    scene.finish(58)


def test_a_shard_and_a_run_over_all_of_the_table_keep_apart(scene):
    scene.begin(Kind(rows=20, days=4))
    with scene.gates() as (lake, _):
        others = []
        rule = lake.on(call_before(lambda: others.extend(scene.run("archive", *more, settings={"ARCHIVE_LOCK_WAIT": "10ms"})
                                                         for more in ([], ["--shard=0/2"], ["--shard=1/2"]))),
                       method="PUT", contains="comp=blocklist")
        outcome = scene.run("archive", "--shard=0/2", lake=lake)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    assert [other.code for other in others] == [10, 10, 0]
    scene.finish(20)


# --- A database that does not delete what was read ---

def published(lake) -> list:
    return lake.requests("PUT", "comp=blocklist") + lake.requests("PUT", "comp=metadata") + lake.requests("DELETE")


def refused(scene, code: int, **settings) -> None:
    """The run fails with `code`; nothing was even published, nothing is deleted."""
    with scene.gates() as (lake, _):
        outcome = scene.run(lake=lake, settings=settings)
        assert outcome.code == code, str(outcome)
        assert not published(lake)
    scene.must_be_as_before()


def test_a_trigger_that_keeps_rows_is_an_integrity_failure(scene):
    scene.begin(KINDS["appends"])
    scene.table.execute(f"""CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
                            $$BEGIN RETURN CASE WHEN OLD.id % 5 = 0 THEN NULL ELSE OLD END; END$$;
                            CREATE TRIGGER keep BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION keep()""")
    refused(scene, 7)
    scene.table.execute('DROP TRIGGER keep ON "Event"')
    scene.finish()


def test_row_security_that_hides_rows_from_the_delete_is_an_integrity_failure(scene):
    scene.begin(KINDS["appends"])
    role = f"reader_{scene.container}"
    scene.table.execute(f"""CREATE ROLE {role} LOGIN; GRANT SELECT, DELETE ON "Event" TO {role};
                            ALTER TABLE "Event" ENABLE ROW LEVEL SECURITY;
                            CREATE POLICY see ON "Event" FOR SELECT TO {role} USING (true);
                            CREATE POLICY remove ON "Event" FOR DELETE TO {role} USING (id % 2 = 0)""")
    try:
        refused(scene, 7, PG_CONNECTION_STRING=scene.database.server.uri(scene.database.name, user=role))
    finally:
        scene.table.execute(f'DROP POLICY see ON "Event"; DROP POLICY remove ON "Event"; DROP OWNED BY {role}; DROP ROLE {role}')
    scene.finish()


def test_a_foreign_key_that_refuses_is_a_precondition(scene):
    scene.begin(KINDS["appends"])
    scene.table.execute(f"""CREATE TABLE note (event integer REFERENCES "Event");
                            INSERT INTO note SELECT max(id) FROM "Event" WHERE {OLD}""")
    refused(scene, 3)
    scene.table.execute("DROP TABLE note")
    scene.finish()


@pytest.mark.parametrize("what, code", [("a deferred foreign key", 3), ("a deferred trigger", 1)])
def test_a_deferred_constraint_fails_before_anything_is_published(scene, what, code):
    scene.begin(KINDS["appends"])
    if what == "a deferred foreign key":
        scene.table.execute(f"""CREATE TABLE note (event integer REFERENCES "Event" DEFERRABLE INITIALLY DEFERRED);
                                INSERT INTO note SELECT max(id) FROM "Event" WHERE {OLD}""")
    else:
        scene.table.execute("""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not this one'; END$$;
                               CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON "Event" DEFERRABLE INITIALLY DEFERRED
                               FOR EACH ROW EXECUTE FUNCTION refuse()""")
    refused(scene, code)
    scene.table.execute('DROP TABLE IF EXISTS note; DROP TRIGGER IF EXISTS refuse ON "Event"')
    scene.finish()


# --- Somebody writes to a day's file ---

NAME = "events_2024-01-01.csv"
WHEN = {"while we read": ("database", call_before, {"contains": "COPY", "nth": 2}),
        "before we publish": ("lake", call_before, {"method": "PUT", "contains": f"{NAME}?comp=blocklist"})}


def mid_run(scene, when: str, deed) -> object:
    gate_name, how, which = WHEN[when]
    with scene.gates() as gates:
        gate = dict(zip(("lake", "database"), gates))[gate_name]
        rule = gate.on(how(deed), **which)
        outcome = scene.run(lake=gates[0], database=gates[1])
    assert rule.hits == 1
    return outcome


@pytest.mark.parametrize("when", WHEN)
def test_a_file_that_somebody_rewrote_meanwhile_is_taken_as_it_is_now(scene, when):
    scene.begin(KINDS["appends"])
    outcome = mid_run(scene, when, lambda: scene.lake.put_blob(scene.container, NAME, scene.lake.get(scene.container, NAME)))
    assert outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


def test_a_file_of_others_rewritten_while_it_is_read_is_read_again(scene):
    """It has no mark, so it is adopted: read whole, under the ETag that was seen."""
    scene.begin(KINDS["appends"])

    def rewrite():
        scene.lake.put_blob(scene.container, NAME, scene.lake.get(scene.container, NAME))

    rewrite()
    with scene.gates() as (lake, _):
        rule = lake.on(call_before(rewrite), method="GET", when=lambda record: record.target.endswith(NAME))
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("when", WHEN)
def test_a_file_that_somebody_deleted_meanwhile_begins_again(scene, when):
    scene.begin(KINDS["appends"])

    def remove():
        scene.lake.delete(scene.container, NAME)
        scene.table.execute("""DELETE FROM oracle.original o WHERE created_at < '2024-01-02'
                               AND NOT EXISTS (SELECT FROM "Event" e WHERE e.id = o.id)""")

    outcome = mid_run(scene, when, remove)
    assert outcome.code == 0 and outcome.events("file.lost"), str(outcome)
    scene.finish()
    # The day's rows went on into a new file. The ledger says so until a person has accepted it.
    assert NAME in scene.plain.run("verify", expect=7).stdout
    scene.table.insert("2024-01-01 12:00:00")
    assert "while a run was at work" in scene.plain.run("archive", expect=7).stderr
    assert "recover --discard" in scene.plain.run("verify", expect=7).stdout
    scene.plain.run("recover", "--discard", NAME, expect=0)
    scene.plain.run("archive", expect=0)
    scene.plain.run("verify", expect=0)
    scene.plain.run("recover", "--discard", NAME, expect=3)  # once is enough


@pytest.mark.parametrize("deed", ["an earlier version is put back", "removed, and put back"])
def test_a_file_that_others_put_back_meanwhile_is_missed_if_rows_of_it_are(scene, deed):
    scene.begin(KINDS["appends"])
    earlier = scene.lake.get(scene.container, NAME), scene.lake.head(scene.container, NAME).metadata
    scene.table.insert("2024-01-01 12:00:00")
    scene.plain.run("archive", expect=0)
    scene.table.insert("2024-01-01 12:00:01")
    last = scene.lake.get(scene.container, NAME), scene.lake.head(scene.container, NAME).metadata

    def put(version):
        scene.lake.put_blob(scene.container, NAME, version[0], metadata=version[1])

    with scene.gates() as (lake, _):
        if deed == "removed, and put back":
            lake.on(call_before(lambda: scene.lake.delete(scene.container, NAME)), method="PUT", contains=f"{NAME}?comp=blocklist")
            lake.on(call_before(lambda: put(last)), method="PUT", contains=f"{NAME}?comp=blocklist", nth=2)
        else:
            lake.on(call_before(lambda: put(earlier)), method="PUT", contains=f"{NAME}?comp=blocklist")
        outcome = scene.run("archive", lake=lake)
    assert outcome.code == 0 and outcome.events("file.lost"), str(outcome)
    scene.plain.run("verify", expect=0 if deed == "removed, and put back" else 7)
    if deed != "removed, and put back":  # a person has put the rows of both into one file
        scene.lake.put_blob(scene.container, NAME, last[0])
        scene.plain.run("recover", "--keep", NAME, expect=0)
        scene.plain.run("verify", expect=0)


def is_there(scene, name: str) -> bool:
    return any(blob.name == name for blob in scene.lake.list(scene.container))


def test_a_file_is_told_as_lost_before_another_one_takes_its_place(scene):
    """The process dies before it writes to the day again, and behind that."""
    for nth in itertools.count(1):
        scene.begin(KINDS["appends"])
        with scene.gates() as (lake, _):
            lake.on(call_before(lambda: scene.lake.delete(scene.container, NAME)), method="PUT", contains=f"{NAME}?comp=blocklist")
            rule = lake.on(kill_after(), method="PUT", nth=nth, when=lambda record: not is_there(scene, NAME) or "ledger" in record.target)
            scene.run(lake=lake)
        if not rule.hits:
            break
        scene.plain.run("verify", expect=7)
        scene.plain.run("recover", expect=0)
        scene.plain.run("verify", expect=7)
    assert nth > 3


@pytest.mark.parametrize("when", WHEN)
def test_rows_that_somebody_appended_meanwhile_stay(scene, when):
    scene.begin(KINDS["appends"])

    def append():
        base = scene.lake.block_list(scene.container, NAME)
        metadata = scene.lake.head(scene.container, NAME).metadata
        scene.table.execute("""INSERT INTO oracle.original VALUES (999999, 'by hand', 'appended', '2024-01-01 10:00', NULL, '{}')""")
        their_id = "A" * len(base[0][0])
        scene.lake.put_block(scene.container, NAME, their_id, b"999999,by hand,appended,2024-01-01 10:00:00,,{}\n")
        scene.lake.put_block_list(scene.container, NAME, [*(entry[0] for entry in base), their_id], metadata)

    outcome = mid_run(scene, when, append)
    assert outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows + 1)


@pytest.mark.parametrize("when", WHEN)
def test_metadata_that_somebody_set_before_we_publish_stays(scene, when):
    scene.begin(KINDS["appends"])

    def label():
        scene.lake.set_metadata(scene.container, NAME, {**scene.lake.head(scene.container, NAME).metadata, "owner": "somebody"})

    outcome = mid_run(scene, when, label)
    assert outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)
    assert scene.lake.head(scene.container, NAME).metadata["owner"] == "somebody"


def test_metadata_that_somebody_set_on_a_published_file_stays_and_the_mark_is_cleared(scene):
    scene.begin(KINDS["appends"])

    def label():
        scene.lake.set_metadata(scene.container, NAME, {**scene.lake.head(scene.container, NAME).metadata, "owner": "somebody"})

    with scene.gates() as (_, database):
        database.on(call_before(label), type="Q", contains="COMMIT")
        outcome = scene.run(database=database)
    assert outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)
    assert scene.lake.head(scene.container, NAME).metadata["owner"] == "somebody"


def test_a_file_under_somebodys_lease_is_left_alone(scene):
    scene.begin(KINDS["appends"])
    lease = scene.lake.request("PUT", f"/{scene.container}/{NAME}", {"comp": "lease"},
                               {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"})[1]["x-ms-lease-id"]
    outcome = scene.run()
    assert outcome.code in (3, 5), str(outcome)
    scene.must_be_as_before()
    scene.lake.request("PUT", f"/{scene.container}/{NAME}", {"comp": "lease"}, {"x-ms-lease-action": "release", "x-ms-lease-id": lease})
    scene.finish()


def test_a_folder_deleted_at_any_request_is_told_and_costs_no_row(scene):
    """The container vanishes under the run: what was published is gone with it, but never a row of the table. After COMMIT, when
    marks are cleared and the ledger is written, it would be: test_gone_files."""
    for nth in itertools.count(1):
        scene.begin(KINDS["new files"])
        with scene.gates() as (lake, _):
            rule = lake.on(call_before(lambda: scene.lake.delete_container(scene.container)), nth=nth,
                           when=lambda record: "comp=metadata" not in record.target and "ledger-" not in record.target)
            outcome = scene.run(lake=lake)
        if not rule.hits:
            break
        if outcome.code:
            assert scene.table.count() == scene.kind.rows + YOUNG, str(outcome)
    assert nth > 4
