"""What the DELETE changes beyond the rows that are in a file: found, named, and nothing of it done."""
import psycopg2
import pytest

from support.table import EventTable

REFERRING = """CREATE TABLE public."Event"(id bigint PRIMARY KEY, parent_id bigint DEFAULT 0, created_at timestamp NOT NULL);
               CREATE INDEX ON "Event" (created_at);"""
OLD = "INSERT INTO \"Event\" SELECT i, NULL, timestamp '2024-01-01' + (i - 1) % 3 * interval '1 day' FROM generate_series(1, 9) i;"
YOUNG = "INSERT INTO \"Event\" SELECT 100 + i, i, now() AT TIME ZONE 'utc' FROM generate_series(1, 4) i;"


@pytest.fixture
def event(database) -> EventTable:
    table = EventTable(database.connection)
    table.execute(REFERRING)
    return table


def all_rows(table, *names: str) -> list:
    return [table.execute(f"SELECT t::text FROM {name} t ORDER BY 1") for name in ('"Event"', *names)]


def refused(archiver, lake, container, table, *words, others=(), arguments=("archive",), settings=None, code=3):
    """Exit 3, these words in the one error, the tables as they were, and no file."""
    before = all_rows(table, *others)
    outcome = archiver.run(*arguments, settings=settings or {})
    assert outcome.code == code, str(outcome)
    error = [line for line in outcome.log if line["level"] == "error"][0]
    told = error["msg"] + " " + error.get("error.hint", "")
    assert all(word in told for word in words), (words, told)
    assert all_rows(table, *others) == before
    assert not lake.has_container(container) or not lake.list(container)
    return outcome


