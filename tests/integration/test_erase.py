"""`erase`: rows that match go from the files and from the table, and no other row."""
import gzip
import hashlib
import json

import pytest

HEADER = "id,event_id,event_type,created_at,processed_at,payload\n"
SECRET = "alice.smith"
MINE = f"payload->>'user' = '{SECRET}'"


@pytest.fixture
def eraser(archiver):
    """The program, which must never print the condition, nor the name in it."""
    other = archiver.with_settings({"LOG_LEVEL": "debug"})
    other.secrets += [SECRET, "payload->>"]
    return other


def fill(table, days=3, others=5, mine=2):
    """On each day rows of others, and some of Alice's."""
    for day in range(1, days + 1):
        for number in range(others):
            table.insert(f"2024-01-0{day} 10:00", payload='{"user": "bob", "text": "a,\\"b\\"\\nc"}' if number % 2 else "null")
        for _ in range(mine):
            table.insert(f"2024-01-0{day} 11:00", payload=f'{{"user": "{SECRET}"}}')


def rows_of(lake, container, name) -> str:
    body = lake.get(container, name)
    text = (gzip.decompress(body) if name.endswith(".gz") else body).decode()
    assert text.startswith(HEADER)
    return text.removeprefix(HEADER)


def files(lake, container) -> dict:
    return {blob.name: rows_of(lake, container, blob.name) for blob in lake.list(container)}


def without(rows: str) -> str:
    """The same rows, those of Alice left out; hers have no line breaks."""
    return "".join(line for line in rows.splitlines(keepends=True) if SECRET not in line)


def receipt_of(outcome) -> dict:
    assert outcome.code == 0, str(outcome)
    receipt = json.loads(outcome.stdout)
    assert receipt["schema"] == "event-archiver/erase/v1" and receipt["done"] and receipt["verified"]
    return receipt


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_rows_that_match_go_and_all_others_stay(archiver, eraser, table, lake, container, compression):
    fill(table)
    archiver.archive("--compression", compression)
    fill(table, days=2, others=3, mine=1)  # late rows: a second gzip member
    archiver.archive("--compression", compression)
    table.insert("2030-01-01", payload=f'{{"user": "{SECRET}"}}')
    table.insert("2030-01-01", payload='{"user": null}')
    before, marks = files(lake, container), {blob.name: (blob.etag, blob.metadata) for blob in lake.list(container)}
    counted = eraser.run("erase", "--where", MINE, expect=0)
    assert "would erase 8 rows of 3 archived files, and 1 row of the table" in counted.stdout and "soft-deleted" in counted.stdout
    assert {blob.name: (blob.etag, blob.metadata) for blob in lake.list(container)} == marks and table.count() == 2
    asked = json.loads(eraser.run("erase", "--where", MINE, "-o", "json", expect=0).stdout)
    assert not asked["done"] and asked["rows_of_files"] == 8 and asked["rows_of_table"] == 1
    outcome = eraser.run("erase", "--where", MINE, "--yes")
    receipt = receipt_of(outcome)
    assert files(lake, container) == {name: without(rows) for name, rows in before.items()}
    assert table.count() == 1
    assert receipt["condition_sha256"] == hashlib.sha256(MINE.encode()).hexdigest()
    assert [(day["day"], day["rows"], day["before"]["rows"], day["after"]["rows"]) for day in receipt["days"]] == [
        ("2024-01-01", 3, 11, 8), ("2024-01-02", 3, 11, 8), ("2024-01-03", 2, 7, 5)]
    for day in receipt["days"]:
        metadata = lake.head(container, day["blob"]).metadata
        assert (metadata["archivercrc"], int(metadata["archiverrows"])) == (day["after"]["crc"], day["after"]["rows"])
        assert day["before"]["crc"] == marks[day["blob"]][1]["archivercrc"]
        assert SECRET not in str(metadata)
    assert outcome.summary["rows"] == 8 and outcome.summary["rows_deleted"] == 1
    assert receipt["rows_of_table"] == 1 and receipt["run_id"] == outcome.summary["run_id"] and receipt["not_reached"]
    archiver.run("verify", expect=0)
    again = receipt_of(eraser.run("erase", "--where", MINE, "--yes"))
    assert again["days"] == [] and again["rows_of_table"] == 0


