"""A small table and an empty place in the lake, set up again for each case of a fault test.

    scene.begin(KINDS["appends"])          # rows in the table, files in the lake, a copy for the oracle
    with scene.gates() as (lake, database):
        rule = lake.on(kill_before(), nth=3)
        outcome = scene.run(lake, database)
    scene.finish()                         # one plain run, then the oracle

A case takes a fraction of a second, so a test can go through all moments of a run in a loop.
"""
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

from support.archiver import Archiver, Outcome, Process
from support.gate import DatabaseGate, LakeGate, kill_after, kill_before
from support.oracle import Findings, Oracle
from support.table import EventTable

YOUNG = 3  # rows that no run may touch


@dataclass(frozen=True)
class Kind:
    """What a run finds, and how it is started."""

    before: int = 0  # rows that are in files already
    rows: int = 12
    days: int = 3
    arguments: tuple = ("archive",)
    pending: str = ""  # "aborted", "committed": an earlier run died around its COMMIT
    index: bool = True
    partitioned: bool = False
    compression: str = "none"
    shape: str = ""  # what others have made of the files that are there: "append blob", "put blob", "crlf"
    rights: str = ""  # on the table, beside SELECT and DELETE: "INSERT", "owner"
    restored: bool = False  # the rows that are in files are back in the table as well, and due again

    @property
    def dry(self) -> bool:
        return "--dry-run" in self.arguments


KINDS = {
    "new files": Kind(),
    "appends": Kind(before=6),
    "dry run": Kind(arguments=("archive", "--dry-run")),
    "dry run of appends": Kind(before=6, arguments=("archive", "--dry-run")),
    "day by day": Kind(before=4, days=2, rows=8, arguments=("archive", "--commit=day")),
    "one scan": Kind(before=6, index=False),
    "new gzip files": Kind(compression="gzip"),
    "gzip appends": Kind(before=6, compression="gzip"),
    "taking partitions": Kind(before=6, partitioned=True, arguments=("archive", "--partitions=drop"), rights="owner"),
    "append blobs": Kind(before=6, shape="append blob"),
    "CRLF files": Kind(before=6, shape="crlf"),
    "one scan over append blobs": Kind(before=6, shape="append blob", index=False),
    "moving append blobs back": Kind(before=6, shape="append blob", arguments=("restore", "--from", "2024-01-01", "--hold", "none"), rights="INSERT"),
    "finishing a conversion": Kind(before=6, shape="append blob", pending="copied", arguments=("recover",)),
    "moving back": Kind(before=6, arguments=("restore", "--from", "2024-01-01", "--hold", "none"), rights="INSERT"),
    "archiving restored days": Kind(before=6, restored=True, rights="INSERT"),
    "archiving restored days and nothing new": Kind(before=6, rows=0, restored=True, rights="INSERT"),
    "one scan over restored days": Kind(before=6, restored=True, rights="INSERT", index=False),
    "restoring restored days": Kind(before=6, restored=True, arguments=("restore", "--from", "2024-01-01", "--hold", "none"), rights="INSERT"),
    "taking back": Kind(before=6, pending="aborted", arguments=("recover",)),
    "removing": Kind(pending="aborted", arguments=("recover",)),
    "keeping": Kind(before=6, pending="committed", arguments=("recover",)),
}


def with_crlf(content: bytes) -> bytes:
    """The same rows, ended as on Windows; what is inside quotes stays."""
    parts = content.split(b'"')
    return b'"'.join(part if number % 2 else part.replace(b"\n", b"\r\n") for number, part in enumerate(parts))


