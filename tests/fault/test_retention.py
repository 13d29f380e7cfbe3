"""What the journal forgets, a crash of the database does not need again."""
import json
import os
import signal
import urllib.request
import uuid
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import pytest

from support.servers import PostgreSQL
from support.shop import Shop

# What is committed without waiting for the disk stays in memory until somebody waits: nothing else writes it.
QUIET = {"bgwriter_lru_maxpages": 0, "wal_writer_delay": "10s", "checkpoint_timeout": "1h"}


def open_database(server) -> SimpleNamespace:
    connection = psycopg2.connect(server.uri("postgres"))
    connection.autocommit = True
    return SimpleNamespace(uri=server.uri("postgres"), connection=connection)


def crash(server) -> None:
    """As if the machine had lost its power: all processes at once."""
    postmaster = server.process.pid
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for each in (postmaster, *map(int, children)):
        os.kill(each, signal.SIGKILL)
    server.process.wait()


@pytest.fixture
def server(place):
    it = PostgreSQL(place / f"crashing-{uuid.uuid4().hex[:8]}", settings=QUIET)
    it.start()
    yield it
    it.stop()


def test_a_position_that_the_journal_relies_on_outlives_the_server(server, binary, tmp_path):
    shop = Shop(binary, open_database(server), tmp_path)
    journal = tmp_path / "served"
    settings = {"JOURNAL": journal, "JOURNAL_MAX_BYTES": "64KiB"}
    serving = shop.program.start("serve", "--apis", "events", "--port", "0", settings=settings)
    serving.wait_for_output('"serve.listening"')
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')"))
    os.kill(shop.value("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"), signal.SIGSTOP)
    lines = serving.output["stderr"].decode().splitlines()
    port = json.loads(next(line for line in lines if '"serve.listening"' in line))["port"]
    values = [{"u": "a", "v": 1, "pad": "x" * 1000} for _ in range(100)]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/events/live", json.dumps(values).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()
    shop.wait_for(lambda: [each.name for each in (journal / "live").glob("*.log")] == [f"{100:020}.log"])
    crash(server)
    serving.kill()
    serving.wait_end(30)
    shop.database.connection.close()
    server.launch()
    again = open_database(server)
    shop.database = again
    shop.program = shop.program.with_settings({"PG_CONNECTION_STRING": again.uri, **settings})
    shop.once()
    assert shop.total() == 100 and shop.status()["position"] == 100
    again.connection.close()


def test_batches_that_were_not_on_disk_vanish_with_their_position_and_are_applied_again(server, binary, tmp_path):
    """The process that applied them lives on."""
    shop = Shop(binary, open_database(server), tmp_path)
    shop.post(50)
    process = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    on_disk = shop.posted
    shop.execute("CREATE TABLE flushed ()")  # whose commit waits for the disk, and for all before it
    os.kill(shop.value("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"), signal.SIGSTOP)
    for _ in range(3):
        shop.post(50)
        shop.wait_for(lambda: shop.total() == shop.posted)
    process.send(signal.SIGSTOP)
    crash(server)
    shop.database.connection.close()
    server.relaunch()
    shop.database = open_database(server)
    assert shop.total() == on_disk
    assert shop.value("SELECT next FROM event_archiver.position") == 50
    process.send(signal.SIGCONT)
    shop.wait_for(lambda: shop.total() == shop.posted)
    assert shop.value("SELECT next FROM event_archiver.position") == 200
    process.send(signal.SIGTERM)
    assert process.wait().code == 143
    shop.database.connection.close()
