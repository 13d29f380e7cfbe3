"""Tables that cannot be archived as they are: refused by name, with what to do, before the first byte moves."""
import json

import pytest

from support.table import EventTable

PLAIN = """CREATE TABLE public."Event"(id bigint PRIMARY KEY, created_at timestamp NOT NULL);
           CREATE INDEX ON "Event" (created_at);
           INSERT INTO "Event" SELECT i, timestamp '2024-01-01' + (i - 1) % 3 * interval '1 day' FROM generate_series(1, 9) i;"""
PARTITIONED = """CREATE TABLE public."Event"(id bigint, created_at timestamp NOT NULL, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
                 CREATE TABLE january PARTITION OF "Event" FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
                 CREATE TABLE february PARTITION OF "Event" FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
                 CREATE TABLE rest PARTITION OF "Event" DEFAULT;
                 INSERT INTO "Event" SELECT i, timestamp '2024-01-01' + (i - 1) % 2 * interval '1 month' FROM generate_series(1, 10) i;"""
NOTED, NOTED_PARTS = (made.replace("created_at timestamp NOT NULL", "created_at timestamp NOT NULL, note text NOT NULL DEFAULT 'yes'") for made in (PLAIN, PARTITIONED))
FOREIGN = """CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER far FOREIGN DATA WRAPPER nothing;"""
KEEP = """CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$BEGIN RETURN CASE WHEN OLD.id = 7 THEN NULL ELSE OLD END; END$$;"""
HOLD = """CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$BEGIN RAISE 'a legal hold'; END$$;"""

SHAPES = {
    "a child with columns of its own": (PLAIN + """CREATE TABLE purchase(amount numeric, card text) INHERITS ("Event");
                                         INSERT INTO purchase VALUES (100, '2024-01-01', 9.99, 'card 1')""",
                                         ["public.purchase", "columns of its own"], "inheritance"),
    "a grandchild with columns of its own": (PLAIN + """CREATE TABLE middle() INHERITS ("Event"); CREATE TABLE leaf(amount int) INHERITS (middle)""",
                                             ["public.leaf", "columns of its own"], "inheritance"),
    "a plain child": (PLAIN + """CREATE TABLE archive_2024() INHERITS ("Event")""", ["public.archive_2024", "inherits"], "inheritance"),
    "a foreign child": (PLAIN + FOREIGN + """CREATE FOREIGN TABLE remote() INHERITS ("Event") SERVER far""", ["public.remote", "foreign table"], "inheritance"),
    "a foreign partition": (PARTITIONED.replace(", PRIMARY KEY (id, created_at)", "") + FOREIGN
                            + """CREATE FOREIGN TABLE march PARTITION OF "Event" FOR VALUES FROM ('2024-03-01') TO ('2024-04-01') SERVER far""",
                            ["public.march", "foreign table"], "inheritance"),
    "a foreign partition of a partition": (PARTITIONED.replace(", PRIMARY KEY (id, created_at)", "") + FOREIGN
                                           + """CREATE TABLE march PARTITION OF "Event" FOR VALUES FROM ('2024-03-01') TO ('2024-04-01') PARTITION BY RANGE (id);
                                                CREATE FOREIGN TABLE deep PARTITION OF march FOR VALUES FROM (0) TO (9) SERVER far""",
                                           ["public.deep", "foreign table"], "inheritance"),
    "DO INSTEAD": (PLAIN + """CREATE RULE soft AS ON DELETE TO "Event" DO INSTEAD UPDATE "Event" SET created_at = now() WHERE id = OLD.id""",
                   ["rule", "soft"], "rules"),
    "DO ALSO": (PLAIN + """CREATE TABLE log (n int); CREATE RULE also AS ON DELETE TO "Event" DO ALSO INSERT INTO log VALUES (1)""", ["rule", "also"], "rules"),
    "a rule on a partition": (PARTITIONED + "CREATE RULE nothing AS ON DELETE TO january DO INSTEAD NOTHING", ["public.january", "nothing"], "rules"),
    "a publication, no key": (PLAIN.replace("bigint PRIMARY KEY", "bigint NOT NULL") + """CREATE UNIQUE INDEX ON "Event"(id); CREATE PUBLICATION p FOR TABLE "Event" """,
                              ["publication p", "replica identity"], "publications"),
    "a publication of all tables, identity nothing": (PLAIN + """ALTER TABLE "Event" REPLICA IDENTITY NOTHING; CREATE PUBLICATION p FOR ALL TABLES""",
                                                      ["publication p", "replica identity"], "publications"),
    "a published partition": (PARTITIONED + """ALTER TABLE january REPLICA IDENTITY NOTHING;
                                               CREATE PUBLICATION p FOR TABLE "Event" WITH (publish_via_partition_root = true)""",
                              ["publication p", "public.january"], "publications"),
    "a row filter outside of the key": (NOTED + """CREATE PUBLICATION p FOR TABLE "Event" WHERE (note <> 'no')""", ["publication p", "row filter"], "publications"),
    "a list without the key": (NOTED + """CREATE PUBLICATION p FOR TABLE "Event" (note)""", ["publication p", "list of columns"], "publications"),
    "a list, identity full": (NOTED + """ALTER TABLE "Event" REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE "Event" (id, note)""", ["publication p", "list of columns"], "publications"),
    "a row filter of the root": (NOTED_PARTS + """CREATE PUBLICATION p FOR TABLE "Event" WHERE (note <> 'no') WITH (publish_via_partition_root = true)""",
                                 ["publication p", "row filter"], "publications"),
}
FITTING = {
    "a row filter of the key": NOTED + """CREATE PUBLICATION p FOR TABLE "Event" WHERE (id > 3)""",
    "a row filter, identity full": NOTED + """ALTER TABLE "Event" REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE "Event" WHERE (note <> 'no')""",
    "a list with the key": NOTED + """CREATE PUBLICATION p FOR TABLE "Event" (id, note)""",
    "no deletes": NOTED + """CREATE PUBLICATION p FOR TABLE "Event" WHERE (note <> 'no') WITH (publish = 'insert')""",
    "of the root alone, where the root does not count": NOTED_PARTS + "CREATE PUBLICATION p FOR TABLE february WHERE (id > 3), january",
}


