"""Export tasks as users of the service before ours have them, tables for them, and an oracle of its own.

The tasks export and delete *superseded versions*: of each key all rows but the newest, if they are older than the boundary.
"""
import csv
import datetime
import gzip
import io
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.archiver import Archiver, Outcome

SELECT = """COPY (
    SELECT *
    FROM {table}
    WHERE ({key}, {time}) NOT IN (
        SELECT {key}, max({time})
        FROM {table}
        GROUP BY {key}
    )
    AND {time} < %(export_boundary)s
) TO stdout WITH csv HEADER;
"""
DELETE = """DELETE FROM {table}
WHERE ({key}, {time}) NOT IN (
    SELECT {key}, max({time})
    FROM {table}
    GROUP BY {key}
)
AND {time} < %(export_boundary)s;
"""


@dataclass(frozen=True)
class Shape:
    """A task and the table behind it."""

    task: str
    table: str
    key: str = "base_id"
    time: str = "updated_at"
    columns: str = "id uuid PRIMARY KEY, base_id uuid, updated_at timestamptz, is_deleted boolean, name text"

    @property
    def types(self) -> dict:
        """Of the columns, by name."""
        return dict(column.split()[:2] for column in re.split(r",\s*(?![^(]*\))", self.columns))

    def sql(self, template: str) -> str:
        return template.format(table=self.table, key=self.key, time=self.time)


COMMON_KNOWLEDGE = [
    Shape(
        "agency",
        "agency",
        columns="""id uuid PRIMARY KEY, base_id uuid, name text, sector text, created_at timestamptz, updated_at timestamptz, is_deleted boolean,
                   zipped_data_url text, zip_dirty boolean, is_zipping boolean, type text, data_hash text""",
    ),
    Shape("source", "source"),
    Shape("source_file", "source_file"),
    Shape("source_run_page", "source_run_page"),
    Shape("source_run_report", "source_run_report"),
]
SISTERS = [
    Shape("intent", "intent", "intent", "created", "id bigint PRIMARY KEY, intent text, created timestamptz, name text"),
    Shape("service", "services", "service_id", "updated_at", "id bigint PRIMARY KEY, service_id text, updated_at timestamptz, name text"),
    Shape("configuration", "config.configuration", "key", "created", "id bigint PRIMARY KEY, key text, created timestamptz, name text"),
    Shape("user", '"user"', "id_code", "created", "id bigint PRIMARY KEY, id_code text, created timestamp, name text"),
    Shape("message", "chat.message", "chat_base_id", "created", "id bigint PRIMARY KEY, chat_base_id text, created timestamp(3), name text"),
]
BOUNDARY = datetime.date(2025, 1, 1)
# What a careless writer of CSV trips over.
TEXTS = r"""ARRAY['plain', '', 'a,b', 'say "hi"', E'two\nlines', E'cr\r\nlf', '\.', '\N', NULL, 'NULL', '100%%', 'õäöü 東京', '=1+1', E'\t', '"']"""


class Place:
    """Where files go, as the tests see it."""

    def names(self) -> list:
        """Of the files others may see, sorted."""
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        raise NotImplementedError

    def leftovers(self) -> list:
        """Everything else: drafts and marks."""
        raise NotImplementedError


class DirectoryPlace(Place):
    settings_name = "directory"

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def settings(self) -> dict:
        return {"EXPORT_TO": "directory", "EXPORT_PATH": str(self.directory)}

    def names(self) -> list:
        return sorted(path.name for path in self.directory.iterdir() if not path.name.startswith("."))

    def read(self, name: str) -> bytes:
        return (self.directory / name).read_bytes()

    def leftovers(self) -> list:
        return sorted(path.name for path in self.directory.iterdir() if path.name.startswith("."))

    def clear(self) -> None:
        shutil.rmtree(self.directory)
        self.directory.mkdir()


class LakePlace(Place):
    settings_name = "lake"

    def __init__(self, lake, container: str):
        self.lake, self.container = lake, container

    @property
    def settings(self) -> dict:
        return {"EXPORT_TO": "lake", "EXPORT_LAKE_PATH": f"{self.container}/some/exports"}

    def blobs(self) -> list:
        try:
            return [blob for blob in self.lake.list(self.container) if blob.size or "hdi_isfolder" not in blob.metadata]
        except Exception as missing:
            if getattr(missing, "status", 0) == 404:
                return []
            raise

    def names(self) -> list:
        return sorted(blob.name.rpartition("/")[2] for blob in self.blobs())

    def read(self, name: str) -> bytes:
        return self.lake.get(self.container, f"some/exports/{name}")

    def leftovers(self) -> list:
        return sorted(blob.name for blob in self.blobs() if "archiverpending" in blob.metadata)

    def clear(self) -> None:
        for blob in self.blobs():
            self.lake.delete(self.container, blob.name)


