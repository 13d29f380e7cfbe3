"""A table made by chance, and an oracle that knows each of its rows by its text.

The oracle keeps what was ever inserted as the lines that COPY … (FORMAT csv) writes in a session of its own, with every
setting that changes text pinned. It asks nothing of the program: not which rows are due, not what its marks say.
"""
import gzip
import io
import random
import re
from collections import Counter

FILE = re.compile(r"events_(\d{4}-\d\d-\d\d)\.csv(\.gz)?$")
PINNED = """SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3;
            SET bytea_output = 'hex'; SET client_encoding = 'UTF8'; SET quote_all_identifiers = off; SET array_nulls = on;
            SET xmloption = content; SET lc_monetary = 'C'; SET search_path = pg_catalog, pg_temp"""
# type -> how a value is made by the server, from a number %s
COLUMNS = {
    "text": "(ARRAY['', 'a,b', 'say \"hi\"', E'two\\nlines', E'\\r', 'NULL', E'\\\\.', 'plain', '  ', 'é'])[1 + {0} % 10]",
    "numeric": "({0} * 1.10)::numeric",
    "float8": "({0} / 3.0)::float8",
    "jsonb": "jsonb_build_object('n', {0}, 'd', 1.0)",
    "json": "('{{\"a\" :  ' || {0} || ', \"a\": 2}}')::json",
    "text[]": "CASE {0} % 3 WHEN 0 THEN ARRAY['a', NULL, 'NULL'] WHEN 1 THEN '{{}}'::text[] END",
    "bytea": "decode(md5(({0})::text), 'hex')",
    "interval": "make_interval(days => {0} % 400, secs => {0} / 7.0)",
    "timestamptz": "timestamptz '2023-12-31 23:00+00' + {0} * interval '1 hour'",
    "regclass": "(ARRAY['pg_class', 'pg_type', 'aux.orders'])[1 + {0} % 3]::regclass",
    "money": "({0} * 1.5)::numeric::money",
    "xml": "('<a n=\"' || {0} || '\"/><b/>')::xml",
    "boolean": "CASE WHEN {0} % 3 > 0 THEN {0} % 2 = 0 END",
}
KEYS = {
    "one column": ([("id", "bigint")], "(id)"),
    "text": ([("name", "text")], "(name)"),
    "uuid": ([("uid", "uuid")], "(uid)"),
    "tenant and id": ([("tenant", "int"), ("id", "bigint")], "(tenant, id)"),
    "device and time": ([("device_id", "int")], "(device_id, created_at)"),
}
# What somebody has set for the database.
SETTINGS = ["array_nulls = off", "xmloption = document", "quote_all_identifiers = on", "DateStyle = 'German'", "IntervalStyle = 'iso_8601'",
            "bytea_output = 'escape'", "TimeZone = 'Asia/Kathmandu'", "extra_float_digits = 0", "search_path = aux, public",
            "synchronize_seqscans = on", "default_transaction_isolation = 'read committed'", "synchronous_commit = off"]


def lines_of(content: bytes) -> list:
    """The rows of a CSV file as they stand there; a line end inside quotes ends none."""
    lines, begin, quoted = [], 0, False
    for at, byte in enumerate(content):
        if byte == 0x22:
            quoted = not quoted
        elif byte == 0x0A and not quoted:
            lines.append(content[begin : at + 1])
            begin = at + 1
    assert begin == len(content), "the last line has no end"
    return lines


