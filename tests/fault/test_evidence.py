"""What a server says of a transaction, and what the rows say: a file is cut, kept or emptied by its rows, each by its bytes.

A key is no evidence: it may have come back with other content. Nor is a number: a server that was put back gives it out again."""
import re

import pytest

from support.gate import DatabaseGate, kill_after
from support.scene import KINDS, YOUNG, Kind
from test_settling import lake_state, pending, rewrite

DUE = "created_at < '2025-01-01'"


def rows_of(scene, days: int = 1) -> list:
    return [row for (row,) in scene.table.execute(f"SELECT id FROM oracle.original WHERE {DUE} ORDER BY id LIMIT %s", (days,))]


def all_of(scene) -> list:
    return [row for (row,) in scene.table.execute(f"SELECT id FROM oracle.original WHERE {DUE} ORDER BY id")]


def refused(outcome) -> str:
    return re.search(r"'(events_[^']*)' waits for", outcome.stderr)[1]


def upsert(scene, ids: list) -> None:
    """The application writes the same keys again, with other content."""
    scene.table.execute("""INSERT INTO "Event" SELECT id, event_id, 'again', created_at, processed_at, payload FROM oracle.original
                           WHERE id = ANY(%s) ON CONFLICT (id) DO UPDATE SET event_type = excluded.event_type""", (ids,))
    scene.table.execute("INSERT INTO oracle.original SELECT * FROM \"Event\" WHERE event_type = 'again'")


def put_back(scene, ids: list) -> None:
    scene.table.execute('INSERT INTO "Event" SELECT * FROM oracle.original WHERE id = ANY(%s)', (ids,))


@pytest.mark.parametrize("which", ["one key", "every key", "a late row like one of them"])
@pytest.mark.parametrize("command", ["recover", "archive"])
def test_a_committed_tail_is_kept_whatever_comes_with_its_keys(scene, command, which):
    scene.begin(Kind(pending="committed"))
    if which == "a late row like one of them":
        scene.table.execute("""INSERT INTO "Event" SELECT id + 1000, event_id, event_type, created_at, processed_at, payload
                               FROM oracle.original WHERE created_at < '2025-01-01' ORDER BY id LIMIT 1""")
        scene.oracle.remember_new()
        more = 1
    else:
        ids = rows_of(scene) if which == "one key" else all_of(scene)
        upsert(scene, ids)
        more = len(ids)
    scene.plain.run(command, expect=0)
    found = scene.oracle.check()
    assert not pending(scene)
    assert found.archived == scene.kind.rows + (more if command == "archive" else 0)
    scene.plain.run("verify", expect=0 if command == "archive" or which.startswith("a late") else 7)


@pytest.mark.parametrize("kind", ["taking back", "removing"])
def test_an_abort_is_not_believed_while_its_rows_are_gone(scene, kind):
    """The number belongs to another transaction that failed: the tail was committed on a server that has been put back since, and started again."""
    scene.begin(KINDS[kind])
    rewrite(scene, started=1)
    ids = all_of(scene)
    tail = [row for (row,) in scene.table.execute(f'SELECT id FROM "Event" WHERE {DUE}')]
    scene.table.execute(f'DELETE FROM "Event" WHERE {DUE}')
    scene.plain.run("recover", expect=0)
    assert scene.oracle.check().archived == len(ids) and not pending(scene)
    assert len(tail) == scene.kind.rows


@pytest.mark.parametrize("kind", ["taking back", "removing"])
@pytest.mark.parametrize("deed", ["DELETE FROM \"Event\"", "UPDATE \"Event\" SET event_type = 'changed'"])
def test_rows_that_were_changed_after_an_abort_are_the_tables(scene, kind, deed):
    """The server has run ever since: somebody deleted or changed a row, the very one of which the mark has a sample."""
    scene.begin(KINDS[kind])
    samples = [int(re.search(r"sample=(\d+)", blob.metadata["archiverlast"])[1]) for blob in pending(scene)]
    scene.table.execute(f"{deed} WHERE id = %s", (samples[0],))
    scene.table.execute(f"{deed.replace(chr(34) + 'Event' + chr(34), 'oracle.original')} WHERE id = %s", (samples[0],))
    scene.plain.run("recover", expect=0)
    assert scene.oracle.check().archived == scene.kind.before
    scene.finish()