SHAPES = {
    "cascade to itself": ("""ALTER TABLE "Event" ADD CONSTRAINT me FOREIGN KEY (parent_id) REFERENCES "Event" ON DELETE CASCADE""",
                          ["deleted 4 rows of public.\"Event\"", "in no file", "me", "CASCADE"], []),
    "set null": ("""ALTER TABLE "Event" ADD CONSTRAINT me FOREIGN KEY (parent_id) REFERENCES "Event" ON DELETE SET NULL""",
                 ["updated 4 rows of public.\"Event\"", "me", "SET NULL"], []),
    "set default": ("""INSERT INTO "Event" VALUES (0, NULL, '9999-01-01');
                       ALTER TABLE "Event" ADD CONSTRAINT me FOREIGN KEY (parent_id) REFERENCES "Event" ON DELETE SET DEFAULT""",
                    ["updated 4 rows of public.\"Event\"", "me", "SET DEFAULT"], []),
    "two hops": ("""CREATE TABLE session (id bigint PRIMARY KEY, event bigint CONSTRAINT hop1 REFERENCES "Event" ON DELETE CASCADE);
                    INSERT INTO session SELECT i, i FROM generate_series(1, 4) i;
                    ALTER TABLE "Event" ADD CONSTRAINT hop2 FOREIGN KEY (parent_id) REFERENCES session ON DELETE CASCADE""",
                 ["deleted 4 rows of public.\"Event\"", "deleted 4 rows of public.session", "hop1", "hop2"], ["session"]),
    "cascade to a child": ("""CREATE TABLE document (id int PRIMARY KEY, event bigint CONSTRAINT doc REFERENCES "Event" ON DELETE CASCADE);
                              INSERT INTO document SELECT i, 1 + i % 9 FROM generate_series(1, 20) i;
                              CREATE TABLE page (document int CONSTRAINT leaf REFERENCES document ON DELETE SET NULL, n int);
                              INSERT INTO page SELECT 1 + i % 20, i FROM generate_series(1, 7) i""",
                           ["deleted 20 rows of public.document", "doc", "updated 7 rows of public.page", "leaf"], ["document", "page"]),
    "a partitioned child": ("""CREATE TABLE part (id int, event bigint CONSTRAINT toevent REFERENCES "Event" ON DELETE CASCADE) PARTITION BY RANGE (id);
                               CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (5);
                               CREATE TABLE part2 PARTITION OF part DEFAULT;
                               INSERT INTO part SELECT i, 1 FROM generate_series(1, 10) i""",
                            ["deleted 10 rows of public.part", "toevent"], ["part"]),
    "a trigger that deletes siblings": ("""CREATE FUNCTION sib() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                                           $$BEGIN DELETE FROM "Event" WHERE parent_id = OLD.id; RETURN NULL; END$$;
                                           CREATE TRIGGER sibling AFTER DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION sib()""",
                                        ["deleted 4 rows of public.\"Event\"", "trigger sibling"], []),
    "a deferred trigger": ("""CREATE FUNCTION sib() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                              $$BEGIN UPDATE "Event" SET parent_id = NULL WHERE parent_id = OLD.id; RETURN NULL; END$$;
                              CREATE CONSTRAINT TRIGGER later AFTER DELETE ON "Event" DEFERRABLE INITIALLY DEFERRED
                              FOR EACH ROW EXECUTE FUNCTION sib()""",
                           ["updated 4 rows of public.\"Event\"", "trigger later"], []),
    "a trigger on a child": ("""CREATE TABLE document (event bigint REFERENCES "Event" ON DELETE CASCADE); CREATE TABLE counter (n int);
                                INSERT INTO document VALUES (1); INSERT INTO counter VALUES (1);
                                CREATE FUNCTION count_down() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                                $$BEGIN UPDATE counter SET n = n - 1; RETURN NULL; END$$;
                                CREATE TRIGGER counting AFTER DELETE ON document FOR EACH ROW EXECUTE FUNCTION count_down()""",
                             ["deleted 1 row of public.document", "updated 1 row of public.counter", "counting"], ["document", "counter"]),
    "a trigger that truncates": ("""CREATE TABLE cache (n int); INSERT INTO cache VALUES (1);
                                    CREATE FUNCTION clear() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$BEGIN TRUNCATE cache; RETURN NULL; END$$;
                                    CREATE TRIGGER clearing AFTER DELETE ON "Event" FOR EACH STATEMENT EXECUTE FUNCTION clear()""",
                                 ["truncated", "cache", "clearing"], ["cache"]),
    "a large object": ("""SELECT lo_create(4711);
                          CREATE FUNCTION unlink() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                          $$BEGIN IF OLD.id = 3 THEN PERFORM lo_unlink(4711); END IF; RETURN NULL; END$$;
                          CREATE TRIGGER unlinking AFTER DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION unlink()""",
                       ["deleted 1 row of pg_catalog.pg_largeobject_metadata", "unlinking"], ["pg_largeobject_metadata"]),
    "an insert into itself": ("""CREATE FUNCTION grave() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                                 $$BEGIN INSERT INTO "Event" VALUES (OLD.id + 1000, NULL, now()); RETURN NULL; END$$;
                                 CREATE TRIGGER tombstone AFTER DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION grave()""",
                              ["inserted 9 rows of public.\"Event\"", "tombstone"], []),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_goes_along_is_refused_by_name(archiver, lake, container, event, shape):
    event.execute(OLD + YOUNG)
    made, words, others = SHAPES[shape]
    event.execute(made)
    refused(archiver, lake, container, event, *words, others=others)


@pytest.mark.parametrize("arguments, settings", [
    (["--commit", "day"], {}), (["--max-days", "1"], {}), (["--shard", "0/2"], {}), (["--dry-run"], {}), ([], {"ARCHIVE_SIDE_EFFECTS": "allow"}),
    (["--side-effects=allow", "--commit=day"], {})], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_rows_of_the_table_that_are_not_in_the_file_never_go_along(archiver, lake, container, event, arguments, settings):
    """Rows of later days depend on those of the first ones."""
    event.execute(OLD)
    event.execute('UPDATE "Event" SET parent_id = id - 1 WHERE id > 1')
    event.execute(YOUNG)
    event.execute('ALTER TABLE "Event" ADD CONSTRAINT me FOREIGN KEY (parent_id) REFERENCES "Event" ON DELETE CASCADE')
    refused(archiver, lake, container, event, "me", "in no file", arguments=("archive", *arguments), settings=settings)


def test_rows_that_are_all_due_may_hang_together(archiver, event):
    """A tree that goes whole is in the files whole."""
    event.execute(OLD)
    event.execute('UPDATE "Event" SET parent_id = id - 1 WHERE id > 1')
    event.execute('ALTER TABLE "Event" ADD FOREIGN KEY (parent_id) REFERENCES "Event" ON DELETE CASCADE')
    outcome = archiver.archive()
    assert outcome.summary["rows_deleted"] == 9 and "side_effects" not in outcome.summary
    assert event.value('SELECT count(*) FROM "Event"') == 0


def test_what_is_allowed_is_counted(archiver, event):
    event.execute(OLD + YOUNG)
    event.execute(SHAPES["cascade to a child"][0])
    event.execute('ALTER TABLE "Event" ADD FOREIGN KEY (parent_id) REFERENCES "Event" ON DELETE SET NULL')
    outcome = archiver.archive("--side-effects", "allow")
    told = outcome.summary["side_effects"]
    assert "deleted 20 rows of public.document" in told and "updated 7 rows of public.page" in told
    assert 'updated 4 rows of public."Event"' in told
    lines = {line["table"]: line for line in outcome.events("side_effects")}
    assert lines["public.document"]["rows_deleted"] == 20 and lines["public.page"]["rows_updated"] == 7
    assert event.value('SELECT count(*) FROM "Event"') == 4 and event.value("SELECT count(*) FROM document") == 0


@pytest.mark.parametrize("level", ["ROW", "STATEMENT"])
def test_an_audit_trigger_loses_nothing_and_is_told(archiver, event, level):
    event.execute(OLD)
    event.execute(f"""CREATE TABLE audit (at timestamptz); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                      $$BEGIN CREATE TEMP TABLE IF NOT EXISTS scratch (n int); INSERT INTO scratch VALUES (1); DELETE FROM scratch;
                        INSERT INTO audit VALUES (now()); RETURN NULL; END$$;
                      CREATE TRIGGER audit AFTER DELETE ON "Event" FOR EACH {level} EXECUTE FUNCTION note()""")
    outcome = archiver.archive()
    rows = 9 if level == "ROW" else 1
    assert f"inserted {rows} row" in outcome.summary["side_effects"] and "public.audit" in outcome.summary["side_effects"]
    assert event.value("SELECT count(*) FROM audit") == rows


def test_a_partitioned_table_counts_as_one(archiver, lake, container, database):
    table = EventTable(database.connection)
    table.execute("""CREATE TABLE "Event"(id bigint, parent_id bigint, parent_at timestamp, created_at timestamp NOT NULL, PRIMARY KEY (id, created_at))
                     PARTITION BY RANGE (created_at);
                     CREATE TABLE old1 PARTITION OF "Event" FOR VALUES FROM ('2024-01-01') TO ('2024-01-02');
                     CREATE TABLE old2 PARTITION OF "Event" FOR VALUES FROM ('2024-01-02') TO ('2024-01-04');
                     CREATE TABLE rest PARTITION OF "Event" DEFAULT;
                     INSERT INTO "Event" SELECT i, NULL, NULL, timestamp '2024-01-01' + (i - 1) % 3 * interval '1 day' FROM generate_series(1, 9) i;
                     INSERT INTO "Event" SELECT 100 + i, 1, '2024-01-01', now() FROM generate_series(1, 5) i;
                     ALTER TABLE "Event" ADD CONSTRAINT me FOREIGN KEY (parent_id, parent_at) REFERENCES "Event" ON DELETE CASCADE""")
    refused(archiver, lake, container, table, 'deleted 5 rows of public."Event"', "me", "in no file")
    table.execute('UPDATE "Event" SET parent_id = NULL')
    assert archiver.archive().summary["rows_deleted"] == 9


def test_counters_of_earlier_transactions_do_not_count(archiver, event, database, pgbouncer):
    """A pooler's session has counted what others did in it."""
    event.execute(OLD)
    event.execute("CREATE TABLE other (n int)")
    with psycopg2.connect(database.server.uri(database.name, port=pgbouncer.port)) as busy:
        for _ in range(3):
            with busy.cursor() as cursor:
                cursor.execute('INSERT INTO other SELECT generate_series(1, 50); DELETE FROM other; INSERT INTO "Event" VALUES (77, 0, now()); DELETE FROM "Event" WHERE id = 77')
            busy.commit()
    outcome = archiver.archive(settings={"PG_CONNECTION_STRING": database.server.uri(database.name, port=pgbouncer.port)})
    assert outcome.summary["rows_deleted"] == 9 and "side_effects" not in outcome.summary


UNCOUNTED = {
    "cascade": (SHAPES["cascade to a child"][0], "doc", 0),
    "cascade to itself": (SHAPES["cascade to itself"][0], "me", 3),
    "two hops": (SHAPES["two hops"][0], "hop2", 3),
    "trigger": (SHAPES["a trigger that deletes siblings"][0], "sibling", 3),
}


@pytest.mark.parametrize("shape", UNCOUNTED)
def test_where_nothing_is_counted_the_catalog_decides(archiver, lake, container, event, database, shape):
    made, word, allowed = UNCOUNTED[shape]
    event.execute(OLD + YOUNG)
    event.execute(made)
    event.execute(f"ALTER DATABASE {database.name} SET track_counts = off")
    refused(archiver, lake, container, event, word, "track_counts")
    if allowed:
        refused(archiver, lake, container, event, word, "track_counts", settings={"ARCHIVE_SIDE_EFFECTS": "allow"})
    else:
        archiver.archive("--side-effects=allow")


def test_where_nothing_is_counted_a_plain_table_is_archived(archiver, event, database):
    event.execute(OLD)
    event.execute('CREATE TABLE child (event bigint REFERENCES "Event")')
    event.execute(f"ALTER DATABASE {database.name} SET track_counts = off")
    assert archiver.archive().summary["rows_deleted"] == 9


# --- exports ---

ROWS = "CREATE TABLE {0} (id int PRIMARY KEY, {1} updated_at timestamp NOT NULL); INSERT INTO {0} SELECT i, {2} timestamp '2024-01-01' FROM generate_series(1, {3}) i;"
ALL = "COPY (SELECT * FROM {0} WHERE updated_at < %(export_boundary)s) TO STDOUT WITH CSV HEADER"
DUE = "DELETE FROM {0} WHERE updated_at < %(export_boundary)s"


@pytest.fixture
def exporting(archiver, database, tmp_path):
    """Runs `export` over tasks of these tables; the files there are."""
    table = EventTable(database.connection)
    out = tmp_path / "out"
    out.mkdir()

    def run(tasks: dict, *arguments, expect, settings=None):
        for name, delete in tasks.items():
            (tmp_path / "DSL" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "DSL" / name / "select.sql").write_text(ALL.format(name))
            (tmp_path / "DSL" / name / "delete.sql").write_text(delete)
        outcome = archiver.run("export", *arguments, settings={"DSL_PATH": str(tmp_path / "DSL"), "EXPORT_PATH": str(out), **(settings or {})}, expect=expect)
        return outcome, sorted(path.name for path in out.iterdir() if not path.name.startswith("."))

    return table, run


def make_pages(table) -> None:
    table.execute(ROWS.format("source", "", "", 5))
    table.execute(ROWS.format("source_page", "source int CONSTRAINT page_of REFERENCES source ON DELETE CASCADE,", "1 + i % 5,", 20))


@pytest.mark.parametrize("with_task", [True, False])
@pytest.mark.parametrize("arguments", [[], ["--dry-run"]], ids=["run", "dry run"])
def test_an_export_does_not_take_a_child_along(exporting, with_task, arguments):
    """Not even where the child has a task: it comes later, and finds nothing left."""
    table, run = exporting
    make_pages(table)
    tasks = {"source": DUE.format("source")} | ({"source_page": DUE.format("source_page")} if with_task else {})
    outcome, files = run({"source": tasks["source"]} if not with_task else tasks, *arguments, expect=3)
    told = [line for line in outcome.events("export.failed") if line["task"] == "source"][0]
    assert "deleted 20 rows of public.source_page" in told["msg"] and "page_of" in told["msg"], told
    assert table.value("SELECT count(*) FROM source") == 5
    assert not [name for name in files if name.startswith("source-")]


SIDE = {
    "cascade to itself": ("ALTER TABLE log ADD parent int CONSTRAINT me REFERENCES log ON DELETE CASCADE; INSERT INTO log SELECT 100 + i, now(), i FROM generate_series(1, 3) i",
                          DUE.format("log"), "deleted 3 rows of public.log", False),
    "set null": ("CREATE TABLE note (log int CONSTRAINT of REFERENCES log ON DELETE SET NULL); INSERT INTO note VALUES (1), (2)", DUE.format("log"),
                 "updated 2 rows of public.note", True),
    "a second table in one statement": ("CREATE TABLE note (n int); INSERT INTO note VALUES (1), (2)",
                                        "-- event-archiver: unverified\nWITH also AS (DELETE FROM note) " + DUE.format("log"), "deleted 2 rows of public.note", True),
    "a trigger": ("""CREATE TABLE note (n int); INSERT INTO note VALUES (1), (2);
                     CREATE FUNCTION clear() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$BEGIN DELETE FROM note; RETURN NULL; END$$;
                     CREATE TRIGGER clearing AFTER DELETE ON log FOR EACH STATEMENT EXECUTE FUNCTION clear()""", DUE.format("log"),
                  "deleted 2 rows of public.note", True),
}


def test_an_export_through_a_view_is_measured_too(exporting):
    table, run = exporting
    make_pages(table)
    table.execute("CREATE VIEW sources AS SELECT * FROM source")
    outcome, files = run({"sources": DUE.format("sources")}, expect=3)
    assert "deleted 20 rows of public.source_page" in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert table.value("SELECT count(*) FROM source_page") == 20


@pytest.mark.parametrize("shape", SIDE)
def test_what_an_export_changes_beyond_its_rows(exporting, shape):
    table, run = exporting
    made, delete, words, may = SIDE[shape]
    table.execute(ROWS.format("log", "", "", 5))
    table.execute(made)
    before = all_rows_of(table, "log")
    outcome, files = run({"log": delete}, expect=3)
    assert words in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert all_rows_of(table, "log") == before and not files
    if may:
        outcome, files = run({"log": delete}, settings={"EXPORT_SIDE_EFFECTS": "allow"}, expect=0)
        assert words in outcome.summary["side_effects"] and len(files) == 1
    else:
        run({"log": delete}, "--side-effects", "allow", expect=3)
        assert all_rows_of(table, "log") == before


def all_rows_of(table, name: str) -> list:
    return table.execute(f"SELECT t::text FROM {name} t ORDER BY 1")


def test_a_path_that_others_may_write_to_does_not_change_what_is_measured(exporting):
    """An operator that hides everything from queries with the task's search_path."""
    table, run = exporting
    make_pages(table)
    table.execute("""CREATE SCHEMA trap; CREATE FUNCTION trap.never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
                     CREATE OPERATOR trap.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = trap.never);""")
    table.execute(f"ALTER DATABASE {table.value('SELECT current_database()')} SET search_path = trap, pg_catalog, public")
    outcome, files = run({"source": DUE.format("source")}, expect=3)
    assert "deleted 20 rows of public.source_page" in str(outcome.log)
