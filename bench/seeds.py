"""Whole ways of an event, each beside those of others: seed 001 from its file to exact sums, and from a topic of Kafka into a table."""
import json
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import tools
from journal import running, watched
from projections import BLOCK, Place, build_lines, builds_alone, revenue_lines, sent_and_applied
from rig import Rig, run
from scenarios import Result, Scale, ratio, spread
from support import broker as brokers
from support.servers import ROOT, clean_environment, free_port

WHOLE = 2_000_000  # events of seed 001
ROUNDS = 2  # at most: a rival takes half a minute
REVENUE = """CREATE TABLE users_revenue (user_id varchar(255) PRIMARY KEY, revenue int);
CREATE FUNCTION upsert_user_revenue(p_user_id varchar(255), p_revenue numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users_revenue SET revenue = revenue + p_revenue WHERE user_id = p_user_id;
    IF NOT FOUND THEN INSERT INTO users_revenue (user_id, revenue) VALUES (p_user_id, p_revenue); END IF;
END $$"""
SUMS = "SELECT coalesce(string_agg(user_id || '=' || revenue, ' ' ORDER BY user_id), '') FROM users_revenue"

# As the projection `events` makes it, but for the unique index, without which Benthos would insert an event again that it reads again.
EVENTS = """CREATE TABLE "Event" (id bigserial PRIMARY KEY, event_id text NOT NULL UNIQUE, event_type text NOT NULL,
    created_at timestamp(3) NOT NULL DEFAULT now(), processed_at timestamp(3), payload jsonb NOT NULL);
CREATE INDEX ON "Event" (created_at)"""


def until(there, wanted, pause: float = 0.1, patience: float = 600) -> None:
    ends = time.monotonic() + patience
    while (found := there()) != wanted:
        if time.monotonic() > ends:
            raise RuntimeError(f"waited {patience:.0f} s for {wanted!r}, and there is {found!r}")
        time.sleep(pause)


def expected(count: int) -> str:
    blocks = count // len(BLOCK)
    return f"user1={27 * blocks} user2={58 * blocks}"


@contextmanager
def original(place: Place, directory: Path):
    """Server and processor of seed 001, in a directory of their own."""
    command, environment = tools.node("live.js")
    directory.mkdir()
    place.sql(REVENUE)
    port = free_port()
    environment = {**clean_environment(), **environment, "DATABASE": place.settings["PG_CONNECTION_STRING"]}
    with running([*command, "server", str(port)], port, env=environment, cwd=directory) as server:
        with watched([*command, "processor"], env=environment, cwd=directory) as processor:
            yield port, [server, processor]


@contextmanager
def ours(place: Place, _directory: Path):
    with place.serve() as server:
        yield server.port, [server]


def one_by_one(place: Place, way, directory: Path, file: Path, count: int) -> dict:
    """The original's client, an event a POST, each after the answer to the one before."""
    command, environment = tools.node("live.js")
    with way(place, directory) as (port, processes):
        began = time.monotonic()
        client = run([*command, "client", str(port), file], environment)
        until(lambda: place.sql(SUMS), expected(count))
        wall = time.monotonic() - began
        return {"accepted": client.wall, "wall": wall, "cpu": sum(each.cpu_seconds for each in processes), "peak": sum(each.peak_mib for each in processes)}


def told(rounds: list, count: int) -> str:
    each = {name: [one[name] for one in rounds] for name in rounds[0]}
    cpu = [seconds / count * 1e6 for seconds in each["cpu"]]
    return f"accepted after {spread(each['accepted'], '.1f')} s, applied after {spread(each['wall'], '.1f')} s; {spread(cpu, '.1f')} µs of the servers' CPU an event, {max(each['peak']):.0f} MiB"


def seed_001(rig: Rig, scale: Scale, _note) -> list:
    """Whole for `send`. The original is measured with few events and extrapolated: it slows down as its files grow, so this favours it."""
    if scale.quick:
        return []
    names = {"original": "the original's three processes", "theirs": "the original's client, ours behind it", "ours": "`send`, ours behind it"}
    found = {name: [] for name in names}
    with tempfile.TemporaryDirectory(dir=rig.directory) as directory:
        place = Path(directory)
        few_events, all_events = scale.rows // 50, scale.rows * 2  # 20,000 and 2,000,000
        few, whole = place / "few.jsonl", place / "whole.jsonl"
        few.write_text(revenue_lines(few_events))
        whole.write_text(revenue_lines(all_events))
        try:
            for number in range(min(scale.rounds, ROUNDS)):
                for name, way in (("original", original), ("theirs", ours)):
                    database = Place(rig, place, f"seed_001_{name}_{number}")
                    found[name].append(one_by_one(database, way, place / f"{name}_{number}", few, few_events))
                found["ours"].append(sent_and_applied(Place(rig, place, f"seed_001_ours_{number}"), whole, all_events))
        except tools.Missing as missing:
            return [Result("seed 001 from its file to exact sums", "", f"skipped: {missing}", None)]
    # Without the wait for the processor's next look, of which the original has one whether there are few events or many.
    slow = [one["accepted"] / few_events * WHOLE for one in found["original"]]
    faster = ratio(slow, [one["wall"] / all_events * WHOLE for one in found["ours"]])
    counts = {"original": few_events, "theirs": few_events, "ours": all_events}
    return [
        *(Result(f"{counts[name]:,} events of seed 001: {shown}", "", told(found[name], counts[name]), None) for name, shown in names.items()),
        Result(f"{WHOLE:,} events: the original, extrapolated", "", f"{spread(slow, '.0f')} s", None),
        Result("the same, of ours from `send` to exact sums", "≥ 115 ×", f"{spread(faster, '.0f')} ×", median(faster) >= 115),
    ]


