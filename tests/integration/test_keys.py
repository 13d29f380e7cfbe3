"""Which columns tell one row from another: the primary key, or several that are named; by an index, or not at all."""
import json

import pytest

from support.oracle import Oracle

OLD = "timestamp '2024-01-01' + (i % 3) * interval '1 day' + i * interval '1 second'"


def make(database, ddl: str) -> None:
    with database.connection.cursor() as cursor:
        cursor.execute(ddl)


def judge(database, lake, container, key: str) -> Oracle:
    oracle = Oracle(database.connection, lake, container, table="t", key=key)
    oracle.remember()
    return oracle


KEYS = {
    "device and time": ("device integer, created_at timestamp, v text, PRIMARY KEY (device, created_at)", "i % 5, {old}, 'x'"),
    "tenant and id": ("tenant text, id bigint, created_at timestamp NOT NULL, PRIMARY KEY (tenant, id)", "'t,' || i % 2, i / 2, {old}"),
    "uuid and date": ("u uuid, d date, created_at timestamp NOT NULL, PRIMARY KEY (u, d)", "md5((i / 2)::text)::uuid, date '2024-01-01' + i % 2, {old}"),
    "char(n) and bytea": ("c char(6), b bytea, created_at timestamptz NOT NULL, PRIMARY KEY (c, b)", "'c' || i, decode(md5(i::text), 'hex'), {old}"),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_of_several_columns_two_nights_then_all_back(archiver, database, lake, container, kind):
    columns, values = KEYS[kind]
    values = values.format(old=OLD)
    make(database, f"CREATE TABLE t ({columns}); INSERT INTO t SELECT {values} FROM generate_series(1, 30) i")
    run = archiver.with_settings({"ARCHIVE_TABLE": "t"})
    run.run("check", expect=0)
    oracle = judge(database, lake, container, "created_at")
    run.archive()
    make(database, f"INSERT INTO t SELECT {values} FROM generate_series(31, 60) i; INSERT INTO oracle.original SELECT * FROM t")
    run.archive()  # each day has a file by now, whose sample has keys that the new rows have in part
    assert oracle.check().archived == 60
    run.run("verify", expect=0)
    run.run("restore", "--from", "2024-01-01", "--into", "back", expect=0)
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT w::text FROM back w INTERSECT ALL SELECT w::text FROM oracle.original w) d")
        assert cursor.fetchone()[0] == 60
    run.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    run.archive()
    assert oracle.check().archived == 60


@pytest.mark.parametrize("named, expect", [("tenant,id", 0), ('"id",tenant', 0), ("id", 3), ("tenant", 3), ("tenant,id,note", 3), ("tenant,id,created_at", 0)])
def test_a_key_is_unique_by_an_index_or_refused(archiver, database, lake, container, named, expect):
    make(database, """CREATE TABLE t (tenant text, id int, note text, created_at timestamp NOT NULL, PRIMARY KEY (tenant, id));
                      INSERT INTO t VALUES ('a', 1, NULL, '2024-01-01'), ('b', 1, NULL, '2024-01-01')""")
    outcome = archiver.archive(expect=expect, settings={"ARCHIVE_TABLE": "t", "ARCHIVE_KEY_COLUMN": named})
    if expect:
        assert "ARCHIVE_KEY_COLUMN=tenant,id" in outcome.stderr, "the keys that would do are named"
        assert not lake.has_container(container) or not lake.list(container)


INDEXES = {
    "none": "",
    "not unique": "CREATE INDEX ON t (id)",
    "partial": "CREATE UNIQUE INDEX ON t (id) WHERE id > 5",
    "of an expression": "CREATE UNIQUE INDEX ON t (abs(id))",
    "deferred": "ALTER TABLE t ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED",
    "deferrable primary key": "ALTER TABLE t ADD PRIMARY KEY (id) DEFERRABLE",
    "invalid": "CREATE UNIQUE INDEX bad ON t (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'bad'::regclass",
    "of more columns": "CREATE UNIQUE INDEX ON t (id, created_at)",
    "over NULL": "ALTER TABLE t ALTER id DROP NOT NULL; CREATE UNIQUE INDEX ON t (id)",
    "included only": "CREATE UNIQUE INDEX ON t (other) INCLUDE (id)",
}


@pytest.mark.parametrize("index", INDEXES)
def test_an_index_that_is_not_unique_is_not_a_key(archiver, database, index):
    make(database, f"""CREATE TABLE t (id int NOT NULL, other int NOT NULL, created_at timestamp NOT NULL);
                       INSERT INTO t SELECT i, i, '2024-01-01' FROM generate_series(1, 9) i; {INDEXES[index]}""")
    for command in ("archive", "check", "plan"):
        outcome = archiver.run(command, settings={"ARCHIVE_TABLE": "t", "ARCHIVE_KEY_COLUMN": "id"})
        assert outcome.code == 3, f"{command}\n{outcome}"
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone()[0] == 9


def test_without_a_primary_key_the_usable_ones_are_named(archiver, database):
    make(database, "CREATE TABLE t (a int NOT NULL, b uuid NOT NULL, created_at timestamp NOT NULL, UNIQUE (a, b))")
    outcome = archiver.archive(expect=3, settings={"ARCHIVE_TABLE": "t"})
    assert "ARCHIVE_KEY_COLUMN=a,b" in outcome.stderr


@pytest.mark.parametrize("value", ["id,", ",id", "id,id", '"id'])
def test_an_invalid_list_of_columns_is_a_mistake(archiver, value):
    assert archiver.run("archive", settings={"ARCHIVE_KEY_COLUMN": value}).code == 2


def test_verify_tells_a_row_from_its_key(archiver, database, table, lake, container):
    for number in range(3):
        table.insert(f"2024-01-01 0{number}:00:00")
    archiver.archive()
    text = lake.get(container, "events_2024-01-01.csv").decode()
    rows = text.splitlines()[1:]
    table.execute(f"""INSERT INTO "Event" VALUES (1, 'one', 'other', now(), NULL, '{{}}')""")
    found = json.loads(archiver.run("verify", "-o", "json", expect=7).stdout)
    kinds = [(one["kind"], one["row"]) for day in found["days"] for one in day["differences"]]
    assert kinds == [("key_in_table", 2)] and len(rows) == 3
