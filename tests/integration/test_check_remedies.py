"""`check`: each line that failed says what helps."""
import json

import pytest

from support.servers import free_port

MINE = "postgresql://{user}@{host}:{port}/{database}"


class Setting:
    """What a check meets: the servers, with one thing wrong in each."""

    def __init__(self, archiver, table, database, azurite, tmp_path):
        self.archiver, self.table, self.database, self.azurite, self.tmp_path = archiver, table, database, azurite, tmp_path
        self.role = f"checker_{database.name}"
        self.made_role = False
        self.program = archiver.with_settings({"ARCHIVE_RETRIES": "0", "EXPORT_PATH": str(tmp_path), "DSL_PATH": str(tmp_path / "tasks")})

    def execute(self, sql: str) -> None:
        self.table.execute(sql)

    def set(self, **settings) -> None:
        self.program = self.program.with_settings(settings)

    def as_role(self, *grants: str) -> None:
        self.execute(f"CREATE ROLE {self.role} LOGIN")
        self.made_role = True
        for each in grants:
            self.execute(f"GRANT {each} TO {self.role}")
        self.set(PG_CONNECTION_STRING=self.database.uri.replace("postgres@", f"{self.role}@"), DATABASE_URL=self.database.uri.replace("postgres@", f"{self.role}@"))

    def database_at(self, **changed) -> None:
        parameters = self.database.connection.get_dsn_parameters()
        there = {"user": "postgres", "host": parameters["host"], "port": parameters["port"], "database": self.database.name, **changed}
        self.set(PG_CONNECTION_STRING=MINE.format(**there), DATABASE_URL=MINE.format(**there))

    def storage_at(self, endpoint: str) -> None:
        """With a key that is not the account's."""
        self.set(AZURE_STORAGE_CONNECTION_STRING=f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=eA==;BlobEndpoint={endpoint}")

    def task(self, select: str, delete: str = "DELETE FROM agency") -> None:
        place = self.tmp_path / "tasks/agency"
        place.mkdir(parents=True)
        (place / "select.sql").write_text(select)
        (place / "delete.sql").write_text(delete)

    def projection(self, conf: str, name: str = "mine") -> None:
        place = self.tmp_path / "own" / name
        place.mkdir(parents=True)
        (place / "projection.conf").write_text(conf)
        (place / "apply.sql").write_text("SELECT $1")
        self.set(PROJECTIONS_PATH=str(self.tmp_path / "own"), JOURNAL=str(self.tmp_path / "journal"))

    def close(self) -> None:
        if self.made_role:
            self.execute(f"DROP OWNED BY {self.role}; DROP ROLE {self.role}")


@pytest.fixture
def wrong(archiver, table, database, azurite, tmp_path):
    it = Setting(archiver, table, database, azurite, tmp_path)
    yield it
    it.close()


DATABASES = {
    "nobody listens": lambda it: it.database_at(port=free_port()),
    "no such name": lambda it: it.database_at(host="nowhere.invalid"),
    "no such database": lambda it: it.database_at(database="nothing_of_that_name"),
    "no such role": lambda it: it.database_at(user="nobody_of_that_name"),
    "may not sign in": lambda it: it.database_at(user="needs_password"),
}
STORAGES = {
    "nobody listens there": lambda it: it.storage_at(f"http://127.0.0.1:{free_port()}/devstoreaccount1"),
    "no such host": lambda it: it.storage_at("http://nowhere.invalid/devstoreaccount1"),
    "a wrong key": lambda it: it.storage_at(f"http://127.0.0.1:{it.azurite.port}/devstoreaccount1"),
}
TABLES = {
    "no table": lambda it: it.execute('DROP TABLE "Event"'),
    "a view": lambda it: it.execute('ALTER TABLE "Event" RENAME TO other; CREATE VIEW "Event" AS SELECT * FROM other'),
    "no right": lambda it: it.as_role(),
    "no time column": lambda it: it.execute('ALTER TABLE "Event" DROP COLUMN created_at'),
    "a time that is text": lambda it: it.execute('ALTER TABLE "Event" ALTER created_at DROP DEFAULT, ALTER created_at TYPE text'),
    "a time that is a date": lambda it: it.execute('ALTER TABLE "Event" ALTER created_at DROP DEFAULT, ALTER created_at TYPE date'),
}
RIGHT = "COPY (SELECT * FROM agency) TO STDOUT WITH CSV HEADER"
EXPORTS = {
    "no tasks": lambda it: None,
    "no such table": lambda it: it.task(RIGHT),
    "no statement": lambda it: it.task(""),
    "nowhere to go": lambda it: (it.task(RIGHT), it.set(EXPORT_PATH=str(it.tmp_path / "nowhere"))),
}
PROJECTIONS = {
    "a mistake in its file": lambda it: it.projection("topic = live\nbatch = many\n"),
    "no topic": lambda it: it.projection("batch = 5\n"),
    "no directory": lambda it: it.set(PROJECTIONS_PATH=str(it.tmp_path / "nowhere")),
    "may make nothing": lambda it: (it.projection("topic = live\n"), it.as_role()),
    "no journal": lambda it: (it.projection("topic = live\n"), it.set(JOURNAL=str(it.tmp_path / "own/mine/apply.sql"))),
}
CASES = [
    *[("archive", name) for name in (*DATABASES, *STORAGES, *TABLES)],
    *[("restore", name) for name in (*DATABASES, *STORAGES, *TABLES) if name not in ("a time that is a date",)],
    *[("export", name) for name in (*DATABASES, *EXPORTS)],
    *[("project", name) for name in (*DATABASES, *PROJECTIONS)],
]


@pytest.mark.parametrize("aim, what", CASES, ids=lambda each: each)
def test_each_failed_line_has_a_remedy(wrong, aim, what):
    if aim == "project" and what in DATABASES:
        wrong.projection("topic = live\n")
    if aim == "export" and what in DATABASES:
        wrong.task(RIGHT)
    {**DATABASES, **STORAGES, **TABLES, **EXPORTS, **PROJECTIONS}[what](wrong)
    outcome = wrong.program.run("check", "--for", aim, "-o", "json")
    failed = [line for line in json.loads(outcome.stdout)["checks"] if line["status"] == "failed"]
    assert failed and outcome.code != 0, str(outcome)
    for line in failed:
        assert line.get("remedy"), line
        assert what != "a wrong key" or "Storage Blob Data Contributor" not in line["remedy"], line