def moved(lake, container) -> list:
    return lake.list(container) if lake.has_container(container) else []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_table_of_this_shape_is_refused(archiver, lake, container, database, shape):
    made, words, line = SHAPES[shape]
    table = EventTable(database.connection)
    table.execute(made)
    settings = {} if "PRIMARY KEY" in made else {"ARCHIVE_KEY_COLUMN": "id"}
    if "(id, created_at)" in made:
        settings = {"ARCHIVE_KEY_COLUMN": "id"}
    for command in (["archive"], ["plan"], ["archive", "--dry-run", "--side-effects=allow"]):
        outcome = archiver.run(*command, settings=settings)
        assert outcome.code == 3, str(outcome)
        error = [entry for entry in outcome.log if entry["level"] == "error"][0]
        assert all(word in error["msg"] for word in words) and error["error.hint"], error
    checks = {entry["name"]: entry for entry in json.loads(archiver.run("check", "-o", "json", settings=settings, expect=3).stdout)["checks"]}
    assert checks[line]["status"] == "failed" and checks[line]["remedy"] and all(word in checks[line]["detail"] for word in words)
    assert not moved(lake, container)


@pytest.mark.parametrize("shape", FITTING)
def test_a_publication_that_fits_the_replica_identity_is_no_mistake(archiver, database, shape):
    table = EventTable(database.connection)
    table.execute(FITTING[shape])
    settings = {"ARCHIVE_KEY_COLUMN": "id,created_at" if "PARTITION" in FITTING[shape] else "id"}
    archiver.run("check", settings=settings, expect=0)
    archiver.run("archive", settings=settings, expect=0)
    assert table.count() == 0


@pytest.mark.parametrize("granted, missing", [("SELECT", "DELETE")])
def test_a_missing_right_is_found_before_anything_moves(archiver, lake, container, database, granted, missing):
    table = EventTable(database.connection)
    table.execute(PLAIN)
    role = f"poor_{database.name}"
    table.execute(f'CREATE ROLE {role} LOGIN; GRANT {granted} ON "Event" TO {role}')
    try:
        outcome = archiver.run("archive", settings={"PG_CONNECTION_STRING": database.server.uri(database.name, user=role)})
        error = [entry for entry in outcome.log if entry["level"] == "error"][0]
        assert outcome.code == 4 and error["error.hint"] == f'GRANT {missing} ON public."Event" TO {role};', str(outcome)
        assert not moved(lake, container)
        archiver.archive()
        table.execute(f'GRANT SELECT, DELETE ON "Event" TO {role}')
        outcome = archiver.run("restore", "--day", "2024-01-01", settings={"PG_CONNECTION_STRING": database.server.uri(database.name, user=role)})
        error = [entry for entry in outcome.log if entry["level"] == "error"][0]
        assert outcome.code == 4 and error["error.hint"].startswith(f'GRANT INSERT ON public."Event" TO {role}'), str(outcome)
    finally:
        table.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_rows_are_not_moved_back_into_an_unlogged_table(archiver, lake, container, database):
    table = EventTable(database.connection)
    table.execute(PLAIN)
    archiver.archive()
    table.execute('ALTER TABLE "Event" SET UNLOGGED')
    outcome = archiver.run("restore", "--day", "2024-01-01", expect=3)
    assert "unlogged" in [entry for entry in outcome.log if entry["level"] == "error"][0]["msg"]
    assert table.value('SELECT count(*) FROM "Event"') == 0
    checks = {entry["name"]: entry for entry in json.loads(archiver.run("check", "-o", "json", expect=0).stdout)["checks"]}
    assert checks["logging"]["status"] == "warning"


