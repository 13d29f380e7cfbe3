"""What `restore` gives back is compared with the file's own bytes, after all triggers and constraints have run."""
import pytest

NAME = "events_2024-01-01.csv"


@pytest.fixture
def shaped(archiver, table, lake, container):
    """Makes a table of these columns with one day in the lake, changes the table, and restores it."""

    def make(columns: str, rows: list, *changes: str, days: int = 1):
        table.execute(f'DROP TABLE public."Event" CASCADE; CREATE TABLE public."Event" (id bigint PRIMARY KEY, {columns})')
        for number, row in enumerate(rows, 1):
            table.execute(f'INSERT INTO public."Event" VALUES ({number}, {row})')
        archiver.archive("--parallel", "1")
        assert table.count() == 0
        for change in changes:
            table.execute(change)
        return lake.get(container, NAME)

    yield make
    table.execute('DROP TABLE public."Event" CASCADE; DROP SEQUENCE IF EXISTS "Event_id_seq"')
    table.create()


LOSSY = {
    "timestamp(3) rounds into the next day": ("created_at timestamp NOT NULL", "'2024-01-01 23:59:59.9999'", "TYPE timestamp(3)", "created_at"),
    "numeric(10,2) rounds": ("created_at timestamp NOT NULL, x numeric", "'2024-01-01', 99.999", "TYPE numeric(10,2)", "x"),
    "json becomes jsonb": ("created_at timestamp NOT NULL, x json", """'2024-01-01', '{"a" :  1, "a": 2}'""", "TYPE jsonb", "x"),
    "float8 becomes float4": ("created_at timestamp NOT NULL, x float8", "'2024-01-01', 0.1234567890123", "TYPE real", "x"),
    "char(n) pads": ("created_at timestamp NOT NULL, x text", "'2024-01-01', 'ab'", "TYPE char(5)", "x"),
    "timestamptz becomes timestamp": ("created_at timestamp NOT NULL, x timestamptz", "'2024-01-01', '2024-01-01 10:00+00'", "TYPE timestamp", "x"),
    "timestamp becomes date": ("created_at timestamp NOT NULL, x timestamp", "'2024-01-01', '2024-01-01 10:00'", "TYPE date", "x"),
    "varchar(n) becomes name": ("created_at timestamp NOT NULL, x varchar(90)", f"'2024-01-01', '{'y' * 80}'", "TYPE name USING x::name", "x"),
    "a key of text becomes an integer": ("created_at timestamp NOT NULL, x text", "'2024-01-01', '007'", "TYPE integer USING x::integer", "x"),
}


@pytest.mark.sampled
@pytest.mark.parametrize("arguments", [(), ("--dry-run",), ("--into", "back")], ids=["in place", "dry run", "into"])
@pytest.mark.parametrize("how", LOSSY)
def test_a_column_that_has_become_narrower_is_noticed(shaped, archiver, table, lake, container, how, arguments):
    columns, row, change, column = LOSSY[how]
    content = shaped(columns, [row], f'ALTER TABLE public."Event" ALTER {column} {change}')
    outcome = archiver.run("restore", "--day", "2024-01-01", *arguments)
    said = outcome.events("run.error")[0]["msg"]
    assert outcome.code == 7 and NAME in said and ("back" if "--into" in arguments else 'public."Event"') in said, str(outcome)
    assert f"'{column}'" in outcome.stderr, str(outcome)
    assert table.count() == 0 and lake.get(container, NAME) == content
    assert table.value("SELECT to_regclass('back') IS NULL"), "an empty table was left behind"


def test_values_that_the_type_refuses_name_the_file(shaped, archiver, lake, container):
    content = shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01', 'seven'"],
                     'ALTER TABLE public."Event" ALTER x TYPE integer USING NULL')
    for arguments in ((), ("--into", "back")):
        outcome = archiver.run("restore", "--day", "2024-01-01", *arguments)
        assert outcome.code == 3 and NAME in outcome.stderr and "22P02" in outcome.stderr, str(outcome)
        assert "seven" not in outcome.stderr
    assert lake.get(container, NAME) == content


