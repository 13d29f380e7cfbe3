"""A mixed load on all faces for half an hour, while each minute something is killed or restarted: nothing is lost, nothing is twice,
memory is flat.

SOAK_MINUTES: how long; 30. What happens a minute happens a tenth of that time where it is shorter than ten minutes.
"""
import os
import random
import signal
import time

import psycopg2
import pytest

from support import broker as brokers
from support.servers import PostgreSQL, free_port
from support.soaked import Soaked
from support.soaked_exports import SoakedExports

SECONDS = float(os.environ.get("SOAK_MINUTES", "30")) * 60
PERIOD = min(60.0, SECONDS / 10)
MIB = 1 << 20
# A server remembers the newest 100,000 Idempotency-Keys (docs/journal.md). Each takes about 200 bytes.
KEYS, KEY_BYTES = 100_000, 200


class Restarted(PostgreSQL):
    """One that listens where it did before."""

    def again(self) -> None:
        self.process.send_signal(random.choice([signal.SIGINT, signal.SIGQUIT]))  # in order, and as a crash
        self.process.wait()
        self.relaunch()


@pytest.fixture
def own_postgresql(tmp_path_factory, place):
    with Restarted(place / "soak-postgresql") as server:
        yield server


def asking(server: PostgreSQL, name: str):
    def ask(sql: str) -> list:
        connection = psycopg2.connect(server.uri(name))
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()

    return ask


@pytest.mark.slow
@pytest.mark.timeout(int(SECONDS) + 1_200)
def test_nothing_is_lost_and_nothing_is_twice(archiver, own_postgresql, request, tmp_path):
    seed = int(os.environ.get("EVENT_ARCHIVER_SEED", random.randrange(1_000_000)))
    chance = random.Random(seed)
    print("seed", seed)
    kafka = None if brokers.missing() else request.getfixturevalue("broker")
    java = kafka and request.getfixturevalue("java")
    soaked: dict = {}
    exports: dict = {}
    for name in ("killed", "steady", "builds"):
        own_postgresql.psql("-c", f"CREATE DATABASE {name}")

    def soak(name: str, apis: str, **settings) -> Soaked:
        told = {"PG_CONNECTION_STRING": own_postgresql.uri(name), "AZURE_STORAGE_CONNECTION_STRING": None, "JOURNAL": str(tmp_path / name), **settings}
        soaked[name] = Soaked(archiver.with_settings(told), apis, free_port(), 0.02)
        soaked[name].start()
        return soaked[name]

    def soak_all(name: str) -> Soaked:
        """With exports too, of a table in the same database."""
        exports[name] = SoakedExports(tmp_path / f"{name}-exports", own_postgresql.uri(name))
        one = soak(name, "exports,live,timestamps,events", **exports[name].settings)
        one.client(exports[name].exporting(one), "exports")
        return one

    # One is killed again and again; one lives through it all, and its memory is looked at.
    for one in (soak_all("killed"), soak_all("steady")):
        for number in range(2):
            one.client(one.post_live, f"user{number}")
            one.client(one.post_batch, f"client{number}")
        one.client(one.submit, "submits")
    if kafka:
        java("create", topic="build_events", partitions=3)
        builds = soak("builds", "builds", JOURNAL=f"kafka://{kafka.address}", KAFKA_GROUP_ID="proboDb")
        builds.client(builds.producing(java, "build_events"), "produces")
    events = [soaked["killed"].kill] + ([soaked["builds"].kill] if kafka else [])
    restarts = [own_postgresql.again] + ([lambda: (kafka.kill(), kafka.restart())] if kafka else [])
    memory: list = []
    counts: dict = {}
    try:
        end = time.monotonic() + SECONDS
        due = time.monotonic() + PERIOD
        turn = 0
        while time.monotonic() < end:
            time.sleep(min(1.0, PERIOD / 4))
            memory.append(soaked["steady"].service.resident_bytes - KEY_BYTES * min(soaked["steady"].keys, KEYS))
            for name, each in soaked.items():
                assert not each.failed, (name, each.failed)
                assert each.service.process.running, each.service.process.output["stderr"].decode()[-4000:]
            if time.monotonic() < due:
                continue
            due += PERIOD
            turn += 1
            chance.choice(events)()
            if turn % 2 == 0:
                chance.choice(restarts)()
        for each in soaked.values():
            each.stopping.set()
        for each in soaked.values():
            for thread in each.threads:
                thread.join(400)
                assert not thread.is_alive(), each.failed
        for name in ("killed", "steady"):
            soaked[name].check_journal()
            soaked[name].wait_for_tables(asking(own_postgresql, name))
            exports[name].check(soaked[name])
            counts[name] = (sum(soaked[name].batches.values()), len(soaked[name].tickets), soaked[name].revenue, exports[name].runs)
        if kafka:
            found = asking(own_postgresql, "builds")('SELECT count(*), count(DISTINCT "buildId"), sum("bytesReal") FROM build')
            assert found == [(len(soaked["builds"].builds),) * 3]
            counts["builds"] = len(soaked["builds"].builds)
        print(counts, "memory in MiB, without keys:", [round(each / MIB) for each in memory[:: max(1, len(memory) // 20)]])
        assert not [each.failed for each in soaked.values() if each.failed]
        third = len(memory) // 3
        assert max(memory[-third:]) <= max(memory[:third]) + 8 * MIB, "memory grows"
    except BaseException:
        for each in soaked.values():
            each.given_up.set()
        raise
    finally:
        for each in soaked.values():
            each.end()
