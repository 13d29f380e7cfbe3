"""The table that is archived, and rows made to break a careless CSV writer.

Rows are made by the server, as a function of their id, so a million of them is one statement. Every payload of
a `fill` holds ROW_CANARY, which must not be seen in any output of the program.
"""
import datetime

ROW_CANARY = "row-canary-5fd1"

DDL = """
CREATE SEQUENCE "Event_id_seq";
CREATE TABLE public."Event" (
    id integer NOT NULL DEFAULT nextval('"Event_id_seq"'::regclass),
    event_id text NOT NULL,
    event_type text NOT NULL,
    created_at timestamp(3) without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    processed_at timestamp(3) without time zone,
    payload jsonb NOT NULL,
    PRIMARY KEY (id)
);
"""
INDEX = 'CREATE INDEX "Event_created_at" ON public."Event" (created_at);'

# Text that CSV, COPY's own text format or a shell would trip over; percent signs doubled for psycopg2.
TEXTS = r"""ARRAY[
    'plain', '', 'a,b,,c', 'say "hi", she said', '"', '""', ',', E'\n', E'\r', E'two\r\nlines\r\n', '\.', E'\\.\n', E'a\n\\.\nb',
    '\N', 'NULL', 'null', '  spaces  ', E'\ttab\t', 'it''s', 'back\slash\', '{"a": "b"}', '; DROP TABLE "Event"; --', '$(id)`id`',
    '😀👩‍👩‍👧', 'Zürich “quoted” — ’n’', 'שלום, עולם', '東京都', E'\u0001\u001f\u007f', U&'\feff', '=1+1', '-', '#', '%%s%%n',
    'id,event_id,event_type,created_at,processed_at,payload', '1970-01-01 00:00:00', E'"\n"', E'",\n"', repeat('x', 300)]"""
PAYLOADS = r"""ARRAY[
    'null', '{}', '[]', '""', '0', '-0.5e-7', 'true', '"bare, \"text\""', '[null, {}, [], ""]', '12345678901234567890.10',
    '{"a": "quote \" comma , CR LF \r\n dot \\."}', '{"e": "😀👩‍👩‍👧 ünï"}', '{"": {"": ""}}', '{"c": "\u0001\u001f tab \t"}',
    '"\\."', '"\n\\.\n"', '{"n": [1.0, 1.00, 1e2]}', '{"d": {"d": {"d": [[[[]]]]}}}']"""

# %(first)s id of the first row; rows go round the days; the first and last row of a day sit on its edges.
FILL = f"""
INSERT INTO public."Event" (id, event_id, event_type, created_at, processed_at, payload)
WITH hostile AS (SELECT {TEXTS} AS texts, {PAYLOADS} AS payloads),
numbered AS (
    SELECT i, %(first)s + i AS id, md5(%(seed)s || (%(first)s + i)::text) AS hash, %(day)s::timestamp + make_interval(days => i %% %(days)s) AS day,
           i / %(days)s AS turn, (%(rows)s - 1 - i) / %(days)s AS turns_left
    FROM generate_series(0, %(rows)s - 1) AS i),
placed AS (
    SELECT *, day + make_interval(secs => CASE WHEN turn = 0 THEN 0 WHEN turns_left = 0 THEN 86399.999
                                          ELSE (('x' || left(hash, 8))::bit(32)::bigint & 2147483647) %% 86400000 / 1000.0 END) AS at
    FROM numbered)
SELECT id,
       texts[1 + id %% array_length(texts, 1)] || CASE WHEN id %% 3 = 0 THEN '' ELSE hash END,
       texts[1 + (id / 7) %% array_length(texts, 1)],
       at,
       CASE WHEN id %% 4 > 0 THEN at + make_interval(secs => id %% 900000 / 1000.0) END,
       (CASE WHEN id %% %(large_every)s = 0 THEN '{{"large": "' || repeat(hash || ', \\"é\\"', 65536 / 36) || '"}}'
             WHEN id %% 5 = 0 THEN payloads[1 + (id / 5) %% array_length(payloads, 1)]
             ELSE '{{"hash": "' || hash || '", "canary": "{ROW_CANARY}", "text": ' || to_json(texts[1 + (id / 3) %% array_length(texts, 1)])
                  || ', "pad": "' || repeat(hash, id %% 12) || '"}}' END)::jsonb
FROM placed CROSS JOIN hostile
ORDER BY at
"""