DEED = {
    "a deferred trigger that deletes": ("CREATE CONSTRAINT TRIGGER deed AFTER INSERT ON public.\"Event\" DEFERRABLE INITIALLY DEFERRED"
                                        " FOR EACH ROW EXECUTE FUNCTION deed()", "DELETE FROM public.\"Event\" WHERE id = NEW.id; RETURN NULL;"),
    "a deferred trigger that changes": ("CREATE CONSTRAINT TRIGGER deed AFTER INSERT ON public.\"Event\" DEFERRABLE INITIALLY DEFERRED"
                                        " FOR EACH ROW EXECUTE FUNCTION deed()", "UPDATE public.\"Event\" SET x = 'other' WHERE id = NEW.id; RETURN NULL;"),
    "a trigger of a later day's row": ("CREATE TRIGGER deed AFTER INSERT ON public.\"Event\" FOR EACH ROW EXECUTE FUNCTION deed()",
                                       "DELETE FROM public.\"Event\" WHERE created_at < NEW.created_at - interval '20 hours'; RETURN NULL;"),
    "a trigger that skips": ("CREATE TRIGGER deed BEFORE INSERT ON public.\"Event\" FOR EACH ROW EXECUTE FUNCTION deed()", "RETURN NULL;"),
    "a trigger that changes": ("CREATE TRIGGER deed BEFORE INSERT ON public.\"Event\" FOR EACH ROW EXECUTE FUNCTION deed()",
                               "NEW.x = 'other'; RETURN NEW;"),
    "a rule": ("CREATE RULE deed AS ON INSERT TO public.\"Event\" DO INSTEAD INSERT INTO elsewhere VALUES (NEW.id, NEW.created_at, NEW.x)", "RETURN NULL;"),
}


@pytest.mark.parametrize("what", DEED)
def test_what_happens_after_the_insert_is_noticed(shaped, archiver, table, lake, container, what):
    deed, body = DEED[what]
    content = shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01 10:00', 'a'", "'2024-01-02 10:00', 'b'"],
                     "DROP TABLE IF EXISTS elsewhere; CREATE TABLE elsewhere (id bigint, created_at timestamp, x text)",
                     f"CREATE OR REPLACE FUNCTION deed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$", deed)
    outcome = archiver.run("restore", "--from", "2024-01-01")
    assert outcome.code == 7 and "as the file has them" in outcome.stderr, str(outcome)
    assert table.count() == 0 and lake.get(container, NAME) == content
    assert not any(name.startswith("archiverresto") for blob in lake.list(container) for name in blob.metadata)
    table.execute("DROP FUNCTION deed CASCADE" if "rule" not in what else 'DROP RULE deed ON public."Event"')
    archiver.run("restore", "--from", "2024-01-01", expect=0)
    assert table.count() == 2


def test_rows_that_the_table_has_besides_do_not_confuse_the_proof(shaped, archiver, table):
    shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01 10:00', 'a'", "'2024-01-01 11:00', 'b'"],
           "INSERT INTO public.\"Event\" VALUES (7, '2024-01-01 10:00', 'late'), (2, '2024-01-01 11:00', 'b')")
    outcome = archiver.run("restore", "--day", "2024-01-01", expect=0)
    assert outcome.summary["rows"] == 1 and outcome.summary["rows_recognised"] == 1 and table.count() == 3


def test_a_row_there_with_other_content_is_named_by_column_and_key(shaped, archiver, table):
    shaped("created_at timestamp NOT NULL, x text, y text", ["'2024-01-01 10:00', 'a', 'secret'", "'2024-01-01 11:00', 'b', NULL"],
           "INSERT INTO public.\"Event\" VALUES (2, '2024-01-01 11:00', 'b', '')")
    outcome = archiver.run("restore", "--day", "2024-01-01")
    said = outcome.events("run.error")[0]["msg"]
    assert outcome.code == 7 and said.startswith("1 rows of") and "column 'y' differs" in said and said.endswith('"id" 2'), str(outcome)
    assert "secret" not in outcome.stderr


QUOTED_BY_OTHERS = b'id,created_at,x,y\n"1","2024-01-01 10:00:00","plain","with ""quotes"""\n2,2024-01-01 11:00:00,"",\n'


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_quotes_and_line_ends_of_others_make_no_difference(shaped, archiver, table, lake, container, ends):
    """The file begins with the row that was archived, written in another way."""
    shaped("created_at timestamp NOT NULL, x text, y text", ["'2024-01-01 10:00', 'plain', 'with \"quotes\"'"])
    lake.put_blob(container, NAME, QUOTED_BY_OTHERS.replace(b"\n", ends))
    archiver.run("restore", "--day", "2024-01-01", "--into", "back", expect=0)
    archiver.run("restore", "--day", "2024-01-01", expect=0)
    assert table.value("SELECT string_agg(t::text, '|' ORDER BY id) FROM \"Event\" t") == '(1,"2024-01-01 10:00:00",plain,"with ""quotes""")|(2,"2024-01-01 11:00:00","",)'