class Exports:
    """A directory of tasks, their tables, a place for files."""

    def __init__(self, archiver: Archiver, connection, directory: Path, place: Place):
        self.connection = connection
        self.directory = directory / "tasks"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.place = place
        self.shapes: list = []
        self.before: dict = {}
        lake = {name: archiver.settings[name] for name in ("AZURE_STORAGE_CONNECTION_STRING",) if place.settings_name == "lake"}
        self.archiver = Archiver(
            archiver.binary,
            {
                "DATABASE_URL": archiver.settings["PG_CONNECTION_STRING"],
                "DSL_PATH": str(self.directory),
                "LOG_FORMAT": "json",
                "ARCHIVE_LOCK_WAIT": "5s",
                **lake,
                **place.settings,
            },
        )

    def execute(self, sql: str, values=None) -> list:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def write(self, name: str, select: str, delete: str) -> None:
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        (folder / "select.sql").write_text(select)
        (folder / "delete.sql").write_text(delete)

    def add(self, shape: Shape, keys: int = 7, versions: int = 5) -> Shape:
        """The task's files and its table, filled."""
        schema = shape.table.partition(".")[0] if "." in shape.table else ""
        if schema:
            self.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self.execute(f"CREATE TABLE {shape.table} ({shape.columns})")
        self.write(shape.task, shape.sql(SELECT), shape.sql(DELETE))
        self.shapes.append(shape)
        self.fill(shape, keys, versions)
        return shape

    def fill(self, shape: Shape, keys: int, versions: int, first: str = "2024-12-28 03:00:00+00", seed: str = "a") -> None:
        """Versions are a day apart, so some are younger than the boundary; keys are some hours apart."""
        kinds = shape.types

        def value(name: str) -> str:
            if name == shape.time:
                return f"(timestamptz '{first}' + make_interval(days => version, hours => key % 12 * 2, secs => version * 0.25))" + (
                    "" if kinds[name] == "timestamptz" else " AT TIME ZONE 'UTC'"
                )
            if name == shape.key:
                return f"md5('{seed}' || key)::uuid" if kinds[name] == "uuid" else f"'{seed}' || key"
            if name == "id":
                return f"md5('{seed}{shape.task}' || key || '/' || version)::uuid" if kinds[name] == "uuid" else "number + (SELECT coalesce(max(id), 0) FROM {})".format(shape.table)
            return {
                "boolean": "version % 2 = 0",
                "timestamptz": "timestamptz '2020-02-29 12:00:00+00' + make_interval(mins => key)",
                "text": f"({TEXTS.replace('%%', '%')})[1 + (number % 15)]",
            }[kinds[name]]

        columns = ", ".join(f'"{name}"' for name in kinds)
        values = ", ".join(value(name) for name in kinds)
        self.execute(
            f"""INSERT INTO {shape.table} ({columns}) SELECT {values}
                FROM (SELECT key, version, row_number() OVER ()::int AS number
                      FROM generate_series(1, {keys}) AS key, generate_series(1, {versions}) AS version) AS made"""
        )

    def rows(self, shape: Shape) -> Counter:
        """The table's rows as CSV shows them in UTC."""
        return Counter(parse(self.csv(f"COPY {shape.table} TO STDOUT WITH CSV")))

    def csv(self, sql: str) -> str:
        target = io.StringIO()
        with self.connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'; SET extra_float_digits = 3")
            cursor.copy_expert(sql, target)
        return target.getvalue()

    def due(self, shape: Shape, boundary: str = "2025-01-01 00:00:00+00") -> int:
        """How many rows the task means, by another way than its SQL: no newer version, or none at all of a NULL key."""
        return self.execute(
            f"""SELECT count(*) FROM (SELECT {shape.time} AS at, max({shape.time}) OVER (PARTITION BY {shape.key}) AS newest FROM {shape.table}) AS each
                WHERE at < newest AND at < %s::timestamptz{"" if shape.types[shape.time] == "timestamptz" else " AT TIME ZONE 'UTC'"}""",
            [boundary],
        )[0][0]

    def remember(self) -> "Exports":
        self.before = {shape.task: self.rows(shape) for shape in self.shapes}
        return self

    def exported(self, shape: Shape) -> Counter:
        """The rows of all of a task's files that others may see."""
        found = Counter()
        for name in self.place.names():
            if re.fullmatch(re.escape(shape.task) + r"-\d{4}_\d\d_\d\d-12_00_00_AM(\.\d+)?\.csv\.gz", name):
                header, *rows = parse(gzip.decompress(self.place.read(name)).decode())
                assert header == tuple(shape.types)
                found.update(rows)
        return found

    def check(self) -> dict:
        """Each row that was there is in the table or once in a file; nothing else is anywhere. Rows exported, by task."""
        counts = {}
        for shape in self.shapes:
            exported = self.exported(shape)
            together = self.rows(shape) + exported
            assert together == self.before[shape.task], (
                f"{shape.task}: lost {list((self.before[shape.task] - together).elements())[:3]},"
                f" doubled {list((together - self.before[shape.task]).elements())[:3]}"
            )
            counts[shape.task] = sum(exported.values())
        return counts

    def run(self, *arguments: str, settings: dict | None = None, **how) -> Outcome:
        return self.archiver.run("export", "--boundary", BOUNDARY.isoformat(), *arguments, settings=settings, **how)


def parse(text: str) -> list:
    """Rows as tuples; NULL and the empty string stay apart, as PostgreSQL's dialect has them apart."""
    # The csv module does not tell "" from nothing: mark what is quoted and empty before it looks.
    marked = re.sub(r'(^|,)""(?=,|$)', lambda match: match[1] + "\x00", text, flags=re.MULTILINE)
    return [tuple(row) for row in csv.reader(io.StringIO(marked, newline=""), strict=True)]