def test_afterwards_days_are_appended_to_and_restored(archiver, eraser, table, lake, container):
    fill(table)
    archiver.archive()
    receipt_of(eraser.run("erase", "--where", MINE, "--yes"))
    kept = without(files(lake, container)["events_2024-01-01.csv"])
    table.insert("2024-01-01 15:00", payload='{"late": true}')
    archiver.archive()
    assert rows_of(lake, container, "events_2024-01-01.csv").startswith(kept)
    archiver.run("verify", expect=0)
    archiver.run("restore", "--from", "2024-01-01", expect=0)
    assert table.count() == 16 and table.value("SELECT count(*) FROM \"Event\" WHERE payload->>'user' = 'alice.smith'") == 0


def test_equal_rows_are_told_by_their_place(archiver, eraser, table, lake, container):
    fill(table, days=1, others=4, mine=1)
    archiver.archive()
    name = "events_2024-01-01.csv"
    rows = rows_of(lake, container, name)
    one = rows.splitlines(keepends=True)[-1]
    assert SECRET in one
    # By another hand: rows that stay are there twice, and the one that goes three times.
    body = (HEADER + without(rows) + one + without(rows) + one * 2).encode()
    lake.put_blob(container, name, body, metadata=lake.head(container, name).metadata)
    assert eraser.run("erase", "--where", MINE, "--yes").code in (3, 7)  # others have written to it
    assert lake.get(container, name) == body
    archiver.run("recover", "--keep", name, expect=0)
    receipt = receipt_of(eraser.run("erase", "--where", MINE, "--yes"))
    assert receipt["rows_of_files"] == 3 and rows_of(lake, container, name) == without(rows) * 2


def test_a_condition_that_is_null_keeps_the_row(archiver, eraser, table, lake, container):
    fill(table, days=1)
    archiver.archive()
    table.insert("2030-01-01", payload="{}")
    before = files(lake, container)
    receipt = receipt_of(eraser.run("erase", "--where", "payload->>'nothing' <> 'x'", "--yes"))
    assert receipt["days"] == [] and files(lake, container) == before and table.count() == 1


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_day_without_a_row_left_keeps_its_header(archiver, eraser, table, lake, container, compression):
    fill(table, days=2)
    archiver.archive("--compression", compression)
    receipt = receipt_of(eraser.run("erase", "--where", "true", "--day", "2024-01-01", "--yes"))
    assert [day["after"]["rows"] for day in receipt["days"]] == [0]
    name = receipt["days"][0]["blob"]
    assert rows_of(lake, container, name) == ""
    archiver.run("verify", expect=0)
    assert "2024-01-01" in archiver.run("list", expect=0).stdout
    assert "there are no archived rows of" in archiver.run("restore", "--day", "2024-01-01", expect=3).stderr
    fill(table, days=1)
    archiver.archive("--compression", compression)
    assert len(rows_of(lake, container, name).splitlines()) >= 7
    archiver.run("verify", expect=0)


def test_days_bound_both_the_files_and_the_table(archiver, eraser, table, lake, container):
    fill(table)
    archiver.archive()
    before = files(lake, container)
    for day in ("2030-01-01", "2030-01-02 23:59:59.999", "2030-01-03"):
        table.insert(day, payload=f'{{"user": "{SECRET}"}}')
    receipt_of(eraser.run("erase", "--where", MINE, "--from", "2024-01-02", "--to", "2030-01-02", "--yes"))
    assert table.count() == 1
    after = files(lake, container)
    assert after["events_2024-01-01.csv"] == before["events_2024-01-01.csv"]
    assert after["events_2024-01-02.csv"] == without(before["events_2024-01-02.csv"])


def test_a_wrong_path_erases_nothing(archiver, eraser, table):
    """The archive is elsewhere, and its rows would stay."""
    fill(table)
    before = table.count()
    for arguments in ((), ("--yes",)):
        assert "there is no container" in eraser.run("erase", "--where", MINE, *arguments, expect=3).stderr
    assert table.count() == before


def test_rows_without_a_day_are_in_the_table_alone(archiver, eraser, table):
    archiver.archive()
    table.execute('INSERT INTO "Event" (event_id, event_type, created_at, payload) VALUES (\'e\', \'t\', \'-infinity\', \'{"user": "alice.smith"}\')')
    receipt = receipt_of(eraser.run("erase", "--where", MINE, "--yes"))
    assert receipt["rows_of_table"] == 1 and table.count() == 0