# A partition a day, for the first days that `fill` fills.
PARTITIONED = """
CREATE TABLE public."Event" (
    id integer NOT NULL, event_id text NOT NULL, event_type text NOT NULL,
    created_at timestamp(3) without time zone NOT NULL, processed_at timestamp(3) without time zone, payload jsonb NOT NULL,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE day_1 PARTITION OF public."Event" FOR VALUES FROM ('2024-01-01') TO ('2024-01-02');
CREATE TABLE day_2 PARTITION OF public."Event" FOR VALUES FROM ('2024-01-02') TO ('2024-01-03');
CREATE TABLE day_3 PARTITION OF public."Event" FOR VALUES FROM ('2024-01-03') TO ('2024-01-04');
CREATE TABLE rest PARTITION OF public."Event" DEFAULT;
"""


class EventTable:
    """public."Event" in one database, through a psycopg2 connection in autocommit mode and UTC."""

    def __init__(self, connection):
        self.connection = connection
        self.next_id = 1

    def execute(self, sql: str, values=None) -> list:
        """Runs one statement; its rows, or nothing."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql: str, values=None):
        return self.execute(sql, values)[0][0]

    def create(self, index: bool = True) -> "EventTable":
        self.execute(DDL)
        if index:
            self.execute(INDEX)
        return self

    def create_again(self, partitioned: bool = False) -> None:
        self.execute('DROP TABLE IF EXISTS public."Event", day_1, day_2, day_3; DROP SEQUENCE IF EXISTS "Event_id_seq"')
        self.execute(PARTITIONED if partitioned else DDL)

    def grant(self, role: str, rights: str = "") -> None:
        """SELECT and DELETE for `role`, and INSERT, or the table and its partitions as the "owner" of them."""
        self.execute(f'REVOKE ALL ON public."Event" FROM {role}; ALTER TABLE public."Event" OWNER TO CURRENT_USER')
        if rights == "owner":
            for (name,) in self.execute("""SELECT relid::text FROM pg_partition_tree('public."Event"')"""):
                self.execute(f"ALTER TABLE {name} OWNER TO {role}")
        else:
            self.execute(f'GRANT SELECT, DELETE{", " if rights else ""}{rights} ON public."Event" TO {role}')

    def fill(
        self, rows: int, days: int, first_day: str = "2024-01-01", seed: str = "a", large_every: int = 1000
    ) -> None:
        """Adds `rows` hostile rows over `days` days, edges of each day included."""
        self.execute(
            FILL,
            {
                "first": self.next_id,
                "rows": rows,
                "days": days,
                "day": first_day,
                "seed": seed,
                "large_every": large_every,
            },
        )
        self.next_id += rows

    def fill_young(self, rows: int) -> None:
        """Adds rows of the last hours, which no retention of a day or more may touch."""
        self.execute(
            """INSERT INTO public."Event" (id, event_id, event_type, created_at, payload)
                        SELECT %s + i, 'young, "' || i || '"', 'kept', now() AT TIME ZONE 'UTC' - make_interval(secs => i), '{"keep": true}'
                        FROM generate_series(0, %s - 1) AS i""",
            (self.next_id, rows),
        )
        self.next_id += rows

    def insert(self, created_at: str, event_id: str = "one", payload: str = "{}") -> int:
        """Adds one row; its id."""
        row = self.next_id
        self.execute(
            'INSERT INTO public."Event" (id, event_id, event_type, created_at, payload) VALUES (%s, %s, %s, %s, %s)',
            (row, event_id, "single", created_at, payload),
        )
        self.next_id += 1
        return row

    def count(self) -> int:
        return self.value('SELECT count(*) FROM public."Event"')

    def analyze(self) -> None:
        self.execute('VACUUM ANALYZE public."Event"')


def days_ago(days: int) -> str:
    """The UTC day that many days before today."""
    return (datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=days)).isoformat()