LISTENERS = {
    "a row trigger on the table": KEEP + 'CREATE TRIGGER keep BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION keep()',
    "a row trigger on a partition": KEEP + "CREATE TRIGGER keep BEFORE DELETE ON january FOR EACH ROW EXECUTE FUNCTION keep()",
    "a statement trigger on the table": HOLD + 'CREATE TRIGGER hold BEFORE DELETE ON "Event" FOR EACH STATEMENT EXECUTE FUNCTION hold()',
}


@pytest.mark.parametrize("how", ["drop", "detach"])
@pytest.mark.parametrize("listener", LISTENERS)
def test_partitions_do_not_pass_by_what_listens_to_delete(archiver, lake, container, database, how, listener):
    """A legal hold: whatever keeps a row from DELETE keeps its partition too."""
    table = EventTable(database.connection)
    table.execute(PARTITIONED)
    table.execute(LISTENERS[listener])
    outcome = archiver.run("archive", "--partitions", how)
    assert outcome.code in (1, 3, 7) if "statement" in listener else outcome.code == 7, str(outcome)
    assert table.value('SELECT count(*) FROM "Event"') == 10
    assert table.value("SELECT count(*) FROM pg_inherits WHERE inhparent = '\"Event\"'::regclass") == 3


def test_rows_of_a_partition_with_an_audit_trigger_go_by_delete(archiver, database):
    table = EventTable(database.connection)
    table.execute(PARTITIONED)
    table.execute("""CREATE TABLE audit (id bigint); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
                     $$BEGIN INSERT INTO audit VALUES (OLD.id); RETURN NULL; END$$;
                     CREATE TRIGGER audit AFTER DELETE ON january FOR EACH ROW EXECUTE FUNCTION note()""")
    outcome = archiver.archive("--partitions", "drop")
    assert outcome.summary["rows_deleted"] == 10 and table.value("SELECT count(*) FROM audit") == 5
    assert table.value("SELECT to_regclass('january') IS NOT NULL AND to_regclass('february') IS NULL")


def test_plan_says_what_may_go_along(archiver, database):
    table = EventTable(database.connection)
    table.execute(PLAIN)
    table.execute("""CREATE TABLE document (event bigint CONSTRAINT doc REFERENCES "Event" ON DELETE CASCADE);
                     CREATE TABLE page (n int)""")
    found = json.loads(archiver.run("plan", "-o", "json", expect=0).stdout)
    assert found["side_effects"] == ["foreign key doc of public.document (ON DELETE CASCADE)"]
    assert "foreign key doc of public.document" in archiver.run("plan", expect=0).stdout
    checks = json.loads(archiver.run("check", "-o", "json", expect=0).stdout)["checks"]
    line = [entry for entry in checks if entry["name"] == "foreign keys"][0]
    assert line["status"] == "warning" and "exit code 3" in line["detail"]


@pytest.mark.parametrize("column", ["created_at", "id"])
def test_a_generated_column_is_called_one(archiver, database, column):
    table = EventTable(database.connection)
    kinds = {"created_at": "timestamp", "id": "bigint"}
    plain = ", ".join(f"{name} {kind}" for name, kind in kinds.items() if name != column)
    table.execute(f"""CREATE TABLE public."Event"({plain}, base {kinds[column]}, {column} {kinds[column]} GENERATED ALWAYS AS (base) STORED)""")
    outcome = archiver.run("archive", settings={"ARCHIVE_KEY_COLUMN": "id"}, expect=3)
    error = [entry for entry in outcome.log if entry["level"] == "error"][0]
    assert f"column '{column}' of" in error["msg"] and "is generated" in error["msg"]
