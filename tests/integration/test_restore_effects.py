"""What putting rows back changes beyond them: counted, named, and nothing of it done."""
import pytest

RESTORE = ("restore", "--from", "2024-01-01")
DELETES = 'DELETE FROM "Event" WHERE id > 1000'

OTHERS = """CREATE TABLE other (id int PRIMARY KEY, v text); INSERT INTO other SELECT n, 'value' FROM generate_series(1, 5) n;
            SELECT lo_create(4711);"""

# What a trigger does, when it fires, and what the refusal says.
SHAPES = {
    "deletes live rows of the table": (DELETES, "AFTER INSERT", "ROW", ["deleted 2 rows", "does not cover"]),
    "replaces by another key": ('DELETE FROM "Event" WHERE id = NEW.id + 2000', "BEFORE INSERT", "ROW", ["deleted"]),
    "updates live rows": ('UPDATE "Event" SET processed_at = NULL WHERE id > 1000', "AFTER INSERT", "STATEMENT", ["updated"]),
    "inserts into the table": ("INSERT INTO \"Event\" SELECT n + (SELECT max(id) FROM \"Event\"), 'e', 'x', now(), NULL, '{}' FROM generate_series(1, 2) n",
                               "AFTER INSERT", "STATEMENT", ["inserted"]),
    "deletes elsewhere": ("DELETE FROM other WHERE id = 3", "AFTER INSERT", "ROW", ["deleted 1 row of public.other"]),
    "deletes in a subtransaction": ("BEGIN DELETE FROM other; EXCEPTION WHEN others THEN NULL; END", "AFTER INSERT", "STATEMENT", ["deleted 5 rows"]),
    "merges": ("MERGE INTO other o USING other s ON s.id = o.id WHEN MATCHED THEN DELETE", "AFTER INSERT", "STATEMENT", ["deleted 5 rows"]),
    "truncates": ("TRUNCATE other", "AFTER INSERT", "STATEMENT", ["truncated"]),
    "rewrites": ("ALTER TABLE other ALTER v TYPE varchar(1) USING left(v, 1)", "AFTER INSERT", "STATEMENT", ["rewrote"]),
    "swaps a table": ("CREATE TABLE o2 AS SELECT * FROM other LIMIT 0; DROP TABLE other; ALTER TABLE o2 RENAME TO other",
                      "AFTER INSERT", "STATEMENT", ["dropped"]),
    "drops a column": ("ALTER TABLE other DROP COLUMN IF EXISTS v", "AFTER INSERT", "STATEMENT", ["rewrote or dropped", "other"]),
    "unlinks a large object": ("PERFORM lo_unlink(oid) FROM pg_largeobject_metadata", "AFTER INSERT", "STATEMENT", ["pg_largeobject_metadata"]),
}


def plant(table, body: str, when: str, level: str, on: str = '"Event"') -> None:
    table.execute(f"""CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                      $$BEGIN IF pg_trigger_depth() = 1 THEN {body}; END IF; RETURN NEW; END$$;
                      CREATE TRIGGER meddler {when} ON {on} FOR EACH {level} EXECUTE FUNCTION meddle()""")


@pytest.fixture
def archived(archiver, table):
    """12 rows of 3 days in the lake, two young ones in the table, other tables beside it."""
    table.fill(12, 3)
    archiver.archive()
    table.fill_young(2)
    table.execute('UPDATE "Event" SET id = 2000 + n FROM (SELECT id AS old, row_number() OVER (ORDER BY id) AS n FROM "Event") o WHERE id = old')
    table.execute(OTHERS)
    return archiver


def state(table) -> list:
    return [table.execute(query) for query in (
        'SELECT t::text FROM "Event" t ORDER BY 1', "SELECT t::text FROM other t ORDER BY 1", "SELECT oid FROM pg_largeobject_metadata")]


def marks(lake, container) -> list:
    return [(blob.name, blob.etag) for blob in lake.list(container)]