BROKEN = {
    "a field too few": b"id,created_at,x\n1,2024-01-01 10:00:00\n",
    "a field too many": b"id,created_at,x\n1,2024-01-01 10:00:00,a\n2,2024-01-01 10:00:00,a,b\n",
    "another day": b"id,created_at,x\n1,2024-01-01 10:00:00,a\n2,2024-01-03 10:00:00,a\n",
    "an open quote": b'id,created_at,x\n1,2024-01-01 10:00:00,"a\n',
}


@pytest.mark.parametrize("arguments", [(), ("--into", "back")], ids=["in place", "into"])
@pytest.mark.parametrize("what", BROKEN)
def test_a_spoiled_file_is_named_with_row_and_byte(shaped, archiver, table, lake, container, what, arguments):
    shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01 10:00', 'a'"])
    lake.put_blob(container, NAME, BROKEN[what])
    outcome = archiver.run("restore", "--day", "2024-01-01", *arguments)
    assert outcome.code == 7 and NAME in outcome.stderr and ", in row " in outcome.stderr and "at byte " in outcome.stderr, str(outcome)
    assert table.count() == 0 and table.value("SELECT to_regclass('back') IS NULL")


def role_without(table, database, right: str) -> str:
    table.execute("DROP ROLE IF EXISTS restorer_r; CREATE ROLE restorer_r LOGIN; GRANT SELECT, DELETE ON public.\"Event\" TO restorer_r")
    return database.server.uri(database.name, user="restorer_r")


