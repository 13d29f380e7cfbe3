"""The whole life of events, while processes that work on them are killed at random.

    life.py [--events N] [--seed S] [--calm]     on the servers that the environment names

Events are posted by `send`, applied to `revenue` and `events`, archived, verified; the table is lost, comes back from the journal and
the lake, and has the same rows as before.
"""
import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.archiver import Archiver  # noqa: E402

ROWS = 'SELECT e::text FROM "Event" e'
RETENTION = "30 days"


class Life:
    """`settings`: the database and the lake, as the program's environment has them. `apart`: a process of its own applies the events."""

    def __init__(self, binary, directory: Path, settings: dict, seed: int, events: int, calm: bool = False, say=print, projections: tuple = ("revenue", "events"), apart: bool = False):
        self.random, self.events, self.calm, self.say = random.Random(seed), events, calm, say
        self.directory, self.kills, self.projections, self.apart = directory, Counter(), projections, apart
        self.journal = directory / "journal"
        self.program = Archiver(binary, {**settings, "JOURNAL": self.journal, "PROJECT": ",".join(projections), "LOG_FORMAT": "json"})
        self.connection = psycopg2.connect(settings["PG_CONNECTION_STRING"])
        self.connection.autocommit = True
        self.spared = []  # what ended before its turn to be killed had come
        self.server = None
        self.worker = None
        self.port = 0
        say(f"seed {seed}, {events} events")

    # What is asked of the database.

    def ask(self, sql: str) -> list:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def rows(self) -> Counter:
        return Counter(row[0] for row in self.ask(ROWS))

    def revenue(self) -> dict:
        return dict(self.ask("SELECT user_id, revenue FROM users_revenue"))

    # Processes, and their ends.

    def serve(self) -> None:
        if self.apart and (self.worker is None or not self.worker.running):
            self.worker = self.program.start("project", *self.projections)
        if self.server is not None and self.server.running:
            return
        self.server = self.program.start("serve", "--apis", "events,live", "--port", str(self.port), *(["--project", "none"] if self.apart else []))
        self.server.wait_for_output('"serve.listening"')
        lines = self.server.output["stderr"].decode().splitlines()
        self.port = json.loads(next(line for line in lines if '"serve.listening"' in line))["port"]

    def servers(self) -> list:
        return ["serve", "project"] if self.apart else ["serve"]

    def end_of(self, which: str) -> None:
        process = self.worker if which == "project" else self.server
        if process is not None:
            process.kill()
            process.wait_end(30)

    def until_done(self, *arguments: str, serving: bool = False, kills: int = 3) -> None:
        """Runs the command again until it ends by itself. It is killed before, and the server where there is one, once at least."""
        due = self.victims(arguments[0], serving, 0 if self.calm else kills)
        spared = set(due)
        while True:
            if serving:
                self.serve()
            process = self.program.start(*arguments)
            while due and process.running:
                # A short command is hit, too, and later ones get further.
                if process.wait_end(self.random.uniform(0.005, 0.04 if due[0] in spared else 0.6)):
                    break
                victim = due.pop(0)
                spared.discard(victim)
                self.kills[victim] += 1
                if victim not in ("serve", "project"):
                    process.kill()
                    break
                self.end_of(victim)
                self.serve()
            outcome = process.wait(600)
            if outcome.code == 0:
                # A quick command may end before a server's turn. Its events are not all applied yet.
                for late in sorted(spared & set(self.servers())):
                    self.end_of(late)
                    self.kills[late] += 1
                    spared.discard(late)
                    self.serve()
                self.spared += [f"{each} in {' '.join(arguments[:3])}" for each in sorted(spared)]
                return
            assert outcome.code == 137 or (serving and outcome.code in (5, 6)), str(outcome)

    def victims(self, command: str, serving: bool, kills: int) -> list:
        """Each once, the command before it can end, then any of them."""
        them = [command, *self.random.sample(self.servers(), len(self.servers()))] if serving else [command]
        first = them[:kills]
        return first + self.random.choices(them, k=kills - len(first))

    def until(self, condition, what: str, timeout: float = 300) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"{what}: it never came"
            if not self.calm and self.random.random() < 0.05 and self.server is not None:
                victim = self.random.choice(self.servers())
                self.end_of(victim)
                self.kills[victim] += 1
            self.serve()
            time.sleep(0.1)

    def applied(self) -> bool:
        try:
            found = dict(self.ask("SELECT projection, next FROM event_archiver.position WHERE topic = 'live'"))
        except psycopg2.Error:
            return False
        return all(found.get(each) == self.events for each in self.projections)

    def send(self, lines: str, batch: int) -> None:
        """Sent and applied."""
        file = self.directory / "events.jsonl"
        file.write_text(lines)
        self.serve()
        self.until_done("send", str(file), "--to", f"http://127.0.0.1:{self.port}", "--batch", str(batch), serving=True)
        self.until(self.applied, "the projections")

    def end(self) -> None:
        for each in self.servers():
            self.end_of(each)
        self.connection.close()
        self.say(f"killed: {dict(self.kills) or 'nobody'}; spared: {self.spared or 'nobody'}")

    # The life.

    def posted(self) -> list:
        now = datetime.now(timezone.utc)
        made = []
        for number in range(self.events):
            at = now - timedelta(days=self.random.uniform(0, 60))
            name = self.random.choice(["add_revenue", "subtract_revenue"])
            made.append({"userId": f"user{number % 7}", "name": name, "value": number % 100, "created_at": at.isoformat(timespec="microseconds")})
        return made

    def run(self) -> None:
        events = self.posted()
        wanted = Counter()
        for each in events:
            wanted[each["userId"]] += each["value"] if each["name"] == "add_revenue" else -each["value"]
        try:
            self.send("".join(json.dumps(each) + "\n" for each in events), max(self.events // 40, 1))
            assert self.revenue() == wanted, "revenue"
            everything = self.rows()
            assert sum(everything.values()) == self.events and len(everything) == self.events, "rows"
            self.say(f"sent and applied: {self.events} events, {len(wanted)} users")
            self.archive_and_lose(everything)
            self.until_done("projections", "rebuild", "revenue", serving=True)
            assert self.revenue() == wanted, "revenue after its rebuild"
            self.say("revenue is rebuilt, and the same")
        finally:
            self.end()

    def archive_and_lose(self, everything: Counter) -> None:
        first = self.ask('SELECT min(created_at)::date::text FROM "Event"')[0][0]
        self.until_done("archive", "--retention", RETENTION, "--commit", "day", kills=6)
        self.until_done("verify", kills=1)
        young = self.rows()
        assert 0 < sum(young.values()) < self.events and not young - everything, "archived rows"
        self.say(f"archived and verified: {self.events - sum(young.values())} rows, {sum(young.values())} are left")
        self.ask(self.random.choice(['TRUNCATE "Event"', 'DROP TABLE "Event"']))
        self.until_done("projections", "rebuild", "events", serving=True)
        assert self.rows() == young, "what the rebuild brought back"
        self.say("the table was lost, and is rebuilt from the journal at the archive's cutoff")
        last = (datetime.now(timezone.utc) - timedelta(days=29)).strftime("%Y-%m-%d")
        self.until_done("restore", "--from", first, "--to", last)
        assert self.rows() == everything, "what the restore brought back"
        self.say("restored: the same rows as at the beginning")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--calm", action="store_true", help="nobody is killed")
    asked = parser.parse_args()
    names = ("PG_CONNECTION_STRING", "AZURE_STORAGE_CONNECTION_STRING")
    settings = {name: os.environ[name] for name in names}
    settings["ARCHIVE_PATH"] = f"life-{asked.seed}"
    with tempfile.TemporaryDirectory(prefix="event-archiver-life-") as directory:
        Life(Path(os.environ["EVENT_ARCHIVER_BINARY"]), Path(directory), settings, asked.seed, asked.events, asked.calm).run()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
