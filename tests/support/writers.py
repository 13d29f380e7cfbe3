"""Other sessions at work on the table. Each change is one statement that also tells the oracle's copy."""
import threading

import psycopg2

OLD = "created_at < '2025-01-01'"
COLUMNS = "id, event_id, event_type, created_at, processed_at, payload"


class Writer:
    """A session of somebody else. What it changes is due for archiving."""

    def __init__(self, table, uri: str):
        self.table = table
        self.uri = uri

    def _do(self, sql: str, values=None) -> int:
        """Rows changed; a session of its own, so that it may run in any thread."""
        connection = psycopg2.connect(self.uri, options="-c timezone=UTC", client_encoding="UTF8")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.rowcount
        finally:
            connection.close()

    def insert(self, day: str = "2024-01-01") -> int:
        number, self.table.next_id = self.table.next_id, self.table.next_id + 1
        return self._do(f"""WITH added AS (INSERT INTO "Event" VALUES (%s, 'others, "at" work', 'inserted', %s, NULL, '{{"n": 1.0}}') RETURNING *)
                            INSERT INTO oracle.original SELECT * FROM added""", (number, f"{day} 12:00"))

    def update(self, number: int | None = None) -> int:
        """Changes an old row: one by number, or any."""
        return self._do(f"""WITH changed AS (UPDATE "Event" SET event_type = event_type || '+' WHERE id = {self._one(number)} RETURNING *)
                            UPDATE oracle.original o SET event_type = changed.event_type FROM changed WHERE o.id = changed.id""")

    def move(self, number: int | None = None) -> int:
        """Puts an old row into the day after."""
        return self._do(f"""WITH changed AS (UPDATE "Event" SET created_at = created_at + interval '1 day' WHERE id = {self._one(number)}
                                             RETURNING *)
                            UPDATE oracle.original o SET created_at = changed.created_at FROM changed WHERE o.id = changed.id""")

    def delete(self, number: int | None = None) -> int:
        return self._do(f"""WITH gone AS (DELETE FROM "Event" WHERE id = {self._one(number)} RETURNING id)
                            DELETE FROM oracle.original o USING gone WHERE o.id = gone.id""")

    @staticmethod
    def _one(number: int | None) -> str:
        return str(int(number)) if number is not None else f'(SELECT id FROM "Event" WHERE {OLD} ORDER BY random() LIMIT 1)'


class Beside:
    """Runs a function in a thread and waits a moment for its end: a row lock may hold it up until the run is over."""

    def __init__(self):
        self.threads: list = []
        self.failed: list = []

    def run(self, function, patience: float = 0.3) -> None:
        thread = threading.Thread(target=self._guarded, args=(function,), daemon=True)
        self.threads.append(thread)
        thread.start()
        thread.join(patience)

    def _guarded(self, function) -> None:
        try:
            function()
        except Exception as error:  # told by `join`
            self.failed.append(error)

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        assert not self.failed, self.failed