def test_a_missing_right_is_named_with_its_grant_before_a_file_is_read(shaped, archiver, table, database, azurite):
    from support.gate import LakeGate

    shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01 10:00', 'a'"], 'CREATE TABLE back (LIKE public."Event")')
    uri = role_without(table, database, "INSERT")
    table.execute("GRANT SELECT ON back TO restorer_r")
    for arguments, name in (((), 'public."Event"'), (("--into", "back"), "public.back")):
        with LakeGate(azurite.port) as gate:
            settings = {"PG_CONNECTION_STRING": uri, "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}
            outcome = archiver.run("restore", "--day", "2024-01-01", *arguments, settings=settings)
            assert outcome.code == 4 and f"GRANT INSERT ON {name} TO restorer_r" in outcome.events("run.error")[0]["error.hint"], str(outcome)
            assert not [record for record in gate.requests("GET") if "events_" in record.target], "a file was read"
    table.execute("DROP TABLE back; DROP OWNED BY restorer_r; DROP ROLE restorer_r")


def test_an_unlogged_table_is_refused_in_place(shaped, archiver, table, lake, container):
    content = shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01 10:00', 'a'"], 'ALTER TABLE public."Event" SET UNLOGGED')
    outcome = archiver.run("restore", "--day", "2024-01-01")
    assert outcome.code == 3 and "unlogged" in outcome.stderr and lake.get(container, NAME) == content
    archiver.run("restore", "--day", "2024-01-01", "--into", "back", expect=0)


PARTITIONS = {
    "days": ("('2024-01-02') TO ('2024-01-03')", "('2024-01-01') TO ('2024-01-02')"),
    "months": ("('2024-02-01') TO ('2024-03-01')", "('2024-01-01') TO ('2024-02-01')"),
    "years": ("('2025-01-01') TO ('2026-01-01')", "('2024-01-01') TO ('2025-01-01')"),
}


@pytest.mark.parametrize("time", ["timestamp", "timestamptz"])
@pytest.mark.parametrize("width", PARTITIONS)
def test_a_missing_partition_is_named(archiver, table, lake, container, width, time):
    neighbour, own = PARTITIONS[width]
    table.execute(f"""DROP TABLE public."Event" CASCADE; SET TIME ZONE 'UTC';
        CREATE TABLE public."Event" (id bigint, created_at {time} NOT NULL, x text, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
        CREATE TABLE p_next PARTITION OF public."Event" FOR VALUES FROM {neighbour};
        CREATE TABLE p_own PARTITION OF public."Event" FOR VALUES FROM {own};
        INSERT INTO public."Event" VALUES (1, '2024-01-01 10:00', 'a'), (2, '2024-01-01 11:00', 'b')""")
    try:
        archiver.archive("--partitions", "drop")
        table.execute("DROP TABLE IF EXISTS p_own")
        before = lake.get(container, NAME)
        for arguments in (("--dry-run",), ()):
            outcome = archiver.run("restore", "--day", "2024-01-01", *arguments)
            error = outcome.events("run.error")[0]
            assert outcome.code == 3 and "no partition for 2 rows of 2024-01-01" in error["msg"], str(outcome)
        assert lake.get(container, NAME) == before
        ddl = error["error.hint"].removeprefix("Create it: ").partition(", or restore")[0]
        assert ddl.startswith('CREATE TABLE public."Event_2024_01_01" PARTITION OF public."Event" FOR VALUES FROM'), ddl
        table.execute(ddl)
        archiver.run("restore", "--day", "2024-01-01", expect=0)
        assert table.count() == 2
    finally:
        table.execute('DROP TABLE public."Event" CASCADE; DROP SEQUENCE IF EXISTS "Event_id_seq"')
        table.create()


ALTERED = {
    "added": ("ADD COLUMN extra text NOT NULL DEFAULT 'new'", "id,created_at,x,y", "1,2024-01-01 10:00:00,a,1.50"),
    "added first of all, it seems": ("DROP COLUMN x, ADD COLUMN x varchar(90)", "id,created_at,x,y", "1,2024-01-01 10:00:00,a,1.50"),
    "dropped": ("DROP COLUMN y", "id,created_at,x,y", "1,2024-01-01 10:00:00,a,1.50"),
    "renamed": ("RENAME COLUMN x TO z", "id,created_at,x,y", "1,2024-01-01 10:00:00,a,1.50"),
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_table_whose_columns_have_changed_takes_no_old_day_and_a_new_one_is_made_of_the_files_columns(shaped, archiver, table, database, how):
    change, header, row = ALTERED[how]
    shaped("created_at timestamp NOT NULL, x text, y numeric(8,2)", ["'2024-01-01 10:00', 'a', 1.5", "'2024-01-02 10:00', 'b', 2"],
           f'ALTER TABLE public."Event" {change}')
    outcome = archiver.run("restore", "--day", "2024-01-01")
    assert outcome.code == 3 and "--into" in outcome.events("run.error")[0]["error.hint"] and table.count() == 0, str(outcome)
    archiver.run("restore", "--day", "2024-01-01", "--into", "back", "--dry-run", expect=0)
    assert table.value("SELECT to_regclass('back')") is None
    archiver.run("restore", "--from", "2024-01-01", "--into", "back", expect=0)
    assert table.value("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'back'::regclass AND attnum > 0") == header
    assert table.value("SELECT concat_ws(',', id, created_at, x, y) FROM back ORDER BY id LIMIT 1") == row
    assert table.value("SELECT count(*) FROM back") == 2
    assert table.value("SELECT count(*) FROM pg_index WHERE indrelid = 'back'::regclass AND indisprimary") == 1
    archiver.run("restore", "--from", "2024-01-01", "--into", "back", expect=0)
    assert table.value("SELECT count(*) FROM back") == 2, "once more adds nothing"


def test_days_before_and_after_a_column_was_added_go_into_one_table(shaped, archiver, table):
    shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01 10:00', 'a'"], 'ALTER TABLE public."Event" ADD COLUMN more integer',
           "INSERT INTO public.\"Event\" VALUES (2, '2024-01-02 10:00', 'b', 7)")
    archiver.archive()
    archiver.run("restore", "--from", "2024-01-01", "--into", "back", expect=0)
    assert table.value("SELECT string_agg(t::text, '|' ORDER BY id) FROM back t") == '(1,"2024-01-01 10:00:00",a,)|(2,"2024-01-02 10:00:00",b,7)'


def test_a_renamed_key_leaves_no_empty_table_behind(shaped, archiver, table):
    shaped("created_at timestamp NOT NULL, x text", ["'2024-01-01 10:00', 'a'"], 'ALTER TABLE public."Event" RENAME COLUMN id TO number')
    outcome = archiver.run("restore", "--day", "2024-01-01", "--into", "back", "--key-column", "number")
    assert outcome.code == 3 and "lacks the column 'number'" in outcome.stderr, str(outcome)
    assert table.value("SELECT to_regclass('back') IS NULL")
