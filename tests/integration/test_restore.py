"""`restore`: days come back as they were, into another table or, as a move, into their own."""
import base64
import gzip
import time

import pytest

from support.gate import DatabaseGate, LakeGate, answer, kill_before

HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"


def held(lake, container) -> dict:
    return {blob.name: blob.metadata.get("archiverhold") for blob in lake.list(container) if blob.metadata.get("archiverhold")}


def same(table, other: str) -> bool:
    """What the oracle remembers of the archived days is in that table, row for row, and nothing else."""
    return table.value(f"""SELECT count(*) FROM ((SELECT o::text FROM oracle.original o WHERE created_at < '2024-06-01')
                           EXCEPT ALL (SELECT t::text FROM {other} t)) AS d""") == 0


@pytest.fixture(params=["none", "gzip"])
def archived(request, archiver, table, oracle):
    """400 rows of 8 days in the lake, 3 young ones in the table."""
    table.fill(400, 8)
    table.fill_young(3)
    oracle.remember()
    archiver.archive("--compression", request.param)
    return archiver


@pytest.mark.parametrize("target", ["pg_temp.back", "PG_TEMP.back", '"pg_temp"."Back"', "back"])
def test_a_temporary_table_would_end_with_the_program(archived, table, target):
    if "." not in target:
        table.execute(f"ALTER DATABASE \"{table.value('SELECT current_database()')}\" SET search_path = pg_temp, public")
    outcome = archived.run("restore", "--day", "2024-01-03", "--into", target, expect=3)
    assert "temporary table" in outcome.stderr, str(outcome)


def test_days_are_copied_into_a_table_made_like_the_original(archived, table, oracle):
    outcome = archived.run("restore", "--from", "2024-01-01", "--to", "2024-01-08", "--into", "brought_back", expect=0)
    assert outcome.summary["rows"] == 400 and outcome.summary["days"] == 8
    assert same(table, "brought_back") and table.value("SELECT count(*) FROM brought_back") == 400
    assert table.value("SELECT count(*) FROM pg_index WHERE indrelid = 'brought_back'::regclass") == 2
    oracle.check()  # the archive was not touched


def test_a_copy_is_idempotent_and_part_by_part(archived, table):
    archived.run("restore", "--day", "2024-01-03", "--into", "public.back", expect=0)
    assert table.value("SELECT count(*) FROM back") == 50
    table.execute("DELETE FROM back WHERE id % 2 = 0")
    outcome = archived.run("restore", "--to", "2024-01-05", "--into", "public.back", expect=0)
    assert table.value("SELECT count(*) FROM back") == 250
    assert outcome.summary["rows"] + outcome.summary["rows_recognised"] == 250


def test_a_row_with_other_content_in_the_target_is_named(archived, table):
    archived.run("restore", "--day", "2024-01-03", "--into", "back", expect=0)
    row = table.value("UPDATE back SET payload = '{\"other\": 1}' WHERE id = (SELECT min(id) FROM back) RETURNING id")
    outcome = archived.run("restore", "--from", "2024-01-03", "--into", "back")
    assert outcome.code == 7 and str(row) in outcome.stderr, str(outcome)


def test_a_dry_run_copies_nothing(archived, table):
    outcome = archived.run("restore", "--from", "2024-01-02", "--to", "2024-01-04", "--into", "back", "--dry-run", expect=0)
    assert outcome.summary["rows"] == 150 and not table.value("SELECT to_regclass('back') IS NOT NULL"), str(outcome)
    archived.run("restore", "--day", "2024-01-03", "--dry-run", expect=0)
    assert table.count() == 3


def test_days_move_back_in_place_and_are_held(archived, table, oracle, lake, container):
    outcome = archived.run("restore", "--from", "2024-01-02", "--to", "2024-01-04", expect=0)
    assert outcome.summary["rows"] == 150
    assert table.count() == 153
    moved = [blob for blob in lake.list(container) if blob.name[7:17] in ("2024-01-02", "2024-01-03", "2024-01-04")]
    for blob in moved:
        content = lake.get(container, blob.name)
        assert len(gzip.decompress(content) if blob.name.endswith(".gz") else content) > len(HEADER), "the file keeps its rows"
        assert blob.metadata["archiverrows"] == "50" and "archiverrestoring" not in blob.metadata
        assert blob.metadata["archiverrestored"].endswith(",rows=50,day=50")
    assert len(held(lake, container)) == 3 and min(held(lake, container).values()) > time.strftime("%Y-%m-%dT", time.gmtime(time.time() + 29 * 86400))
    table.fill(16, 8, seed="late")
    oracle.remember_new()
    outcome = archived.archive()
    assert outcome.summary["rows"] == 10  # those of the five days that are not held
    assert sorted(event["day"] for event in outcome.events("day.held")) == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert table.count() == 153 + 6