class Scene:
    """One database and one lake; `begin` gives each case a fresh table and a container of its own."""

    def __init__(self, archiver: Archiver, database, azurite, lake):
        self.plain = archiver.with_settings({"ARCHIVE_PARALLEL": "2", "ARCHIVE_REQUEST_TIMEOUT": "5s", "ARCHIVE_LOCK_WAIT": "5s"})
        self.database = database
        self.azurite = azurite
        self.lake = lake
        self.table = EventTable(database.connection).create()
        self.container = ""
        self.oracle: Oracle | None = None
        self.kind = Kind()
        self.partitioned = False  # the table as it is
        self.role = ""  # who archives, if it is not who made the table
        self.processes: list = []

    def begin(self, kind: Kind = Kind()) -> "Scene":
        self.close()
        self.kind = kind
        self.container = f"c{uuid.uuid4().hex[:16]}"
        self.plain = self.plain.with_settings({"ARCHIVE_PATH": self.container, "ARCHIVE_COMPRESSION": kind.compression})
        if kind.partitioned or self.partitioned:
            self.table.create_again(kind.partitioned)
            self.partitioned = kind.partitioned
        if self.role:
            self.table.grant(self.role, kind.rights)
        self.table.execute('TRUNCATE public."Event"; DROP INDEX IF EXISTS "Event_created_at"')
        if kind.index:
            self.table.execute('CREATE INDEX "Event_created_at" ON public."Event" (created_at)')
        self.oracle = Oracle(self.database.connection, self.lake, self.container)
        self.table.fill_young(YOUNG)
        if kind.before:
            # One day less than below: a run then appends to some files and creates another.
            self.table.fill(kind.before, kind.days - 1)
            self.oracle.remember()
            self.plain.archive()
            self.reshape(kind.shape)
            if kind.restored:
                self.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
            if kind.rows:
                self.table.fill(kind.rows, kind.days, seed="b")
            self.oracle.remember_new()
        else:
            self.table.fill(kind.rows, kind.days)
            self.oracle.remember()
        if kind.pending == "copied":
            self.leave_copy()
        elif kind.pending:
            self.leave_pending(kind.pending)
        return self

    def reshape(self, shape: str) -> None:
        """Somebody has rewritten the files: the same rows, another kind of blob or other line ends, no mark."""
        for blob in self.lake.list(self.container) if shape else ():
            content = self.lake.get(self.container, blob.name)
            self.lake.delete(self.container, blob.name)
            if shape == "append blob":
                self.lake.append_blob(self.container, blob.name, content)
            elif shape == "crlf":
                self.lake.put_blob(self.container, blob.name, with_crlf(content))

    def leave_copy(self) -> None:
        """A run dies when it has removed an append blob whose bytes stand in a copy."""
        with LakeGate(self.azurite.port) as gate:
            rule = gate.on(kill_after(), method="DELETE")
            self.start("archive", lake=gate).wait()
            assert rule.hits == 1

    def leave_pending(self, fate: str, *arguments: str) -> None:
        """A run dies just before its COMMIT reaches the server, or just after it took effect."""
        with DatabaseGate(self.database.server.port) as gate:
            rule = gate.on(kill_after() if fate == "committed" else kill_before(), type="Q", contains="COMMIT")
            gate.victim = process = self.start("archive", *arguments, database=gate)
            process.wait()
            assert rule.hits == 1

    @contextmanager
    def gates(self):
        """A gate before each server."""
        with LakeGate(self.azurite.port) as lake, DatabaseGate(self.database.server.port) as database:
            yield lake, database

    def settings(self, lake=None, database=None) -> dict:
        """What sends a run through the gates given."""
        found = {}
        if lake is not None:
            found["AZURE_STORAGE_CONNECTION_STRING"] = self.azurite.connection_string(lake.endpoint)
        if database is not None:
            found["PG_CONNECTION_STRING"] = self.database.server.uri(self.database.name, port=database.port)
        return found

    def start(self, *arguments: str, lake=None, database=None, settings: dict | None = None) -> Process:
        """Starts a run, by default the kind's own; each gate knows it as its victim."""
        process = self.plain.start(*(arguments or self.kind.arguments), settings={**self.settings(lake, database), **(settings or {})})
        for gate in (lake, database):
            if gate is not None:
                gate.victim = process
        self.processes.append(process)
        return process

    def run(self, *arguments: str, timeout: float = 60, **how) -> Outcome:
        return self.start(*arguments, **how).wait(timeout)

    def finish(self, archived: int | None = None) -> Findings:
        """One plain run, which must succeed; then each row is in the table or once in its file, and nothing is due."""
        outcome = self.plain.run("archive", timeout=60)
        assert outcome.code == 0, f"the plain run afterwards failed\n{outcome}"
        found = self.oracle.check()
        assert found.left == YOUNG, f"{found.left - YOUNG} old rows are left in the table\n{outcome}"
        if archived is not None:
            assert found.archived == archived
        return found

    def must_be_as_before(self) -> Findings:
        """Rolled back: every row of this run is in the table, no file has kept anything of it, none is pending."""
        found = self.oracle.check()
        assert found.archived == self.kind.before, f"{found.archived} rows are in files, {self.kind.before} were"
        return found

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait_end(10)
        self.processes.clear()
        if self.container:
            self.lake.delete_container(self.container)
            self.container = ""