def test_a_restored_day_loses_them_in_both_places(archiver, eraser, table, lake, container):
    fill(table)
    archiver.archive()
    archiver.run("restore", "--day", "2024-01-01", "--hold", "1 day", expect=0)
    receipt = receipt_of(eraser.run("erase", "--where", MINE, "--yes"))
    assert receipt["rows_of_table"] == 2 and table.count() == 5
    assert SECRET not in str(files(lake, container))
    archiver.run("verify", expect=0)
    archiver.archive()
    assert table.count() == 5  # on hold
    metadata = dict(lake.head(container, "events_2024-01-01.csv").metadata)
    metadata["archiverhold"] = "2024-01-01T00:00:00Z"
    lake.set_metadata(container, "events_2024-01-01.csv", metadata)
    outcome = archiver.archive()
    assert outcome.summary["rows_recognised"] == 5 and table.count() == 0
    archiver.run("verify", expect=0)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("hold", [None, "none", "30 days"], ids=["archived", "restored", "on hold"])
def test_a_file_that_was_copied_as_an_append_blob_is_converted_first(archiver, eraser, table, lake, container, hold, compression):
    """A move of the account: bytes and metadata are the same. No block list can be written to an append blob."""
    fill(table, days=2)
    archiver.archive("--compression", compression)
    if hold is not None:
        archiver.run("restore", "--day", "2024-01-01", "--hold", hold, expect=0)
    name = lake.list(container)[0].name
    before, metadata, content = files(lake, container), lake.head(container, name).metadata, lake.get(container, name)
    lake.delete(container, name)
    lake.append_blob(container, name, content)
    lake.set_metadata(container, name, metadata)
    counted = eraser.run("erase", "--where", MINE, expect=0)
    assert "would erase 4 rows of 2 archived files" in counted.stdout
    assert lake.get(container, name) == content and lake.head(container, name).metadata == metadata
    receipt = receipt_of(eraser.run("erase", "--where", MINE, "--yes"))
    assert receipt["rows_of_files"] == 4 and receipt["rows_of_table"] == (2 if hold else 0)
    assert files(lake, container) == {name: without(rows) for name, rows in before.items()}
    assert ("archiverrestored" in lake.head(container, name).metadata) == (hold is not None)
    archiver.run("verify", expect=0)
    archiver.archive("--compression", compression)
    assert files(lake, container) == {name: without(rows) for name, rows in before.items()}


def test_uncommitted_rows_are_settled_first(archiver, eraser, table, lake, container):
    fill(table)
    archiver.archive("--dry-run")
    receipt = receipt_of(eraser.run("erase", "--where", MINE, "--yes"))
    assert receipt["days"] == [] and receipt["rows_of_table"] == 6
    archiver.archive()
    assert SECRET not in str(files(lake, container)) and len(files(lake, container)) == 3


@pytest.mark.parametrize("condition, clause", [
    ("true) OR (true", "closes"),
    ("true); DELETE FROM \"Event\"; SELECT (true", "parenthesis"),
    ("true; SELECT 1", "semicolon"),
    ("(true", "not closed"),
    ("random() < 0.5", "VOLATILE"),
    ("public.loses()", "VOLATILE"),
    ("ctid = '(0,1)'", "system column"),
    ("id = ", "--where"),
    (f'event_id = "{SECRET}"', "undefined_column (SQLSTATE 42703), at character 12 of the condition"),
    (f"{SECRET}.a.b.c = 1", "--where"),
    (f"id = '{SECRET}'", "--where"),
    ("payload", "--where"),
])
def test_what_is_no_condition_is_refused_without_its_words(archiver, eraser, table, lake, container, condition, clause):
    fill(table, days=1)
    archiver.archive()
    table.fill_young(2)
    table.execute("CREATE FUNCTION loses() RETURNS boolean LANGUAGE sql AS $$ DELETE FROM \"Event\"; SELECT true $$")
    before = files(lake, container)
    outcome = eraser.run("erase", "--where", condition, "--from", "2024-01-01", "--yes", expect=2)
    assert clause.replace("closes", "closed") in outcome.stderr and outcome.stdout == "", str(outcome)
    assert table.count() == 2 and files(lake, container) == before


def test_a_value_that_does_not_fit_is_told_of_its_file_alone(archiver, eraser, table, lake, container):
    table.insert("2024-01-01", payload='{"n": "hidden-value"}')
    archiver.archive()
    eraser.secrets.append("hidden-value")
    outcome = eraser.run("erase", "--where", "(payload->>'n')::int = 1", "--yes", expect=3)
    assert "events_2024-01-01.csv" in outcome.stderr
    lake.delete(container, "events_2024-01-01.csv")
    archiver.run("recover", "--discard", "events_2024-01-01.csv", expect=0)
    table.insert("2024-01-01", payload='{"n": "hidden-value"}')
    assert "cannot judge the rows" in eraser.run("erase", "--where", "(payload->>'n')::int = 1", "--yes", expect=3).stderr
    assert table.count() == 1