def test_an_abort_whose_rows_were_all_changed_waits_for_a_person_once_the_server_was_restarted(scene):
    """The tail was never committed: kept, each of its rows would be archived beside itself."""
    scene.begin(KINDS["taking back"])
    rewrite(scene, started=1)
    for table in ('"Event"', "oracle.original"):
        scene.table.execute(f"UPDATE {table} SET event_type = 'changed' WHERE {DUE} AND id IN (SELECT id FROM \"Event\")")
    before, names = lake_state(scene), [blob.name for blob in pending(scene)]
    outcome = scene.run("archive")
    assert outcome.code == 7 and "--discard" in outcome.stderr, str(outcome)
    assert lake_state(scene) == before
    for name in names:
        scene.plain.run("recover", "--discard", name, expect=0)
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("which", ["min", "max"], ids=["the sample", "the last row"])
def test_an_abort_whose_rows_are_partly_gone_waits_for_a_person_once_the_server_was_restarted(scene, which):
    """Its disk may have been put back to a moment before the last rows came: they are in the file alone."""
    scene.begin(KINDS["taking back"])
    rewrite(scene, started=1)
    gone = scene.table.value(f'SELECT {which}(id) FROM "Event" WHERE {DUE}')
    scene.table.execute('DELETE FROM "Event" WHERE id = %s', (gone,))
    before = lake_state(scene)
    outcome = scene.run("recover")
    assert outcome.code == 7 and "--keep" in outcome.stderr and "rows it moved are in the table" in outcome.stderr, str(outcome)
    name = refused(outcome)
    assert lake_state(scene)[name] == before[name]
    put_back(scene, [gone])
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("back", [True, False], ids=["rows are back", "no row is back"])
@pytest.mark.parametrize("decide", ["the server", "a person"])
def test_a_restored_day_does_not_end_with_a_commit_that_a_restarted_server_tells_of(scene, decide, back):
    """Its disk may have been put back, and the number given to another transaction: the sample came later than the copy."""
    scene.begin(Kind(before=6, rows=4, restored=True))
    before = [row for (row,) in scene.table.execute(f'SELECT id FROM "Event" WHERE {DUE} ORDER BY created_at, id')]
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_after(), type="Q", contains="COMMIT")
        gate.victim = process = scene.start("archive", database=gate)
        process.wait()
        assert rule.hits == 1
    names = rewrite(scene, started=1)
    restored = [blob.name for blob in pending(scene) if "archiverrestored" in blob.metadata]
    samples = {int(re.search(r"sample=(\d+)", blob.metadata["archiverlast"])[1]) for blob in pending(scene)}
    if back:
        put_back(scene, [row for row in before if row not in samples])
    if decide == "the server":
        scene.plain.run("recover", expect=0)
    else:
        for name in names:
            scene.plain.run("recover", "--keep", name, expect=0)
    assert not pending(scene) and len(restored) == 2
    assert all("archiverrestored" in scene.lake.head(scene.container, name).metadata for name in restored)
    scene.plain.run("archive", expect=0)
    assert scene.oracle.check().archived == scene.kind.before + scene.kind.rows
    assert not any("archiverrestored" in blob.metadata for blob in scene.lake.list(scene.container))


def test_a_committed_file_that_was_cut_and_kept_its_mark_waits_for_a_person(scene):
    """Somebody has written it again, shorter: its last rows are in no file."""
    scene.begin(Kind(pending="committed"))
    name = pending(scene)[0].name
    content, metadata = scene.lake.get(scene.container, name), scene.lake.head(scene.container, name).metadata
    scene.lake.put_blob(scene.container, name, content[:-20])
    scene.lake.set_metadata(scene.container, name, metadata)
    before = lake_state(scene)
    outcome = scene.run("recover")
    assert outcome.code == 7 and f"'{name}'" in outcome.stderr and "somebody has cut it" in outcome.stderr, str(outcome)
    assert lake_state(scene) == before
    scene.lake.put_blob(scene.container, name, content)
    scene.lake.set_metadata(scene.container, name, metadata)
    scene.finish(scene.kind.rows)


def test_a_commit_is_not_believed_while_all_of_its_rows_are_there_and_a_part_waits_for_a_person(scene):
    scene.begin(Kind(pending="committed"))
    put_back(scene, all_of(scene))
    scene.plain.run("recover", expect=0)
    assert scene.oracle.check().archived == 0
    scene.finish(scene.kind.rows)