def test_a_longer_hold_stays_unless_another_is_asked_for(archived, lake, container):
    archived.run("restore", "--day", "2024-01-02", "--hold", "2 years", expect=0)
    (longer,) = held(lake, container).values()
    archived.run("restore", "--from", "2024-01-01", "--to", "2024-01-03", expect=0)
    assert sorted(held(lake, container).values())[2] == longer and len(set(held(lake, container).values())) == 2
    archived.run("restore", "--day", "2024-01-02", "--hold", "1 day", expect=0)
    assert longer not in held(lake, container).values()


def test_a_hold_ends(archived, table, oracle, lake, container):
    archived.run("restore", "--day", "2024-01-02", "--hold", "none", expect=0)
    assert not held(lake, container) and table.count() == 53
    outcome = archived.archive()
    assert outcome.summary["rows"] == 0 and outcome.summary["rows_recognised"] == 50
    found = oracle.check()
    assert found.archived == 400 and found.left == 3
    archived.run("restore", "--day", "2024-01-02", "--hold", "1 second", expect=0)
    time.sleep(1.2)
    archived.archive()
    assert oracle.check().archived == 400 and not held(lake, container)


def test_moved_back_without_an_index_on_time_days_are_held_too(archived, table):
    archived.run("restore", "--day", "2024-01-02", expect=0)
    table.execute('DROP INDEX "Event_created_at"')
    archived.archive()
    assert table.count() == 53


def test_rows_that_are_there_already_are_not_doubled(archived, table):
    archived.run("restore", "--day", "2024-01-02", "--into", "back", expect=0)
    table.execute('INSERT INTO "Event" SELECT * FROM back WHERE id % 2 = 0')
    archived.run("restore", "--day", "2024-01-02", expect=0)
    assert table.count() == 53


def test_a_key_taken_by_another_row_is_an_integrity_failure(archived, table, oracle):
    row = table.value("SELECT min(id) FROM oracle.original WHERE created_at < '2024-01-02'")
    table.execute("INSERT INTO \"Event\" VALUES (%s, 'x', 'x', now(), NULL, '{}')", (row,))
    outcome = archived.run("restore", "--day", "2024-01-01")
    assert outcome.code == 7 and "taken" in outcome.stderr, str(outcome)
    table.execute('DELETE FROM "Event" WHERE id = %s', (row,))
    oracle.check()


def test_a_trigger_that_changes_rows_is_found_out(archived, table, oracle):
    table.execute("""CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.processed_at = now(); RETURN NEW; END $$;
                     CREATE TRIGGER touch BEFORE INSERT ON "Event" FOR EACH ROW EXECUTE FUNCTION touch()""")
    outcome = archived.run("restore", "--day", "2024-01-01")
    assert outcome.code == 7, str(outcome)
    oracle.check()


def test_a_damaged_file_is_not_restored(archived, table, lake, container):
    name = lake.list(container)[0].name
    blob = lake.head(container, name)
    content = bytearray(lake.get(container, name))
    content[-10] ^= 1
    lake.put_blob(container, name, bytes(content), metadata=blob.metadata)
    for arguments in (("--into", "back"), ()):
        outcome = archived.run("restore", "--day", "2024-01-01", *arguments)
        assert outcome.code == 7 and name in outcome.stderr, str(outcome)
    assert table.count() == 3


@pytest.mark.parametrize("arguments, words", [
    ((), "restore needs the days"),
    (("--day", "2024-13-01"), "--day is '2024-13-01'"),
    (("--day", "2024-01-01", "--from", "2024-01-01"), "leave out --from and --to"),
    (("--from", "2024-02-01", "--to", "2024-01-01"), "later than --to"),
    (("--day", "2024-01-01", "--into", "a.b.c.d"), "--into is 'a.b.c.d'"),
    (("--day", "2024-01-01", "--into", "x", "--hold", "3d"), "--hold is for days that go back in place"),
    (("--day", "2024-01-01", "--hold", "soon"), "--hold"),
])
def test_an_invalid_value_is_refused(archiver, table, arguments, words):
    outcome = archiver.run("restore", *arguments)
    assert outcome.code == 2 and words in outcome.stderr, str(outcome)


def test_the_table_itself_is_no_target_for_a_copy(archived, table):
    outcome = archived.run("restore", "--day", "2024-01-01", "--into", 'public."Event"')
    assert outcome.code == 2 and "Leave --into out" in outcome.stderr


@pytest.mark.parametrize("into", ["public.p1", "public.whole"])
def test_a_table_that_shares_rows_with_it_is_no_target_for_a_copy(archiver, database, into):
    """Its rows would be in the table itself, and no file would be marked as restored."""
    with database.connection.cursor() as cursor:
        cursor.execute("""CREATE TABLE public.whole (id integer, created_at timestamp NOT NULL, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
                          CREATE TABLE public.part PARTITION OF public.whole FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
                              PARTITION BY RANGE (created_at);
                          CREATE TABLE public.p1 PARTITION OF public.part FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
                          INSERT INTO public.whole VALUES (1, '2024-01-01 12:00:00')""")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.part"})
    archiver.archive()
    outcome = archiver.run("restore", "--day", "2024-01-01", "--into", into, expect=2)
    assert "are rows of public.part" in outcome.stderr
    archiver.run("restore", "--day", "2024-01-01", "--into", "public.p2", expect=0)