@pytest.mark.parametrize("condition, clause", [
    ("payload->>'user' IN (SELECT name FROM leavers)", "subquery"),
    ("EXISTS (SELECT FROM \"Event\" AS other WHERE other.id = 1)", "subquery"),
    ("id = (SELECT 1)", "subquery"),
    ("left_us(payload)", "read tables"),
])
def test_a_condition_that_could_say_otherwise_once_rows_are_gone_is_refused(archiver, eraser, table, lake, container, condition, clause):
    """Rows of the table go first: what a file's rows are judged by must not depend on them."""
    fill(table, days=1)
    archiver.archive()
    table.insert("2030-01-01", payload=f'{{"user": "{SECRET}"}}')
    table.execute(f"""CREATE TABLE leavers (name text); INSERT INTO leavers VALUES ('{SECRET}');
        CREATE FUNCTION left_us(jsonb) RETURNS boolean STABLE LANGUAGE sql AS $$ SELECT $1->>'user' IN (SELECT name FROM public.leavers) $$""")
    before = files(lake, container)
    assert clause in eraser.run("erase", "--where", condition, "--yes", expect=2).stderr
    assert files(lake, container) == before and table.count() == 1


@pytest.mark.parametrize("condition", [
    "alicesmith(payload)", "(payload).alicesmith", "alicesmith.f(payload)", "id = @alicesmith", "event_id = 'a' 'alicesmith'",
    "event_type::date = 'alicesmith'", "id = 1 COLLATE alicesmith", "(payload->>'n')::alicesmith = 'x'", "alicesmith(payload) > 'x'",
])
def test_no_sentence_of_the_server_is_repeated(archiver, table, lake, condition):
    """Where names stand without quotes, or in another language's."""
    fill(table, days=1)
    archiver.archive()
    refused = archiver.run("erase", "--where", condition, "--yes")
    assert refused.code in (2, 3) and "alicesmith" not in refused.stderr + refused.stdout, str(refused)


def insert_types(table, *kinds):
    for at in ("2024-01-01", "2030-01-01"):
        for kind in kinds:
            table.execute(f"INSERT INTO \"Event\" (event_id, event_type, created_at, payload) VALUES ('e', '{kind}', '{at}', 'null')")


@pytest.mark.parametrize("condition, left", [("event_type = 'alice'", ["bob"]), ("event_type <> 'BOB'", ["bob"]), ("event_type < 'B'", ["bob"])])
def test_files_are_judged_by_the_collation_of_the_column(archiver, table, lake, container, condition, left):
    table.execute("""CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        ALTER TABLE "Event" ALTER event_type TYPE text COLLATE nocase""")
    insert_types(table, "Alice", "ALICE", "alice", "bob")
    archiver.archive()
    receipt = receipt_of(archiver.run("erase", "--where", condition, "--yes"))
    assert receipt["rows_of_files"] == receipt["rows_of_table"] == 3
    assert [row.split(",")[2] for row in files(lake, container)["events_2024-01-01.csv"].splitlines()] == left
    assert [row[0] for row in table.execute('SELECT event_type FROM "Event"')] == left


@pytest.mark.parametrize("setting, column, value, condition", [
    ("array_nulls = off", "text[]", "ARRAY['a', NULL]", "NOT ('b' = ANY (more))"),
    ("xmloption = document", "xml", "xmlparse(content 'a<b/>')", "more::text = 'x'"),
])
def test_files_are_read_as_they_were_written_whatever_the_role_has_set(archiver, table, lake, container, setting, column, value, condition):
    table.execute(f'ALTER TABLE "Event" ADD more {column}')
    table.execute(f"INSERT INTO \"Event\" (event_id, event_type, created_at, payload, more) SELECT 'e', 'x', at, 'null', {value} FROM (VALUES (timestamp '2024-01-01'), ('2030-01-01')) v (at)")
    archiver.archive()
    before = lake.get(container, "events_2024-01-01.csv")
    table.execute(f"ALTER DATABASE \"{table.value('SELECT current_database()')}\" SET {setting}")
    receipt = receipt_of(archiver.run("erase", "--where", condition, "--yes"))
    assert receipt["rows_of_files"] == receipt["rows_of_table"] == 0
    assert lake.get(container, "events_2024-01-01.csv") == before and table.count() == 1


