"""Tables made by chance (keys, columns, partitions, traps, settings) and what befalls them by chance: archive, kill, restore, a
server that is put back to an earlier copy, late rows, a table rewritten beside the run. An oracle knows each row by its text.

A story is named by its seed, which is printed: EVENT_ARCHIVER_STORY=<seed> tells that one alone. LONG=1 tells an hour of them.
"""
import os
import random
import subprocess
import threading
import time

import psycopg2
import pytest

from support.gate import DatabaseGate, LakeGate, cut_after, cut_before, kill_after, kill_before, late
from support.random_table import RandomTable
from support.servers import PostgreSQL

ONE = os.environ.get("EVENT_ARCHIVER_STORY")
LONG = os.environ.get("LONG") == "1"
SECONDS = 1_200 if LONG else 15
# Done; a precondition; temporary; a person must look; locked; killed.
FAIR = {0, 3, 5, 7, 10, 137}


class Story:
    """One table, and the run over it."""

    def __init__(self, server: PostgreSQL, archiver, azurite, lake, seed: str):
        self.chance = random.Random(seed)
        self.server, self.azurite, self.lake = server, azurite, lake
        self.name = "s" + "".join(self.chance.choice("abcdefgh") for _ in range(12)) + str(time.monotonic_ns())
        server.psql("-c", f"CREATE DATABASE {self.name} STRATEGY file_copy")
        self.table = RandomTable(self.connect(), self.chance)
        self.told = [str(self.table)]
        self.archiver = archiver.with_settings({
            "PG_CONNECTION_STRING": server.uri(self.name), "ARCHIVE_PATH": self.name, "ARCHIVE_KEY_COLUMN": self.table.key_columns,
            "ARCHIVE_COMPRESSION": self.chance.choice(["none", "gzip"]), "ARCHIVE_LOCK_WAIT": "2s", "ARCHIVE_SETTLE_WAIT": "2s",
            "ARCHIVE_REQUEST_TIMEOUT": "5s"})

    def connect(self):
        self.connection = psycopg2.connect(self.server.uri(self.name), options="-c timezone=UTC", client_encoding="UTF8")
        self.connection.autocommit = True
        return self.connection

    def go(self) -> None:
        self.table.create(self.name)
        self.table.insert(self.chance.randint(5, 60))
        self.table.insert(3, young=True)
        for _ in range(self.chance.randint(2, 5)):
            self.chance.choice([self.archive, self.archive, self.archive, self.restore, self.late_rows, self.forget])()
            gone = self.table.missing(self.lake, self.name)
            assert not gone, f"{sum(gone.values())} rows are in no place"
        self.end()

    def end(self) -> None:
        outcome = self.archiver.run("archive")
        self.told.append(f"at the end: archive -> {outcome.code}")
        if self.table.trap:
            assert outcome.code == 3, str(outcome)  # said before anything is moved, each time
        else:
            assert outcome.code == 0, str(outcome)
        self.table.must_be_exact(self.lake, self.name, due_are_archived=not self.table.trap)
        verified = self.archiver.run("verify")
        assert verified.code == 0, str(verified)

    def archive(self) -> None:
        chance = self.chance
        arguments = ["archive", f"--parallel={chance.randint(1, 3)}"]
        for option, share in (("--dry-run", 0.15), ("--commit=day", 0.25), ("--max-days=1", 0.1), ("--whole-days", 0.1)):
            if chance.random() < share:
                arguments.append(option)
        self.run(arguments)

    def restore(self) -> None:
        days = ["--from", "2024-01-01", "--to", f"2024-01-0{self.chance.randint(1, 4)}"]
        self.run(["restore", *days, "--hold", "none"])

    def forget(self) -> None:
        """A run that nothing befalls; then the server is put back to what it was before."""
        copy = self.server.directory / "copy"
        self.connection.close()
        self.server.stop()
        subprocess.run(["cp", "-a", self.server.data, copy], check=True)
        self.server.start()
        self.archiver = self.archiver.with_settings({"PG_CONNECTION_STRING": self.server.uri(self.name)})
        outcome = self.archiver.run("archive")
        self.told.append(f"archive -> {outcome.code}, and the server is put back")
        self.server.stop()
        subprocess.run(["rm", "-rf", self.server.data], check=True)
        copy.rename(self.server.data)
        self.server.start()
        self.archiver = self.archiver.with_settings({"PG_CONNECTION_STRING": self.server.uri(self.name)})
        self.table.connection = self.connect()

    def late_rows(self) -> None:
        self.table.insert(self.chance.randint(1, 9))
        self.told.append("late rows")

    def run(self, arguments: list) -> None:
        chance = self.chance
        with LakeGate(self.azurite.port) as lake, DatabaseGate(self.server.port) as database:
            for gate, furthest in ((lake, 25), (database, 80)):
                if chance.random() < 0.4:
                    fault = chance.choice([kill_before, kill_after, cut_before, cut_after, lambda: late(chance.uniform(0, 1))])()
                    rule = gate.on(fault, nth=chance.randint(1, furthest))
                    self.told.append(f"  {type(gate).__name__}: {rule.fault.name} at {rule.nth}")
            rewriting = threading.Thread(target=self.rewrite) if chance.random() < 0.2 else None
            if rewriting:
                rewriting.start()
            process = self.archiver.start(*arguments, settings={
                "AZURE_STORAGE_CONNECTION_STRING": self.azurite.connection_string(lake.endpoint),
                "PG_CONNECTION_STRING": self.server.uri(self.name, port=database.port), "ARCHIVE_RETRIES": "2"})
            lake.victim = database.victim = process
            outcome = process.wait(120)
            if rewriting:
                rewriting.join()
            database.release_orphans()
        self.told.append(f"{' '.join(arguments)} -> {outcome.code}")
        assert outcome.code in FAIR, str(outcome)
        # Nothing but a trap, or the restore of days that are not there, is a precondition; nothing here needs a person.
        if outcome.code == 3:
            assert self.table.trap or arguments[0] == "restore", str(outcome)
        assert outcome.code != 7, str(outcome)

    def rewrite(self) -> None:
        other = psycopg2.connect(self.server.uri(self.name))
        other.autocommit = True
        with other.cursor() as cursor:
            cursor.execute('VACUUM FULL public."Event"')
        other.close()

    def close(self) -> None:
        self.connection.close()
        self.server.psql("-c", f"DROP DATABASE {self.name} WITH (FORCE)")
        self.lake.delete_container(self.name)


def tell(story: Story, seed: str) -> None:
    try:
        story.go()
    except AssertionError as wrong:
        raise AssertionError("\n".join([f"EVENT_ARCHIVER_STORY={seed}", *story.told, str(wrong)])) from wrong
    finally:
        story.close()


@pytest.mark.timeout(4_000)
@pytest.mark.parametrize("group", range(1 if ONE else 3 if LONG else 4))
def test_no_row_of_a_random_table_vanishes(place, archiver, azurite, lake, group, record_property):
    with PostgreSQL(place / f"stories-{group}") as server:
        record_property("stories", tell_stories(server, archiver, azurite, lake, group))


def tell_stories(server: PostgreSQL, archiver, azurite, lake, group: int) -> int:
    ends = time.monotonic() + SECONDS
    told = 0
    while told == 0 or (not ONE and time.monotonic() < ends):
        # Another each day in the default tier, the same ones throughout a day.
        seed = ONE or f"{time.strftime('%Y-%m-%d')}-{group}-{told}"
        print(f"EVENT_ARCHIVER_STORY={seed}")
        tell(Story(server, archiver, azurite, lake, seed), seed)
        told += 1
    return told
