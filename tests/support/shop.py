"""A projection of one's own, its journal, and the program."""
import json
import time
from pathlib import Path

from support.archiver import Archiver
from support.journal_files import TopicFile

TOTAL = """INSERT INTO total AS t SELECT u, sum(v) FROM json_to_recordset($1) AS e(u text, v bigint) GROUP BY u
ON CONFLICT (user_id) DO UPDATE SET value = t.value + excluded.value"""


def process_state(pid: int) -> str:
    """T: it is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


class Shop:
    """A projection of one's own, its journal, and the program."""

    def __init__(self, binary, database, directory):
        self.database, self.directory = database, directory
        self.own = directory / "own"
        self.journal = directory / "journal"
        self.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\n")
        self.write("total/migrations/001.sql", "CREATE TABLE IF NOT EXISTS total (user_id text PRIMARY KEY, value bigint NOT NULL)")
        self.write("total/apply.sql", TOTAL)
        self.program = Archiver(
            binary,
            {
                "PG_CONNECTION_STRING": database.uri,
                "JOURNAL": self.journal,
                "PROJECTIONS_PATH": self.own,
                "LOG_FORMAT": "json",
            },
        )
        self.topic = TopicFile(self.journal)
        self.posted = 0

    def write(self, file: str, content: str) -> None:
        path = self.own / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def post(self, count: int, u: str = "user") -> None:
        self.topic.append(*({"u": f"{u}{each % 3}", "v": each} for each in range(1, count + 1)))
        self.posted += count * (count + 1) // 2

    def run(self, *arguments: str, expect: int = 0, **settings):
        return self.program.run(*arguments, expect=expect, settings=settings)

    def once(self, expect: int = 0, **settings):
        return self.run("project", "total", "--once", expect=expect, **settings)

    def value(self, sql: str):
        with self.database.connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
        return row[0] if row else None

    def execute(self, sql: str) -> None:
        with self.database.connection.cursor() as cursor:
            cursor.execute(sql)

    def total(self) -> int:
        return int(self.value("SELECT coalesce(sum(value), 0) FROM total"))

    def status(self, name: str = "total", **settings) -> dict:
        found = json.loads(self.run("projections", "-o", "json", **settings).stdout)["projections"]
        return next(each for each in found if each["name"] == name)

    def wait_for(self, condition, timeout: float = 30) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "it never came"
            time.sleep(0.05)