@pytest.mark.parametrize("days, gone", [
    (("--day", "9999-12-31"), ["9999-12-31"]), (("--to", "9999-12-31"), ["9999-12-31", "2030-01-01"]), (("--from", "2030-01-01"), ["9999-12-31", "2030-01-01"]),
])
def test_days_never_mean_a_row_without_a_valid_day(archiver, table, lake, days, gone):
    archiver.archive()
    moments = ["infinity", "-infinity", "10000-06-01", "0044-03-15 BC", "9999-12-31", "2030-01-01"]
    for at in moments:
        table.execute(f"INSERT INTO \"Event\" (event_id, event_type, created_at, payload) VALUES ('{at}', 'x', '{at}', 'null')")
    receipt_of(archiver.run("erase", "--where", "true", *days, "--yes"))
    assert sorted(row[0] for row in table.execute('SELECT event_id FROM "Event"')) == sorted(set(moments) - set(gone))


def test_an_earlier_version_of_a_file_all_of_whose_rows_were_erased_is_noticed(archiver, table, lake, container):
    name = "events_2024-01-01.csv"
    fill(table, days=1)
    archiver.archive()
    body, metadata = lake.get(container, name), lake.head(container, name).metadata
    receipt_of(archiver.run("erase", "--where", "true", "--yes"))
    lake.put_blob(container, name, body, metadata=metadata)
    archiver.run("verify", expect=7)
    archiver.run("erase", "--where", "true", expect=7)


def test_a_file_that_was_moved_away_is_named(archiver, table, lake, container):
    name = "events_2024-01-01.csv"
    fill(table, days=1)
    archiver.archive()
    lake.delete(container, name)
    archiver.run("recover", "--discard", name, expect=0)
    receipt = receipt_of(archiver.run("erase", "--where", "true", "--yes"))
    assert any(name in each for each in receipt["not_reached"])


def test_a_partition_that_no_query_sees_is_refused(archiver, table, lake):
    archiver.archive()
    table.execute("""DROP TABLE "Event"; CREATE TABLE public."Event" (id integer NOT NULL, event_id text NOT NULL, event_type text NOT NULL,
            created_at timestamp(3) NOT NULL, processed_at timestamp(3), payload jsonb NOT NULL, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
        CREATE TABLE p1 PARTITION OF "Event" FOR VALUES FROM ('2030-01-01') TO ('2030-02-01');
        CREATE TABLE p2 PARTITION OF "Event" FOR VALUES FROM ('2030-02-01') TO ('2030-03-01');
        INSERT INTO "Event" VALUES (1, 'e', 'x', '2030-01-05', NULL, 'null'), (2, 'e', 'x', '2030-02-05', NULL, 'null');
        UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass""")
    assert "p1" in archiver.run("erase", "--where", "true", "--yes", expect=3).stderr
    assert table.value("SELECT count(*) FROM p1") == 1 and table.value("SELECT count(*) FROM p2") == 1


def test_rows_of_other_tables_are_refused_as_archive_does(archiver, eraser, table, lake, container):
    fill(table)
    archiver.archive()
    table.insert("2030-01-01", payload=f'{{"user": "{SECRET}"}}')
    table.execute('CREATE TABLE note (event int REFERENCES "Event" ON DELETE CASCADE); INSERT INTO note SELECT id FROM "Event"')
    before = files(lake, container)
    for arguments in ((), ("--yes",)):
        assert "note" in eraser.run("erase", "--where", MINE, *arguments, expect=3).stderr
    assert files(lake, container) == before and table.count() == 1
    receipt_of(eraser.run("erase", "--where", MINE, "--yes", "--side-effects", "allow"))
    assert table.count() == 0 and SECRET not in str(files(lake, container))


def test_a_trigger_that_keeps_rows_is_no_success(archiver, eraser, table, lake, container):
    fill(table, days=1)
    archiver.archive()
    table.insert("2030-01-01", payload=f'{{"user": "{SECRET}"}}')
    table.execute("""CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                     CREATE TRIGGER keeps BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION keeps()""")
    before = files(lake, container)
    assert "Nothing was erased" in eraser.run("erase", "--where", MINE, "--yes", expect=7).stderr
    assert files(lake, container) == before and table.count() == 1


