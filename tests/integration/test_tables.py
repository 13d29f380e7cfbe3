"""Tables that are not `public."Event"`: other names, other keys, other types."""
import pytest

from support.oracle import Oracle


@pytest.fixture
def run(archiver, database, lake, container):
    """Makes a table, archives it, and judges."""

    def go(
        ddl: str, name: str, time_column: str, key_column: str, day_of: str, archived: int, left: int = 0, settings=None
    ):
        with database.connection.cursor() as cursor:
            cursor.execute(ddl)
        oracle = Oracle(database.connection, lake, container, table=name, day_of=day_of, key=key_column)
        oracle.remember()
        archiver.archive("--table", name, "--time-column", time_column, "--key-column", key_column, settings=settings)
        found = oracle.check()
        assert (found.archived, found.left) == (archived, left)
        return found

    return go


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Kiritimati"])
def test_timestamptz_goes_by_the_utc_day(run, database, zone):
    found = run(
        f"""ALTER DATABASE {database.name} SET timezone = '{zone}';
                    CREATE TABLE audit (id bigint PRIMARY KEY, at timestamptz NOT NULL, what text);
                    INSERT INTO audit VALUES (1, '2024-01-01 00:00:00+00', 'a'), (2, '2024-01-01 23:59:59.999999+00', NULL),
                      (3, '2024-01-02 00:30:00+14', ''), (4, '2024-01-01 23:00:00-12', 'd'), (5, now(), 'young'),
                      (6, '2024-03-31 01:30:00+00', 'summer time begins in Europe')""",
        "audit",
        "at",
        "id",
        "(at AT TIME ZONE 'UTC')::date",
        5,
        1,
    )
    assert found.files == {"2024-01-01": 3, "2024-01-02": 1, "2024-03-31": 1}


def test_names_that_need_quotes(run):
    run(
        """CREATE SCHEMA "My Schema";
           CREATE TABLE "My Schema"."odd ""name"", really" ("The Key" text PRIMARY KEY, "Made, At" timestamp, "select" text, "a""b" int, "ünï" text);
           INSERT INTO "My Schema"."odd ""name"", really" SELECT 'k' || i, '2024-01-01'::timestamp + i * interval '1 hour', 'x', i, '' FROM generate_series(1, 50) i""",
        '"My Schema"."odd ""name"", really"',
        "Made, At",
        "The Key",
        '"Made, At"::date',
        50,
    )


@pytest.mark.parametrize(
    "key_type, key",
    [
        ("text", "'k,\"' || i || E'\\n'"),
        ("uuid", "md5(i::text)::uuid"),
        ("bigint", "9000000000000000000 + i"),
        ("smallint", "i"),
        ("varchar(20)", "'k' || i"),
    ],
)
def test_keys_of_many_types(run, key_type, key):
    run(
        f"""CREATE TABLE t (k {key_type} PRIMARY KEY, created_at timestamp NOT NULL, v text);
            INSERT INTO t SELECT {key}, '2024-01-01'::timestamp + i * interval '1 hour', 'v' FROM generate_series(1, 60) i""",
        "t",
        "created_at",
        "k",
        "created_at::date",
        60,
    )


def test_columns_of_every_type(run):
    run(
        r"""CREATE TYPE mood AS ENUM ('so so', 'a,b', '"');
            CREATE TYPE pair AS (a int, b text);
            CREATE TABLE t (id serial PRIMARY KEY, created_at timestamp, gone text, b bytea, ta text[], n numeric, f float8, r real, bo boolean, i interval, d date,
              tz timestamptz, m mood, p pair, j json, jb jsonb, x xml, ip inet, rng int4range, bits bit(5), ch char(5), o oid, ts tsvector, mac macaddr, pt point,
              money money, tm time, u uuid);
            ALTER TABLE t DROP COLUMN gone;
            INSERT INTO t (created_at, b, ta, n, f, r, bo, i, d, tz, m, p, j, jb, x, ip, rng, bits, ch, o, ts, mac, pt, money, tm, u)
            SELECT '2024-01-01'::timestamp + k * interval '7 hours', '\x00ff5c2c22', ARRAY['a,b', NULL, '', '"q"', E'\n'], 'NaN', 0.1 + 0.2, 1e-30, k % 2 = 0,
              '1 year -3 days 04:05:06.789', '9999-12-31', '2024-06-01 12:00+02', '"', ROW(k, 'x,"y')::pair, '{"a" :  1, "a":2}', '{"a": 1}', '<a b="c,d"/>', '10.0.0.1/8'::inet,
              '[1,5)'::int4range, B'10101', 'ab', 42, 'a:1 b:2'::tsvector, '08:00:2b:01:02:03'::macaddr, '(1.5,-2)'::point, 1234.5::numeric::money, '23:59:59.5', md5('x')::uuid FROM generate_series(1, 40) k;
            INSERT INTO t (created_at) SELECT '2024-01-03' FROM generate_series(1, 5)""",
        "t",
        "created_at",
        "id",
        "created_at::date",
        45,
    )


