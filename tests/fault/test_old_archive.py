"""What 0.1.0 left in a lake, marks and all, goes on with today's program: fixtures/archive-0.1.0.json was written by that version.

Its marks name a server that is gone. They are told of the one at hand, and nothing else in them is changed."""
import base64
import io
import json
import re
from pathlib import Path

import pytest

KEPT = json.loads((Path(__file__).parent.parent / "fixtures" / "archive-0.1.0.json").read_text(encoding="utf-8"))


def copy_in(scene, table: str, rows: list) -> None:
    with scene.database.connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv)", io.StringIO("\n".join(rows) + "\n"))


def finished(scene, how: str) -> str:
    """The number of a transaction that ended so."""
    with scene.database.connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_current_xact_id()::text")
        xid = cursor.fetchone()[0]
        cursor.execute("COMMIT" if how == "committed" else "ROLLBACK")
    return xid


def put(scene, blob: dict, **changed) -> None:
    """The blob as it was, block by block."""
    cluster, database = scene.table.execute("SELECT (SELECT system_identifier FROM pg_control_system()), oid FROM pg_database"
                                            " WHERE datname = current_database()")[0]
    ends = {"aborted": "aborted", "committed": "committed", "restoring": "committed"}.get(blob["is"])
    xid = finished(scene, ends) if ends else ""
    metadata = {}
    for name, value in blob["metadata"].items():
        value = re.sub(r"\bcluster=\d+", f"cluster={cluster}", value)
        value = re.sub(r"\bdatabase=\d+", f"database={database}", value)
        value = re.sub(r"\blsn=\d+", "lsn=4096", value)
        if xid and (name == "archiverrestoring" or blob["is"] != "restoring" and name == "archiverlast"):
            value = re.sub(r"\bxid=\d+", f"xid={xid}", value)
        metadata[name] = xid if name == "archiverpending" else value
    for block in blob["blocks"]:
        scene.lake.put_block(scene.container, blob["name"], block["id"], base64.b64decode(block["content"]))
    scene.lake.put_block_list(scene.container, blob["name"], [block["id"] for block in blob["blocks"]], {**metadata, **changed})


@pytest.fixture
def old(scene):
    """The table and the lake as 0.1.0 left them."""
    scene.begin()
    scene.table.execute('TRUNCATE "Event"')
    copy_in(scene, '"Event"', KEPT["rows"])
    scene.oracle.remember()
    scene.table.execute('TRUNCATE "Event"')
    copy_in(scene, '"Event"', KEPT["in_table"])
    scene.lake.create_container(scene.container)
    for blob in KEPT["blobs"]:
        put(scene, blob)
    return scene


def pass_holds(scene) -> None:
    for blob in scene.lake.list(scene.container):
        if "archiverhold" in blob.metadata:
            scene.lake.set_metadata(scene.container, blob.name, {**blob.metadata, "archiverhold": "2024-06-01T00:00:00Z"})


def no_mark_waits(scene) -> bool:
    return not any({"archiverpending", "archiverrestoring"} & blob.metadata.keys() for blob in scene.lake.list(scene.container))


def test_files_of_0_1_0_are_settled_appended_to_verified_and_restored(old):
    assert old.plain.run("list", expect=0).stdout.count("events_2024") == len(KEPT["blobs"])
    outcome = old.plain.run("recover", expect=0)
    assert outcome.summary["files_settled"] == 3 and no_mark_waits(old)
    held = old.table.value("""SELECT count(*) FROM "Event" WHERE created_at::date = '2024-01-07'""")
    late = [f'{100 + day},late,new,2024-01-{day:02} 12:00:00,,{{}}' for day in range(1, 7)]
    copy_in(old, '"Event"', late)
    copy_in(old, "oracle.original", late)
    old.plain.archive()
    assert old.table.count() == held == 2, "the held day stays"
    pass_holds(old)
    old.plain.archive()
    assert old.oracle.check().archived == len(KEPT["rows"]) + len(late) and old.table.count() == 0
    old.plain.run("verify", expect=0)
    old.plain.run("restore", "--from", "2024-01-01", "--into", "back", expect=0)
    assert old.table.value("SELECT count(*) FROM (SELECT w::text FROM back w EXCEPT ALL SELECT w::text FROM oracle.original w) d") == 0
    assert old.table.value("SELECT count(*) FROM back") == len(KEPT["rows"]) + len(late)


def test_names_are_compared_as_they_are_and_not_as_they_were_quoted(old):
    """0.1.0 wrote a table's name as quote_ident did that day; today it may quote more, or less."""
    for number, blob in enumerate(blob for blob in KEPT["blobs"] if blob["is"] == "final"):
        put(old, blob, archivertable=['"public"."Event"', "public.Event", 'public."Event"'][number % 3])
    spoiled = old.plain.run("recover")
    assert spoiled.code == 0, str(spoiled)
    old.table.execute(f'ALTER DATABASE "{old.database.name}" SET quote_all_identifiers = on')
    pass_holds(old)
    old.plain.archive()
    assert old.oracle.check().archived == len(KEPT["rows"])


@pytest.mark.parametrize("table", ['public."event"', 'other."Event"', 'public."Event"."x"'])
def test_a_file_of_another_table_is_still_another_tables(old, table):
    committed = next(blob for blob in KEPT["blobs"] if blob["is"] == "committed")
    put(old, committed, archivertable=table)
    outcome = old.plain.run("recover")
    assert outcome.code == 3 and "belongs to table" in outcome.stderr, str(outcome)
