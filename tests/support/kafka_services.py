"""`serve` and `project` over a real Kafka broker and a real database, and what is asked of them there."""
import json
import time
from types import SimpleNamespace

from support.serving import Service

CORRELATION = {"correlationId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}


class KafkaServices:
    """The program's processes over one broker and one database."""

    def __init__(self, archiver, broker, database):
        self.database = database
        settings = {"AZURE_STORAGE_CONNECTION_STRING": None, "JOURNAL": f"kafka://{broker.address}", "PG_CONNECTION_STRING": database.uri}
        self.archiver = archiver.with_settings(settings)

    def serve(self, apis: str, *arguments: str, **settings) -> Service:
        settings = {"SERVE_APIS": apis, "LOG_LEVEL": "info", **settings}
        return Service(SimpleNamespace(archiver=self.archiver), *arguments, settings=settings)

    def rows(self, sql: str) -> list:
        with self.database.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql: str):
        return self.rows(sql)[0][0]

    def wait_for(self, sql: str, wanted, timeout: float = 60):
        """The table may not be there yet."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                found = self.value(sql)
            except Exception as failed:  # noqa: BLE001 (no table yet)
                found = failed
            if found == wanted:
                return
            assert time.monotonic() < deadline, f"{sql} gives {found!r} and not {wanted!r}"
            time.sleep(0.1)


def produce(java, topic: str, *values, headers: dict | None = None) -> list:
    events = [{"value": value if isinstance(value, str) else json.dumps(value), **({"headers": headers} if headers else {})} for value in values]
    return java("produce", topic=topic, events=events)