def test_a_generated_column_is_not_an_obstacle(archiver, database, lake, container):
    """COPY FROM refuses generated columns, so a file restores by naming the others, or the program says no."""
    with database.connection.cursor() as cursor:
        cursor.execute(
            """CREATE TABLE t (id int PRIMARY KEY, created_at timestamp, twice int GENERATED ALWAYS AS (id * 2) STORED);
                          INSERT INTO t (id, created_at) SELECT i, '2024-01-01' FROM generate_series(1, 9) i"""
        )
    outcome = archiver.run("archive", "--table", "t")
    assert outcome.code in (0, 3), str(outcome)
    if outcome.code == 0:
        assert lake.get(container, "events_2024-01-01.csv").splitlines()[0] == b"id,created_at"


def test_a_null_time_stays(run):
    run(
        """CREATE TABLE t (id int PRIMARY KEY, created_at timestamp, v text);
           INSERT INTO t VALUES (1, NULL, 'a'), (2, '2024-01-01', 'b')""",
        "t",
        "created_at",
        "id",
        "created_at::date",
        1,
        1,
    )


def test_rows_that_are_all_alike_are_refused(archiver, database):
    """Without a unique key nothing tells which of them are in a file: test_keys.py has the other shapes."""
    with database.connection.cursor() as cursor:
        cursor.execute("""CREATE TABLE t (id int, created_at timestamp);
                          INSERT INTO t SELECT 1, '2024-01-01' FROM generate_series(1, 30)""")
    outcome = archiver.archive("--table", "t", "--key-column", "id", expect=3)
    assert "NULL" in outcome.stderr or "unique" in outcome.stderr


def test_microseconds_survive(run):
    run(
        """CREATE TABLE t (id int PRIMARY KEY, created_at timestamp(6), other timestamptz(6));
           INSERT INTO t VALUES (1, '2024-01-01 23:59:59.999999', '2024-01-01 23:59:59.999999+05:45')""",
        "t",
        "created_at",
        "id",
        "created_at::date",
        1,
    )


@pytest.mark.parametrize("what", ["view", "materialized view", "foreign", "sequence", "index"])
def test_what_is_no_table_is_refused(archiver, database, table, what):
    with database.connection.cursor() as cursor:
        cursor.execute(
            {
                "view": 'CREATE VIEW v AS SELECT id, created_at FROM "Event" GROUP BY 1, 2',
                "materialized view": 'CREATE MATERIALIZED VIEW v AS SELECT id, created_at FROM "Event"',
                "foreign": "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; "
                "CREATE FOREIGN TABLE v (id int, created_at timestamp) SERVER s",
                "sequence": "CREATE SEQUENCE v",
                "index": 'CREATE INDEX v ON "Event" (event_id)',
            }[what]
        )
    outcome = archiver.archive("--table", "v", expect=3)
    assert outcome.stderr


def test_a_schema_that_changed_between_runs_is_refused(archiver, table, lake, container):
    """A column more: the day's file has another header. Its rows must not land under it."""
    table.fill(20, 2)
    archiver.archive()
    before = {blob.name: blob.size for blob in lake.list(container)}
    table.execute('ALTER TABLE "Event" ADD COLUMN extra text')
    table.fill(20, 2, seed="b")
    outcome = archiver.archive(expect=3)
    assert "events_2024-01-0" in outcome.stderr
    assert table.count() == 20
    assert {blob.name: blob.size for blob in lake.list(container)} == before