def finished(place: Place, command: list, environment: dict, count: int, written: str) -> dict:
    """A consumer that never ends, from its start until all its rows are there. `written` asks a sequence, which costs nothing."""
    before = place.backends()
    began = time.monotonic()
    with watched(command, env={**clean_environment(), **environment}) as process:
        until(lambda: int(place.sql(written)) >= count, True)
        wall, cpu, peak = time.monotonic() - began, process.cpu_seconds, process.peak_mib
    time.sleep(0.5)  # until its connections have ended
    return {"rate": count / wall, "cpu": cpu / count * 1e6, "backend": (place.backends() - before) / count * 1e6, "peak": peak}


def by_project(place: Place, name: str, count: int, **settings) -> dict:
    before = place.backends()
    cost = place.project(name, **settings)
    if place.applied(name) != count:
        raise RuntimeError(f"{name}: {place.applied(name)} of {count} events were applied")
    return {"rate": count / cost.wall, "cpu": cost.cpu / count * 1e6, "backend": (place.backends() - before) / count * 1e6, "peak": cost.peak / 2**20}


def by_seed_002(place: Place, broker: str, count: int) -> dict:
    command, environment = tools.node("builds.js")
    for file in sorted((ROOT / "projections/builds/migrations").glob("*.sql")):
        place.sql(file.read_text())
    given = {**environment, "DATABASE": place.settings["PG_CONNECTION_STRING"], "BROKER": broker, "GROUP": place.name}
    return finished(place, command, given, count, """SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM build_id_seq""")


def by_benthos(place: Place, broker: str, count: int) -> dict:
    place.sql(EVENTS)
    config = {
        "http": {"enabled": False},
        "logger": {"level": "ERROR"},
        "input": {"kafka_franz": {"seed_brokers": [broker], "topics": ["live"], "consumer_group": place.name, "start_from_oldest": True, "checkpoint_limit": 20_000}},
        "output": {
            "sql_insert": {
                "driver": "postgres",
                "dsn": place.settings["PG_CONNECTION_STRING"] + "?sslmode=disable",
                "table": '"Event"',
                "columns": ["event_id", "event_type", "payload"],
                "args_mapping": 'root = [ "%v/%v/%v".format(@kafka_topic, @kafka_partition, @kafka_offset), this.name, content().string() ]',
                "suffix": "ON CONFLICT (event_id) DO NOTHING",
                "max_in_flight": 2,
                "batching": {"count": 5_000, "period": "100ms"},
            }
        },
    }
    file = place.directory / f"{place.name}.json"
    file.write_text(json.dumps(config))
    return finished(place, [str(tools.benthos()), "-c", str(file)], {}, count, """SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM "Event_id_seq" """)


def from_kafka(rig: Rig, scale: Scale, _note) -> list:
    """A topic of one partition into a table. Ours commits position and effect together; the others apply an event again after a failure."""
    what = "from Kafka into a table"
    if scale.quick:
        return []
    if brokers.missing():
        return [Result(what, "", f"skipped: {brokers.missing()}", None)]
    found: dict = {}
    few, many = scale.rows // 50, scale.rows // 5  # 20,000 and 200,000
    with tempfile.TemporaryDirectory(dir=rig.directory) as directory, brokers.Broker(rig.directory / "kafka-into-tables", rig.certificate) as broker:
        place = Path(directory)
        journal = {"JOURNAL": f"kafka://{broker.address}"}
        filled = Place(rig, place, "from_kafka", **journal)
        filled.fill("live", revenue_lines(many))
        filled.fill("build_events", build_lines(few))
        alone = {"PROJECTIONS_PATH": str(builds_alone(place))}
        ways = {
            f"{few:,} builds, `project builds`": lambda it: by_project(it, "builds", few, **alone),
            f"{few:,} builds, seed 002 rebuilt (kafkajs, knex)": lambda it: by_seed_002(it, broker.address, few),
            f"{many:,} events, `project events`": lambda it: by_project(it, "events", many),
            f"{many:,} events, Benthos, its sql_insert": lambda it: by_benthos(it, broker.address, many),
        }
        for number in range(min(scale.rounds, ROUNDS)):
            for index, (name, measure) in enumerate(ways.items()):
                try:
                    found.setdefault(name, []).append(measure(Place(rig, place, f"from_kafka_{index}_{number}", **journal)))
                except tools.Missing as missing:
                    found[name] = str(missing)
    results = []
    for name, rounds in found.items():
        if isinstance(rounds, str):
            results.append(Result(f"{what}: {name}", "", f"skipped: {rounds}", None))
            continue
        each = {part: [one[part] for one in rounds] for part in rounds[0]}
        told = f"{spread(each['rate'], ',.0f')} a second; CPU {spread(each['cpu'], '.1f')} µs, the backend's {spread(each['backend'], '.1f')} µs; {max(each['peak']):.0f} MiB"
        results.append(Result(f"{what}: {name}", "", told, None))
    measured = list(found.values())
    for shown, (mine, other) in (("`project builds`, of seed 002's", measured[:2]), ("`project events`, of Benthos's", measured[2:])):
        if isinstance(other, list):
            faster = ratio([one["rate"] for one in mine], [one["rate"] for one in other])
            results.append(Result(f"{what}: events a second, {shown}", "", f"{spread(faster, '.1f')} ×", None))
    return results
