"""The SQL files of a shipped projection, run as the program runs them: migrations, batches, queries."""
import json
import re
import uuid
from pathlib import Path

from support.servers import ROOT

SHIPPED = ROOT / "projections"
TYPES = "json, timestamptz[], text[], bigint, json[], uuid[], tstzrange[], text"


def statements_of(sql: str) -> list[str]:
    """Statements end with a semicolon at the end of a line."""
    return [part for part in re.split(r";\s*$", sql, flags=re.M) if re.sub(r"--.*", "", part).strip()]


class Projection:
    """A directory of SQL files on a connection of psycopg2 in autocommit mode."""

    def __init__(self, connection, name: str, directory: Path | None = None):
        self.connection = connection
        self.directory = directory or SHIPPED / name
        self.journal = uuid.uuid4()

    def migrate(self) -> "Projection":
        for path in sorted(self.directory.glob("migrations/*.sql")) + sorted(self.directory.glob("plugins/*/migrations/*.sql")):
            self.execute("BEGIN", path.read_text(), "COMMIT")
        return self

    def apply(self, *values, first: int = 0, times=None, raw: bool = False, left_out: str = "{}", stream: str = "live/0") -> None:
        """One batch in one transaction."""
        texts = [value if raw else json.dumps(value) for value in values]
        times = times or ["2026-11-29T12:00:00.123456Z"] * len(values)
        ids = [str(uuid.uuid5(self.journal, str(first + each))) for each in range(len(values))]
        arguments = (f"[{','.join(texts)}]", times, [None] * len(values), first, ["{}"] * len(values), ids, left_out, stream)
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                for path in [self.directory / "apply.sql", *sorted(self.directory.glob("plugins/*/apply.sql"))]:
                    for statement in statements_of(path.read_text()):
                        cursor.execute(f"PREPARE a({TYPES}) AS {statement}".replace("%", "%%"), ())
                        cursor.execute(f"EXECUTE a(%s, %s::timestamptz[], %s::text[], %s, %s::json[], %s::uuid[], %s::tstzrange[], %s)", arguments)
                        cursor.execute("DEALLOCATE a")
            except BaseException:
                cursor.execute("ROLLBACK")
                cursor.execute("DEALLOCATE ALL")
                raise
            cursor.execute("COMMIT")

    def answer(self, file: str, *values: str) -> list[str]:
        """The rows that a query gives, as the JSON texts that they become."""
        sql = (self.directory / file).read_text()
        with self.connection.cursor() as cursor:
            cursor.execute("PREPARE q AS SELECT row_to_json(answer)::text FROM (\n" + sql.replace("%", "%%") + "\n) AS answer", ())
            try:
                given = f"({', '.join(['%s'] * len(values))})" if values else ""
                cursor.execute("EXECUTE q" + given, values)
                return [row[0] for row in cursor.fetchall()]
            finally:
                cursor.execute("DEALLOCATE q")

    def execute(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)

    def rows(self, query: str) -> list[tuple]:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
