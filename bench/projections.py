"""Projections: what an event costs PostgreSQL, from `send` to exact sums, how far behind they are, and what their queries answer."""
import json
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
import uuid
from pathlib import Path

from journal import Watched, running
from rig import Cost, Rig, run
from scenarios import Result, Scale
from support import builds
from support.servers import ROOT, clean_environment, free_port

# The five events of seed 001: 27 for user1, 58 for user2.
BLOCK = [("user1", "add_revenue", 98), ("user1", "subtract_revenue", 72), ("user2", "add_revenue", 70), ("user1", "add_revenue", 1), ("user2", "subtract_revenue", 12)]
GOALS = {"revenue": 4, "timestamps": 20, "builds": 45}  # µs of a backend's CPU an event


def revenue_lines(count: int) -> str:
    block = "".join(json.dumps({"userId": user, "name": name, "value": value}, separators=(",", ":")) + "\n" for user, name, value in BLOCK)
    return block * (count // len(BLOCK))


def timestamp_lines(count: int) -> str:
    return "".join(f'{{"event_timestamp":"2006-01-02T15:04:05Z","command_id":"{uuid.uuid4()}"}}\n' for _ in range(count))


def builds_alone(directory: Path) -> Path:
    """The shipped projection without its plugin: what PROJECTIONS_PATH names takes the place of the shipped one."""
    own = directory / "projections"
    shutil.copytree(ROOT / "projections/builds", own / "builds", ignore=shutil.ignore_patterns("plugins"))
    file = own / "builds/projection.conf"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("plugins")]
    file.write_text("".join(line.replace(", public.build_organization", "") + "\n" for line in lines))
    return own


def build_lines(count: int) -> str:
    made = []
    for number in range(count):
        which = builds.build(id=str(uuid.UUID(int=number % 5_000)), updatedAt=f"2017-06-12T{number % 24:02}:00:00.{number % 1000:03}Z")
        made.append(json.dumps(builds.message(which), separators=(",", ":")) + "\n")
    return "".join(made)


class Place:
    """A database and a journal of one measurement."""

    def __init__(self, rig: Rig, directory: Path, name: str, **settings):
        self.rig, self.directory, self.name = rig, directory, name
        rig.sql(f"CREATE DATABASE {name}")
        self.settings = {"PG_CONNECTION_STRING": rig.database.uri(name), "JOURNAL": str(directory / name), "LOG_FORMAT": "json", **settings}

    def sql(self, text: str) -> str:
        return self.rig.sql(text, self.name)

    def serve(self, **settings):
        port = free_port()
        given = {**self.settings, "SERVE_APIS": "live,events", "PROJECT": "revenue", "SERVE_PORT": str(port), "LOG_LEVEL": "warn", **settings}
        return running([self.rig.program, "serve"], port, env={**clean_environment(), **given})

    def send(self, server: Watched, file: Path) -> None:
        run([self.rig.program, "send", file, "--to", f"http://127.0.0.1:{server.port}"], {"LOG_FORMAT": "json"})

    def fill(self, topic: str, lines: str) -> None:
        """The journal alone, in batches that the server takes."""
        with self.serve(PROJECT="none", SERVE_APIS="events") as server:
            split = lines.splitlines(keepends=True)
            for at in range(0, len(split), 5_000):
                post(server, topic, "".join(split[at : at + 5_000]))

    def project(self, name: str, **settings) -> Cost:
        return run([self.rig.program, "project", name, "--once"], {**self.settings, **settings})

    def backends(self) -> float:
        """CPU seconds of the server's processes that have ended."""
        fields = Path(f"/proc/{self.rig.database.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / 100

    def applied(self, name: str = "revenue") -> int:
        if self.sql("SELECT to_regclass('event_archiver.position') IS NULL") == "t":
            return 0
        return int(self.sql(f"SELECT coalesce(sum(next), 0) FROM event_archiver.position WHERE projection = '{name}'"))


def post(server: Watched, topic: str, lines: str) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/events/{topic}", lines.encode(), {"Content-Type": "application/x-ndjson"})
    urllib.request.urlopen(request, timeout=60).read()


def sent_and_applied(place: Place, file: Path, count: int) -> dict:
    with place.serve() as server:
        began = time.monotonic()
        place.send(server, file)
        accepted = time.monotonic() - began
        while place.applied() < count:
            time.sleep(0.05)
        return {"accepted": accepted, "wall": time.monotonic() - began, "cpu": server.cpu_seconds, "peak": server.peak_mib}


def end_to_end(rig: Rig, directory: Path, count: int) -> list:
    place = Place(rig, directory, "end_to_end")
    file = directory / "events.jsonl"
    file.write_text(revenue_lines(count))
    before = place.backends()
    sent = sent_and_applied(place, file, count)
    wall = sent["wall"]
    backends = place.backends() - before
    found = place.sql("SELECT string_agg(user_id || '=' || revenue, ' ' ORDER BY user_id) FROM users_revenue")
    blocks = count // len(BLOCK)
    exact = found == f"user1={27 * blocks} user2={58 * blocks}"
    told = f"{wall:.1f} s, accepted after {sent['accepted']:.1f} s; CPU: server {sent['cpu']:.1f} s, PostgreSQL {backends:.1f} s; {sent['peak']:.0f} MiB"
    results = [
        Result(f"{count:,} events: sent, durable, applied", "≤ 15 s" if count == 2_000_000 else "", told, wall <= 15 if count == 2_000_000 else None),
        Result("the same: sums", "exact", found, exact),
    ]
    first = place.backends()
    again = run([rig.program, "projections", "rebuild", "revenue"], place.settings)
    cost = place.backends() - first
    results.append(Result("the same, a rebuild", "", f"{again.wall:.1f} s, PostgreSQL {cost:.1f} s of CPU", None))
    # The same journal for the first time, in a database that has nothing yet.
    empty = Place(rig, directory, "end_to_end_again")
    first_run = empty.project("revenue", JOURNAL=place.settings["JOURNAL"])
    rate = first_run.wall / again.wall
    results.append(Result("a rebuild: its rate, of a first run's", "≥ 0.5 ×", f"{rate:.2f} ×", rate >= 0.5))
    file.unlink()
    return results


def lag(rig: Rig, directory: Path, seconds: int) -> list:
    place = Place(rig, directory, "lag")
    lines, worst, asked = revenue_lines(1_000), [], threading.Event()

    def look(server: Watched) -> None:
        while not asked.wait(0.25):
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=30) as answer:
                found = [line for line in answer.read().decode().splitlines() if line.startswith("event_archiver_projection_lag_seconds{")]
            worst.extend(float(line.rpartition(" ")[2]) for line in found)

    with place.serve() as server:
        looking = threading.Thread(target=look, args=(server,))
        looking.start()
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            time.sleep(max(began + sent / 10_000 - time.monotonic(), 0))
            post(server, "live", lines)
            sent += 1_000
        asked.set()
        looking.join()
    worst.sort()
    rate = sent / seconds
    at = worst[int(len(worst) * 0.99)] if worst else 0
    return [Result(f"{rate:,.0f} events a second for {seconds} s: lag", "≤ 1 s", f"at most {worst[-1] if worst else 0:.2f} s, p99 {at:.2f} s", bool(worst) and worst[-1] <= 1)]