@pytest.mark.parametrize("index", ["UNIQUE (note)", "EXCLUDE USING btree (note WITH =)"])
def test_a_value_that_two_archived_rows_had_one_after_the_other_comes_back_into_another_table(archiver, database, index):
    """What the table has once at a time, its archive may have more often."""
    def ask(sql):
        with database.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    ask(f"CREATE TABLE public.t (b integer, a integer, created_at timestamp NOT NULL, note text, PRIMARY KEY (a, b), {index})")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.t"})
    for number in (1, 2):
        ask(f"INSERT INTO public.t VALUES ({number}, 7, '2024-01-01 12:00:00', 'one')")
        archiver.archive()
    assert archiver.run("restore", "--day", "2024-01-01").code in (3, 7)
    archiver.run("restore", "--day", "2024-01-01", "--into", "public.back", expect=0)
    assert ask("SELECT a, b, note FROM public.back ORDER BY b") == [(7, 1, "one"), (7, 2, "one")]
    assert ask("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'public.back'::regclass AND contype IN ('p', 'u', 'x')") == [("PRIMARY KEY (a, b)",)]


def test_days_that_are_not_there(archiver, table):
    outcome = archiver.run("restore", "--day", "2024-01-01")
    assert outcome.code == 3 and "there is no container" in outcome.stderr and "no archived day" in outcome.stderr


def test_after_a_dry_run_of_archive_a_copy_asks_for_recover(archiver, table):
    table.fill(10, 1)
    archiver.archive("--dry-run")
    outcome = archiver.run("restore", "--day", "2024-01-01", "--into", "back")
    assert outcome.code == 3 and "recover" in outcome.stderr


def test_days_of_somebody_elses_file_come_back(archived, table, lake, container):
    name = lake.list(container)[0].name
    lake.put_blob(container, name, lake.get(container, name))
    archived.run("restore", "--day", "2024-01-01", expect=0)
    assert table.count() == 53 and lake.head(container, name).metadata["archiverrows"] == "50"


def test_days_of_an_append_blob_come_back(archived, table, lake, container):
    name = lake.list(container)[0].name
    content = lake.get(container, name)
    lake.delete(container, name)
    lake.append_blob(container, name, content)
    archived.run("restore", "--day", "2024-01-01", "--dry-run", expect=0)
    assert lake.head(container, name).kind == "AppendBlob" and table.count() == 3
    archived.run("restore", "--day", "2024-01-01", expect=0)
    assert table.count() == 53 and lake.head(container, name).kind == "BlockBlob"


def block_id(number: int, length: int = 24) -> str:
    return base64.b64encode(str(number).rjust(length, "0").encode()).decode()


def test_what_could_not_be_emptied_is_refused_before_anything_moves(archived, table, lake, container):
    name = lake.list(container)[0].name
    content = lake.get(container, name)
    lake.delete(container, name)
    lake.put_block(container, name, block_id(1, 6), content)
    lake.put_block_list(container, name, [block_id(1, 6)])
    outcome = archived.run("restore", "--day", "2024-01-01")
    assert outcome.code == 3 and "block ids are 6 bytes long" in outcome.stderr, str(outcome)
    assert table.count() == 3 and not any("archiverrestoring" in blob.metadata for blob in lake.list(container))


def test_a_file_of_others_that_was_nearly_restored_can_still_be_appended_to_and_taken_back(archiver, table, oracle, lake, container, database,
                                                                                          azurite):
    table.fill(20, 2)
    oracle.remember()
    archiver.archive()
    for blob in lake.list(container):
        content = lake.get(container, blob.name)
        lake.put_block(container, blob.name, block_id(1), content[:100])
        lake.put_block(container, blob.name, block_id(2), content[100:])
        lake.put_block_list(container, blob.name, [block_id(1), block_id(2)])
    with LakeGate(azurite.port) as gate:
        gate.on(answer(403, "AuthorizationPermissionMismatch"), nth=2, method="PUT", contains="comp=metadata")
        through = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint), "ARCHIVE_PARALLEL": "1"}
        assert archiver.run("restore", "--from", "2024-01-01", settings=through).code == 4
    assert table.count() == 0 and oracle.check().archived == 20
    table.fill(20, 2, seed="more")
    oracle.remember_new()
    with DatabaseGate(database.server.port) as gate:
        gate.on(kill_before(), type="Q", contains="COMMIT")
        uri = database.server.uri(database.name, port=gate.port)
        gate.victim = process = archiver.start("archive", settings={"PG_CONNECTION_STRING": uri})
        process.wait()
    archiver.run("recover", expect=0)
    assert oracle.check().archived == 20
    archiver.archive()
    assert oracle.check().archived == 40
