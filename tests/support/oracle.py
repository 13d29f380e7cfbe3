"""The one judge of every run: each row is in the table, or exactly once in its UTC day's file, as it was.

`remember` copies the table before the first run; rows that come later are added to the copy by `remember_new`
(or by the program that inserts them). `check` reads every file back the way a user would, COPY … FROM (FORMAT csv, HEADER),
and compares files and table with the copy, EXCEPT ALL both ways, on the text of whole rows: stricter than
jsonb's equality, which takes 1.0 for 1.00.
"""
import gzip
import io
import re
from dataclasses import dataclass, field

from support.lake import Lake

FILE = re.compile(r"events_(-?\d{4,}-\d\d-\d\d)\.csv(\.gz)?$")


@dataclass
class Findings:
    """What the judge saw. `problems` is empty if all is well."""

    files: dict = field(default_factory=dict)  # day -> rows
    archived: int = 0
    left: int = 0
    problems: list = field(default_factory=list)


class Oracle:
    """Judges one table and one place in the lake. Everything it needs in the database is in schema `oracle`."""

    def __init__(
        self,
        connection,
        lake: Lake,
        container: str,
        folder: str = "",
        table: str = 'public."Event"',
        day_of: str = "created_at::date",
        key: str = "id",
    ):
        self.connection = connection
        self.lake = lake
        self.container = container
        self.folder = folder.strip("/")
        self.table = table
        self.day_of = day_of
        self.key = key

    def _execute(self, sql: str, values=None) -> list:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def remember(self) -> None:
        """Takes the copy that `check` compares with."""
        self._execute("DROP SCHEMA IF EXISTS oracle CASCADE; CREATE SCHEMA oracle")
        self._execute(f"CREATE UNLOGGED TABLE oracle.original AS TABLE {self.table}")
        self._execute(f"CREATE UNLOGGED TABLE oracle.back (LIKE {self.table})")
        self._execute(f"CREATE UNLOGGED TABLE oracle.stage (LIKE {self.table})")

    def remember_new(self) -> None:
        """Adds to the copy what was inserted since, told by its key."""
        self._execute(
            f"""INSERT INTO oracle.original SELECT * FROM {self.table} t
                          WHERE NOT EXISTS (SELECT FROM oracle.original o WHERE o."{self.key}" = t."{self.key}")"""
        )

    def file_names(self) -> list:
        """The day files there are."""
        if not self.lake.has_container(self.container):
            return []
        return [blob.name for blob in self.lake.list(self.container) if FILE.search(blob.name)]

    def look(self, allow_pending: bool = False) -> Findings:
        """Reads everything back and compares; never raises for what it finds."""
        found = Findings()
        self._execute("SET TIME ZONE 'UTC'; SET DateStyle = ISO; TRUNCATE oracle.back")
        blobs = self.lake.list(self.container) if self.lake.has_container(self.container) else []
        prefix = self.folder + "/" if self.folder else ""
        for blob in blobs:
            if blob.size == 0 and "hdi_isfolder" in blob.metadata:
                continue
            match = FILE.fullmatch(blob.name.removeprefix(prefix))
            if not blob.name.startswith(prefix) or not match:
                found.problems.append(f"{blob.name}: not the name of a day's file in its folder")
                continue
            if blob.metadata.get("archiverpending") and not allow_pending:
                found.problems.append(f"{blob.name}: still marked pending: {blob.metadata}")
            self._read_back(found, blob.name, match[1], bool(match[2]))
        self._compare(found)
        return found

    def check(self) -> Findings:
        """As `look`, but anything wrong fails the test."""
        found = self.look()
        assert not found.problems, "\n".join(["the archive is not exact:", *found.problems])
        return found

    def _header(self) -> bytes:
        header = io.BytesIO()
        with self.connection.cursor() as cursor:
            cursor.copy_expert("COPY (SELECT * FROM oracle.original LIMIT 0) TO STDOUT (FORMAT csv, HEADER)", header)
        return header.getvalue()

    def _read_back(self, found: Findings, name: str, day: str, compressed: bool) -> None:
        content = self.lake.get(self.container, name)
        if compressed:
            content = gzip.decompress(content)
        header = self._header()
        if not content.startswith(header):
            found.problems.append(f"{name}: begins with {content[:80]!r}, not with the header")
        if not content.endswith(b"\n"):
            found.problems.append(f"{name}: its last line has no end")
        if content == header:
            found.problems.append(f"{name}: a header and no row")
        self._execute("TRUNCATE oracle.stage")
        try:
            with self.connection.cursor() as cursor:
                cursor.copy_expert("COPY oracle.stage FROM STDIN (FORMAT csv, HEADER)", io.BytesIO(content))
        except Exception as error:  # the database's own words say what is wrong with the file
            found.problems.append(f"{name}: cannot be read back: {str(error)[:300]}")
            return
        rows, strangers = self._execute(
            f"SELECT count(*), count(*) FILTER (WHERE ({self.day_of}) <> %s::date) FROM oracle.stage", (day,)
        )[0]
        if strangers:
            found.problems.append(f"{name}: {strangers} rows of other days")
        if day in found.files:
            found.problems.append(f"{name}: a second file of its day")
        found.files[day] = rows
        found.archived += rows
        self._execute("INSERT INTO oracle.back SELECT * FROM oracle.stage")

    def _compare(self, found: Findings) -> None:
        # The alias must not be the name of a column, or it would mean that column.
        now = f"SELECT whole_row::text FROM oracle.back whole_row UNION ALL SELECT whole_row::text FROM {self.table} whole_row"
        then = "SELECT whole_row::text FROM oracle.original whole_row"
        found.left = self._execute(f"SELECT count(*) FROM {self.table}")[0][0]
        for what, sql in (
            ("missing or changed", f"({then}) EXCEPT ALL ({now})"),
            ("too many or changed", f"({now}) EXCEPT ALL ({then})"),
        ):
            count, example = self._execute(f"SELECT count(*), left(min(t), 200) FROM ({sql}) AS d(t)")[0]
            if count:
                found.problems.append(f"{count} rows {what}, such as {example}")