class RandomTable:
    """public."Event" by chance; `rows` is each row that was ever inserted, by its text."""

    def __init__(self, connection, chance: random.Random):
        self.connection = connection
        self.chance = chance
        self.rows: Counter = Counter()
        self.young: Counter = Counter()
        self.next = 1
        self.key = chance.choice(list(KEYS))
        self.time = chance.choice(["timestamp", "timestamptz", "timestamp(3)"])
        self.columns = chance.sample(list(COLUMNS), chance.randint(1, 5))
        self.partitioned = self.key == "device and time" and chance.random() < 0.5
        self.indexed = chance.random() < 0.6
        self.settings = chance.sample(SETTINGS, chance.randint(0, 3))
        # What a DELETE would do beyond the archived rows: the program has to refuse it.
        self.trap = chance.choice(["", "", "", "", "cascade", "set null", "sibling trigger", "child with columns", "rule"]) if not self.partitioned else ""

    def execute(self, sql: str, values=None) -> list:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def __str__(self) -> str:
        return f"key {self.key}, time {self.time}, {self.columns}, partitioned {self.partitioned}, index {self.indexed}, {self.settings}, trap '{self.trap}'"

    @property
    def key_columns(self) -> str:
        found = ",".join(name for name, _ in KEYS[self.key][0])
        return found + ",created_at" if self.key == "device and time" else found

    def create(self, database: str) -> None:
        keys, primary = KEYS[self.key]
        columns = [f"{name} {kind} NOT NULL" for name, kind in keys] + [f"created_at {self.time} NOT NULL"]
        columns += [f'"c {at}" {kind}' for at, kind in enumerate(self.columns)]
        if self.trap in ("cascade", "set null"):
            columns.append("nr bigint UNIQUE")
            columns.append(f'parent bigint REFERENCES public."Event" (nr) ON DELETE {self.trap.upper()}')
        self.execute("CREATE SCHEMA aux; CREATE TABLE aux.orders ()")
        self.execute(f'CREATE TABLE public."Event" ({", ".join(columns)}, PRIMARY KEY {primary})' +
                     (" PARTITION BY RANGE (created_at)" if self.partitioned else ""))
        if self.partitioned:
            self.execute("""CREATE TABLE aux.p1 PARTITION OF public."Event" FOR VALUES FROM ('2024-01-01') TO ('2024-01-03');
                            CREATE TABLE aux.rest PARTITION OF public."Event" DEFAULT""")
        if self.indexed:
            self.execute('CREATE INDEX ON public."Event" (created_at)')
        if self.trap == "sibling trigger":
            self.execute("""CREATE FUNCTION public.siblings() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$ BEGIN
                            DELETE FROM public."Event" WHERE created_at > now() - interval '1 day'; RETURN NULL; END $$;
                            CREATE TRIGGER siblings AFTER DELETE ON public."Event" FOR EACH ROW EXECUTE FUNCTION public.siblings()""")
        if self.trap == "child with columns":
            self.execute('CREATE TABLE aux.purchase (amount numeric NOT NULL DEFAULT 9.99) INHERITS (public."Event")')
        if self.trap == "rule":
            self.execute('CREATE RULE keep AS ON DELETE TO public."Event" DO INSTEAD NOTHING')
        for each in self.settings:
            self.execute(f"ALTER DATABASE {database} SET {each}")

    def insert(self, count: int, days: int = 4, young: bool = False) -> None:
        """Rows of the first days of 2024, or of this minute."""
        at = "(now() AT TIME ZONE 'UTC') - n * interval '1 ms'" if young else f"timestamp '2024-01-01' + (n % {days}) * interval '1 day' + n * interval '1 second' + interval '0.1239 s'"
        made = {"id": "n", "name": "'key, ' || n || '\"'", "uid": "md5(n::text)::uuid", "tenant": "n % 3", "device_id": "n % 2"}
        names = [name for name, _ in KEYS[self.key][0]]
        values = [made[name] for name in names] + [f"({at}) AT TIME ZONE 'UTC'" if self.time == "timestamptz" else at]
        values += [COLUMNS[kind].format("n") for kind in self.columns]
        names += ["created_at"] + [f'"c {number}"' for number in range(len(self.columns))]
        if self.trap in ("cascade", "set null"):
            names += ["nr", "parent"]
            values += ["n", "CASE WHEN n > 1 THEN 1 END"]
        target = "aux.purchase" if self.trap == "child with columns" and self.chance.random() < 0.5 else 'public."Event"'
        before = self.in_table()
        self.execute(f"INSERT INTO {target} ({', '.join(names)}) SELECT {', '.join(values)} FROM generate_series({self.next}, {self.next + count - 1}) n")
        self.next += count
        new = self.in_table() - before
        assert sum(new.values()) == count
        self.rows += new
        if young:
            self.young += new

    def in_table(self) -> Counter:
        found = io.BytesIO()
        with self.connection.cursor() as cursor:
            cursor.execute(PINNED)
            cursor.copy_expert('COPY (SELECT * FROM public."Event") TO STDOUT (FORMAT csv)', found)
        return Counter(lines_of(found.getvalue()))

    def in_files(self, lake, container: str) -> tuple:
        """Rows of final files, of pending tails and files, and of files whose rows are back in the table as well."""
        final, unsettled, restored = Counter(), Counter(), Counter()
        for blob in lake.list(container) if lake.has_container(container) else ():
            match = FILE.search(blob.name)
            if not match:
                continue
            content = lake.get(container, blob.name)
            rows = Counter(lines_of(gzip.decompress(content) if match[2] else content)[1:])
            if any(name in blob.metadata for name in ("archiverpending", "archiverrestoring")):
                unsettled += rows
            elif "archiverrestored" in blob.metadata:
                restored += rows
            else:
                final += rows
        return final, unsettled, restored

    def missing(self, lake, container: str) -> Counter:
        """Rows that are in no place at all."""
        final, unsettled, restored = self.in_files(lake, container)
        return self.rows - (self.in_table() | (final + unsettled + restored)) - (self.in_table() + final + unsettled + restored)

    def must_be_exact(self, lake, container: str, due_are_archived: bool) -> None:
        """Each row is in one place; one that was moved back may be in its file too."""
        final, unsettled, restored = self.in_files(lake, container)
        table = self.in_table()
        assert not unsettled, "a file is not settled"
        once = table + final + (restored - table)
        assert once == self.rows, f"{sum((self.rows - once).values())} rows are missing, {sum((once - self.rows).values())} are too many"
        if due_are_archived:
            assert table == self.young, "rows that were due are in the table"