@pytest.mark.sampled
@pytest.mark.parametrize("arguments", [(), ("--dry-run",)], ids=["for good", "dry run"])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_goes_along_is_refused_by_name(archived, table, lake, container, shape, arguments):
    body, when, level, words = SHAPES[shape]
    plant(table, body, when, level)
    before, files = state(table), marks(lake, container)
    outcome = archived.run(*RESTORE, *arguments)
    assert outcome.code == 3, str(outcome)
    error = outcome.events("run.error")[0]
    told = error["msg"] + " " + error.get("error.hint", "")
    assert "trigger meddler" in told and "Nothing was restored" in told, told
    assert all(word in told for word in words), (words, told)
    assert state(table) == before and marks(lake, container) == files


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)], ids=["for good", "dry run"])
def test_another_table_is_watched_as_well(archived, table, arguments):
    table.execute('CREATE TABLE back (LIKE "Event" INCLUDING ALL)')
    plant(table, "DELETE FROM other", "AFTER INSERT", "STATEMENT", "back")
    before = state(table)
    outcome = archived.run(*RESTORE, "--into", "back", *arguments)
    assert outcome.code == 3 and "deleted 5 rows of public.other" in outcome.stderr and "meddler" in outcome.stderr, str(outcome)
    assert state(table) == before and table.value("SELECT count(*) FROM back") == 0


def test_rows_of_the_table_itself_are_never_deleted(archived, table):
    plant(table, DELETES, "AFTER INSERT", "ROW")
    before = state(table)
    outcome = archived.run(*RESTORE, settings={"ARCHIVE_SIDE_EFFECTS": "allow"})
    assert outcome.code == 3 and state(table) == before, str(outcome)


@pytest.mark.parametrize("how", [("--side-effects", "allow"), ()], ids=["flag", "variable"])
def test_what_is_allowed_is_counted(archived, table, how):
    plant(table, "UPDATE other SET v = 'seen' WHERE id = 1", "AFTER INSERT", "ROW")
    outcome = archived.run(*RESTORE, *how, settings={} if how else {"ARCHIVE_SIDE_EFFECTS": "allow"}, expect=0)
    assert "updated 12 rows of public.other" in outcome.summary["side_effects"], str(outcome)
    assert table.count() == 14 and table.value("SELECT v FROM other WHERE id = 1") == "seen"


def test_an_audit_trigger_loses_nothing_and_is_told(archived, table):
    table.execute("CREATE TABLE audit (at timestamptz)")
    plant(table, "INSERT INTO audit VALUES (now())", "AFTER INSERT", "ROW")
    outcome = archived.run(*RESTORE, expect=0)
    assert "inserted 12 rows of public.audit" in outcome.summary["side_effects"], str(outcome)
    assert table.value("SELECT count(*) FROM audit") == 12


@pytest.mark.parametrize("trigger", [True, False])
def test_a_server_that_does_not_count_restores_where_nothing_can_happen(archived, table, database, trigger):
    if trigger:
        plant(table, DELETES, "AFTER INSERT", "ROW")
    table.execute(f'ALTER DATABASE "{database.name}" SET track_counts = off')
    outcome = archived.run(*RESTORE)
    assert outcome.code == (3 if trigger else 0), str(outcome)
    assert not trigger or ("track_counts" in outcome.stderr and "meddler" in outcome.stderr)


def test_a_delete_trigger_that_drops_a_column_elsewhere_is_refused(archiver, table, lake, container):
    table.fill(6, 2)
    table.execute("CREATE TABLE other (id int, v text); INSERT INTO other VALUES (1, 'value')")
    table.execute("""CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                     $$BEGIN ALTER TABLE other DROP COLUMN v; RETURN NULL; END$$;
                     CREATE TRIGGER meddler AFTER DELETE ON "Event" FOR EACH STATEMENT EXECUTE FUNCTION meddle()""")
    outcome = archiver.run("archive")
    assert outcome.code == 3 and "dropped public.other" in outcome.stderr and "meddler" in outcome.stderr, str(outcome)
    assert table.value("SELECT v FROM other") == "value" and table.count() == 6