def test_rows_with_other_content_are_no_proof_that_the_tail_was_rolled_back(scene):
    """Unknown, and each key is in the table, one of them with other content."""
    scene.begin(Kind(pending="aborted"))
    rewrite(scene, xid=10**15)
    row = scene.table.value(f'SELECT max(id) FROM "Event" WHERE {DUE}')
    scene.table.execute("""UPDATE "Event" SET event_type = 'changed' WHERE id = %s""", (row,))
    before = lake_state(scene)
    outcome = scene.run("recover")
    assert outcome.code == 7 and "other content" in outcome.stderr, str(outcome)
    name = refused(outcome)
    assert lake_state(scene)[name] == before[name]
    assert scene.run("recover", "--discard", name).code == 0
    scene.plain.run("archive", expect=0)
    assert scene.table.count() == YOUNG


@pytest.mark.parametrize("ahead", [{"lsn": 2**62}, {"timeline": 7}, {"timeline": 2, "xid": 10**15}], ids=["log", "timeline", "both"])
@pytest.mark.parametrize("kind", ["keeping", "taking back", "removing"])
def test_a_mark_ahead_of_this_server_waits_for_a_person(scene, kind, ahead):
    """A copy of production, pointed at production's lake: whatever its rows say, they are not production's."""
    scene.begin(KINDS[kind])
    rewrite(scene, **ahead)
    before = lake_state(scene)
    for command in ("recover", "archive"):
        outcome = scene.run(command)
        assert outcome.code == 7 and "may be a copy" in outcome.stderr and "--keep" in outcome.stderr and "--discard" in outcome.stderr, str(outcome)
        assert lake_state(scene) == before
    verdict = "--keep" if kind == "keeping" else "--discard"
    for blob in pending(scene):
        assert scene.run("recover", verdict, blob.name).code == 0
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("sample", ["abc", "%ff", "99999999999999999999", "1+2"])
def test_a_sample_that_is_not_a_key_is_a_damaged_mark_of_that_file(scene, sample):
    scene.begin(KINDS["taking back"])
    names = rewrite(scene, sample=sample)
    before = lake_state(scene)
    for command in ("recover", "archive"):
        outcome = scene.run(command)
        assert outcome.code == 3 and any(name in outcome.stderr for name in names), str(outcome)
    assert lake_state(scene) == before
    assert re.search("metadata cannot be read", outcome.stderr)


@pytest.mark.parametrize("change", ["ADD COLUMN more text", "DROP COLUMN event_type", "ALTER COLUMN event_type TYPE varchar(900)"])
def test_columns_that_changed_since(scene, change):
    """No key of the tail is in the table, whatever its columns are by now: the file is the only copy."""
    scene.begin(Kind(pending="committed"))
    rewrite(scene, xid=10**15)
    scene.table.execute(f'ALTER TABLE "Event" {change}')
    try:
        assert scene.run("recover").code == 0
        assert not pending(scene)
    finally:
        scene.table.create_again()


def test_a_column_that_is_gone_makes_keys_no_proof(scene):
    """The keys are in the table; whether the rows are, nobody can tell."""
    scene.begin(Kind(pending="aborted"))
    rewrite(scene, xid=10**15)
    scene.table.execute('ALTER TABLE "Event" DROP COLUMN event_type')
    try:
        outcome = scene.run("recover")
        assert outcome.code == 7, str(outcome)
        assert len(pending(scene)) == scene.kind.days
    finally:
        scene.table.create_again()


def test_row_security_makes_absence_no_proof(scene):
    """The role sees none of the rows: that they are hidden is not that they are gone."""
    scene.begin(Kind(pending="aborted"))
    rewrite(scene, xid=10**15)
    role = f"blind_{scene.container}"
    scene.table.execute(f"""CREATE ROLE {role} LOGIN; GRANT SELECT, DELETE ON "Event" TO {role}; GRANT pg_monitor TO {role};
                            ALTER TABLE "Event" ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON "Event" USING (false)""")
    try:
        before = lake_state(scene)
        uri = re.sub(r"//[^@/]*@", f"//{role}@", scene.database.uri)
        outcome = scene.plain.run("recover", settings={"PG_CONNECTION_STRING": uri})
        assert outcome.code in (3, 4, 7) and "row" in outcome.stderr and "security" in outcome.stderr.replace("-", " "), str(outcome)
        assert lake_state(scene) == before
    finally:
        scene.table.execute(f'DROP POLICY none ON "Event"; ALTER TABLE "Event" DISABLE ROW LEVEL SECURITY; DROP OWNED BY {role}; DROP ROLE {role}')
    scene.plain.run("recover", expect=0)
    scene.finish(scene.kind.rows)
