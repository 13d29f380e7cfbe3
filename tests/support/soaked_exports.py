"""Rows that are exported by requests to a soaked service while they come, and whose files are downloaded in two parts."""
import gzip
import random
import time
from collections import Counter
from pathlib import Path

import psycopg2

from support.soaked import Soaked

TABLES = "CREATE TABLE given (id bigint PRIMARY KEY); CREATE TABLE parcel (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL)"
# A transaction whose answer was lost gives nothing twice.
GIVE = """WITH new AS (INSERT INTO given SELECT generate_series({0}, {0} + 19) ON CONFLICT DO NOTHING RETURNING id)
INSERT INTO parcel SELECT id, '2020-01-01' FROM new"""


class SoakedExports:
    def __init__(self, directory: Path, uri: str):
        self.directory, self.uri = directory, uri
        self.tasks, self.files = directory / "tasks", directory / "files"
        (self.tasks / "parcel").mkdir(parents=True)
        self.files.mkdir()
        (self.tasks / "parcel/select.sql").write_text("COPY (SELECT * FROM parcel WHERE updated_at < %(export_boundary)s) TO STDOUT WITH CSV HEADER")
        (self.tasks / "parcel/delete.sql").write_text("DELETE FROM parcel WHERE updated_at < %(export_boundary)s")
        self.ask(TABLES)
        self.runs = self.downloads = 0

    @property
    def settings(self) -> dict:
        return {"DATABASE_URL": self.uri, "DSL_PATH": self.tasks, "EXPORT_TO": "directory", "EXPORT_PATH": self.files}

    def ask(self, sql: str) -> list:
        """Again while the server is started again."""
        deadline = time.monotonic() + 300
        while True:
            try:
                connection = psycopg2.connect(self.uri)
                with connection, connection.cursor() as cursor:
                    cursor.execute(sql)
                    return cursor.fetchall() if cursor.description else []
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def exporting(self, soaked: Soaked):
        def export(_name: str, number: int) -> None:
            self.ask(GIVE.format(number * 20))
            soaked.until(200, "POST", "/exports/parcel?wait=true")
            self.runs += 1
            self.download(soaked)
            time.sleep(0.5)

        return export

    def download(self, soaked: Soaked) -> None:
        files = [each for each in soaked.until(200, "GET", "/exports/parcel/files").json if not each["pending"]]
        if not files:
            return
        chosen = random.choice(files)
        path, half = f"/exports/parcel/files/{chosen['name']}", chosen["bytes"] // 2
        body = b"".join(soaked.until(206, "GET", path, Range=f"bytes={part}").body for part in (f"0-{half - 1}", f"{half}-"))
        assert body == (self.files / chosen["name"]).read_bytes(), chosen
        self.downloads += 1

    def check(self, soaked: Soaked) -> None:
        """Each row that was given is in one file, and in no other; nothing is left behind by runs that were killed."""
        soaked.until(200, "POST", "/exports/parcel?wait=true")
        assert self.ask("SELECT count(*) FROM parcel") == [(0,)]
        found: Counter = Counter()
        for path in self.files.glob("*.csv.gz"):
            found.update(int(line.split(",")[0]) for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:])
        given = {row for (row,) in self.ask("SELECT id FROM given")}
        assert set(found) == given and set(found.values()) == {1}
        assert self.runs > 0 and self.downloads > 0