@pytest.mark.parametrize("compression", ["gzip", "none"])
@pytest.mark.parametrize("cut", [True, False], ids=["cut", "edited"])
def test_a_file_that_others_wrote_again_without_its_mark_ends_it(archiver, eraser, table, lake, container, compression, cut):
    """The rows that it has lost are in an earlier version of it, and match."""
    fill(table, days=1)
    settings = {"ARCHIVE_COMPRESSION": compression}
    archiver.with_settings(settings).archive()
    name = "events_2024-01-01.csv" + (".gz" if compression == "gzip" else "")
    stored = lake.get(container, name)
    lines = (gzip.decompress(stored) if compression == "gzip" else stored).splitlines(keepends=True)
    changed = b"".join(lines[:-1]) if cut else b"".join(lines).replace(b"bob", b"eve")
    assert changed != b"".join(lines)
    lake.put_blob(container, name, gzip.compress(changed) if compression == "gzip" else changed)
    outcome = eraser.run("erase", "--where", "id = 1", "--yes", expect=7)
    assert name in outcome.stderr and "nothing was erased" in outcome.stderr, str(outcome)
    # Compressed again, or appended to, it has all that it had.
    whole = b"".join(lines)
    lake.put_blob(container, name, gzip.compress(whole, 1) if compression == "gzip" else whole + lines[-1].replace(lines[-1].split(b",")[0], b"9999", 1))
    eraser.run("erase", "--where", "id = -1", "--yes", expect=0)
    # So has it with the line ends of another program.
    saved = whole.replace(b"\n", b"\r\n")
    lake.put_blob(container, name, gzip.compress(saved) if compression == "gzip" else saved)
    eraser.run("erase", "--where", "id = -1", "--yes", expect=0)


def test_files_that_are_not_as_known_end_it(archiver, eraser, table, lake, container):
    fill(table)
    archiver.archive()
    before = files(lake, container)
    gone = lake.get(container, "events_2024-01-02.csv")
    metadata = lake.head(container, "events_2024-01-02.csv").metadata
    lake.delete(container, "events_2024-01-02.csv")
    assert "events_2024-01-02.csv" in eraser.run("erase", "--where", MINE, "--yes", expect=7).stderr
    changed = bytearray(gone)
    changed[changed.index(b"bob")] ^= 1
    lake.put_blob(container, "events_2024-01-02.csv", bytes(changed), metadata=metadata)
    assert "CRC-64" in eraser.run("erase", "--where", MINE, "--yes", expect=7).stderr
    lake.put_blob(container, "events_2024-01-02.csv", gone, metadata=metadata)
    lake.put_blob(container, "events_2024-01-05.csv", gone.replace(b"2024-01-02", b"2024-01-05"))
    assert "others wrote it" in eraser.run("erase", "--where", MINE, "--yes", expect=3).stderr
    assert {name: rows for name, rows in files(lake, container).items() if "05" not in name} == before
    receipt_of(eraser.run("erase", "--where", MINE, "--to", "2024-01-04", "--yes"))


def test_another_run_at_work_is_waited_for_and_then_told(archiver, eraser, table, database):
    fill(table, days=1)
    oid = table.value("SELECT '\"Event\"'::regclass::oid")
    with table.connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"event-archiver/{oid}",))
        assert "lock" in eraser.run("erase", "--where", MINE, "--yes", expect=10).stderr
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (f"event-archiver/{oid}",))


def test_the_key_of_a_row_that_went_is_kept_nowhere(archiver, eraser, table, lake, container):
    """A mark keeps the key of one row as evidence."""
    table.next_id = 7654321
    fill(table, days=1)
    archiver.archive()
    name = "events_2024-01-01.csv"
    assert "sample=7654321" in lake.head(container, name).metadata["archiverlast"]
    receipt_of(eraser.run("erase", "--where", "id = 7654321", "--yes"))
    assert "sample=7654322" in lake.head(container, name).metadata["archiverlast"]
    table.insert("2024-01-01 15:00")
    archiver.archive()
    archiver.run("verify", expect=0)


def test_dry_run_wins_over_yes(archiver, eraser, table):
    archiver.archive()
    fill(table, days=1)
    outcome = eraser.run("erase", "--where", MINE, "--yes", "--dry-run", expect=0)
    assert "nothing was changed" in outcome.stdout and table.count() == 7


def test_what_was_given_wrong(eraser):
    assert "erase needs --where" in eraser.run("erase", "--yes", expect=2).stderr
    assert "--where" in eraser.run("erase", "--where", "", expect=2).stderr
    assert "--day" in eraser.run("erase", "--where", "true", "--day", "2024-02-30", expect=2).stderr