def apply(rig: Rig, directory: Path, counts: dict) -> list:
    results = []
    makers = {"revenue": ("live", revenue_lines), "timestamps": ("timestamp.command.v1", timestamp_lines), "builds": ("build_events", build_lines)}
    for name, (topic, lines) in makers.items():
        text = lines(counts[name])
        if name != "builds":
            results.append(apply_one(Place(rig, directory, f"apply_{name}"), topic, text, name, name, GOALS[name]))
            continue
        alone = {"PROJECTIONS_PATH": str(builds_alone(directory))}
        results.append(apply_one(Place(rig, directory, "apply_builds"), topic, text, name, name, GOALS[name], **alone))
        results.append(apply_one(Place(rig, directory, "apply_plugin"), topic, text, name, "builds with the plugin of disk usage", None))
    return results


def apply_one(place: Place, topic: str, lines: str, name: str, shown: str, goal: int | None, **settings) -> Result:
    count = lines.count("\n")
    place.fill(topic, lines)
    before = place.backends()
    cost = place.project(name, **settings)
    cpu = (place.backends() - before) / count * 1e6
    refused = int(place.sql("SELECT count(*) FROM event_archiver.dead_letter"))
    if refused or place.applied(name) != count:
        raise RuntimeError(f"{shown}: {place.applied(name)} of {count} events were applied, {refused} of them refused")
    told = f"{cpu:.1f} µs; ours {cost.cpu / count * 1e6:.1f} µs; {count / cost.wall:,.0f} a second"
    return Result(f"{shown}, {count:,} events: backend's CPU an event", f"≤ {goal} µs" if goal else "", told, cpu <= goal if goal else None)


def poison(rig: Rig, directory: Path, count: int) -> list:
    """25 events in 10,000 that SQL refuses, all over."""
    place = Place(rig, directory, "poison")
    lines = revenue_lines(count).splitlines(keepends=True)
    for at in range(200, count, 400):
        lines[at] = '{"userId":"user1","name":"add_revenue","value":"many"}\n'
    place.fill("live", "".join(lines))
    cost = place.project("revenue")
    letters = int(place.sql("SELECT count(*) FROM event_archiver.dead_letter"))
    rate = count / cost.wall
    return [Result(f"25 poison records in 10,000: events a second ({letters} dead letters of {count:,})", "≥ 20,000", f"{rate:,.0f}", rate >= 20_000 and letters == len(range(200, count, 400)))]


def queries(rig: Rig, directory: Path, seconds: float) -> list:
    place = Place(rig, directory, "queries")
    place.fill("live", revenue_lines(1_000))
    place.project("revenue")
    with place.serve() as server:
        command = [rig.program.parent / "bench/load", "127.0.0.1", str(server.port), "/userEvents/user1", "64", str(seconds)]
        done = json.loads(subprocess.check_output(command))
    told = f"{done['per_second']:,.0f} a second, p50 {done['p50_ms']:.1f} ms, p99 {done['p99_ms']:.1f} ms"
    return [Result("GET /userEvents/{userId}, 64 clients", "≥ 10,000; p99 ≤ 10 ms", told, done["per_second"] >= 10_000 and done["p99_ms"] <= 10)]


def projections(rig: Rig, scale: Scale, _note) -> list:
    counts = {"revenue": 20_000, "timestamps": 5_000, "builds": 2_000} if scale.quick else {"revenue": 1_000_000, "timestamps": 200_000, "builds": 100_000}
    with tempfile.TemporaryDirectory(dir=rig.directory) as directory:
        place = Path(directory)
        return [
            *end_to_end(rig, place, 20_000 if scale.quick else 2_000_000),
            *lag(rig, place, 3 if scale.quick else 60),
            *apply(rig, place, counts),
            *poison(rig, place, 10_000 if scale.quick else 200_000),
            *queries(rig, place, 0.5 if scale.quick else 5),
        ]
