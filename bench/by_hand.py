"""`archive` beside what a user has for the same: psql, an upload and a DELETE, and other programs that read the table."""
import shlex
import shutil

import tools
from rig import PG_BIN, Cost, Rig, run
from scenarios import Result, Scale, at_most, ratio, spread
from support.servers import ACCOUNT, ROOT


def upload(rig: Rig, sdk: bool, names: list) -> str:
    """A command of the shell. The sink sends no "100 Continue", for which curl would wait a second."""
    if sdk:
        given = {"NODE_PATH": str(tools.storage_sdk()), **rig.plain.settings()}
        return shlex.join(["env", *(f"{name}={value}" for name, value in given.items()), "node", str(ROOT / "bench/rivals/upload.js"), "logs", *names])
    return f"curl -sf --fail-early -H 'Expect:' -H 'x-ms-blob-type: BlockBlob' -T '{{{','.join(names)}}}' {rig.plain.endpoint}/{ACCOUNT}/logs/"


def by_hand_copy(rig: Rig, name: str, by_day: bool, sdk: bool = False) -> Cost:
    """On a copy of that table: COPY into files, DELETE and upload in one transaction."""
    files = rig.directory / "by-hand"
    with rig.copy_of(name) as copy:
        rig.plain.reset()
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir()
        run(["curl", "-sf", "-X", "PUT", f"{rig.plain.endpoint}/{ACCOUNT}/logs?restype=container"], {})
        days = rig.sql('SELECT DISTINCT created_at::date FROM "Event" ORDER BY 1', copy).split() if by_day else []
        parts = {day: f"WHERE created_at >= '{day}' AND created_at < date '{day}' + 1" for day in days}
        parts = parts or {"all": "ORDER BY created_at"}
        copies = [
            f"""\\copy (SELECT * FROM "Event" {rows}) TO '{files}/events_{part}.csv' (FORMAT csv, HEADER)"""
            for part, rows in parts.items()
        ]
        names = [f"{files}/events_{part}.csv" for part in parts]
        script = rig.directory / "by-hand.sql"
        # psql 15 does not tell how a command of the shell ended.
        sent = f"\\! {upload(rig, sdk, names)} || touch {files}/failed"
        script.write_text("\n".join(["BEGIN ISOLATION LEVEL REPEATABLE READ;", *copies, sent, 'DELETE FROM "Event";', "COMMIT;"]))
        cost = run([PG_BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", rig.database.uri(copy), "-f", script], {})
        if (files / "failed").exists() or rig.sql('SELECT count(*) FROM "Event"', copy) != "0":
            raise RuntimeError("the rows were not moved by hand")
        return cost


def by_hand(rig: Rig, scale: Scale, note) -> list:
    """Against psql and curl, which do the same in one transaction: a file a day, or one file where there is no index."""
    with_index, bare = rig.table(scale.rows, scale.days), rig.table(scale.rows, scale.days, index=False)
    ways = {
        "by hand, index": lambda: by_hand_copy(rig, with_index, by_day=True),
        "archive, index": lambda: rig.archive_copy(with_index, rig.plain),
        "psql's COPY alone": lambda: rig.copy_out(bare),
        "by hand, no index": lambda: by_hand_copy(rig, bare, by_day=False),
        "archive, no index": lambda: rig.archive_copy(bare, rig.plain),
    }
    results = []
    try:
        if not scale.quick and tools.storage_sdk():
            ways["by hand, index, Azure's SDK"] = lambda: by_hand_copy(rig, with_index, by_day=True, sdk=True)
    except tools.Missing as missing:
        results.append(Result("by hand, with Azure's SDK", "", f"skipped: {missing}", None))
    costs = {name: [] for name in ways}
    for _ in range(min(scale.rounds, 3)):
        for name, measure in ways.items():
            costs[name].append(measure())
    note("by hand", costs, "COPY into files by psql, an upload by curl or Azure's JavaScript SDK and the DELETE, in one transaction; nothing is proved.")
    for which in ("index", "no index"):
        ours, theirs = costs[f"archive, {which}"], costs[f"by hand, {which}"]
        walls = ratio([cost.wall for cost in ours], [cost.wall for cost in theirs])
        cpu = ratio([cost.cpu for cost in ours], [cost.cpu for cost in theirs])
        copied = ratio([cost.cpu for cost in ours], [cost.cpu for cost in costs["psql's COPY alone"]])
        results += [
            at_most(f"wall, everything, of the same by hand, {which}", walls, 0.75),
            at_most(f"client CPU, of the same by hand, {which}", cpu, 1.0),
            at_most(f"client CPU, of psql's COPY alone, {which}", copied, 1.0),
        ]
    if len(ways) > 5:
        ours, theirs = costs["archive, index"], costs["by hand, index, Azure's SDK"]
        for part in ("wall", "cpu"):
            apart = ratio([getattr(cost, part) for cost in ours], [getattr(cost, part) for cost in theirs])
            results.append(Result(f"{part}, of the same by hand with Azure's SDK, index", "", f"{spread(apart)} ×", None))
    return results


def into_another_table(rig: Rig, table: str) -> Cost:
    """pgcopydb, which reads by COPY and writes what it reads into a table of another database."""
    program = tools.program("pgcopydb")
    work = rig.directory / "pgcopydb"
    shutil.rmtree(work, ignore_errors=True)
    rig.sql("CREATE DATABASE pgcopydb")
    try:
        target = rig.database.uri("pgcopydb")
        rig.database.psql("-d", target, "-v", "rows=0", "-v", "days=1", "-f", str(ROOT / "bench/events.sql"))
        return run([program, "copy", "table-data", "--source", rig.database.uri(table), "--target", target, "--dir", work, "--not-consistent"], {})
    finally:
        rig.sql("DROP DATABASE pgcopydb (FORCE)")


def readers(rig: Rig, scale: Scale, note) -> list:
    """Programs that read a whole table, beside `archive`, which also proves, uploads and deletes."""
    if scale.quick:
        return []
    table = rig.table(scale.rows, scale.days)
    ways = {
        "psql's COPY": lambda: rig.copy_out(table),
        "pg_dump": lambda: run([PG_BIN / "pg_dump", "--data-only", "--table", '"Event"', "--file", "/dev/null", "-d", rig.database.uri(table)], {}),
        "pgcopydb": lambda: into_another_table(rig, table),
        "archive": lambda: rig.archive_copy(table, rig.plain),
    }
    costs, missing = {}, {}
    for _ in range(min(scale.rounds, 3)):
        for name, measure in ways.items():
            try:
                costs.setdefault(name, []).append(measure())
            except tools.Missing as reason:
                missing[name] = str(reason)
    costs = {name: each for name, each in costs.items() if each}
    note("readers", costs, "psql and pg_dump throw away what they read; pgcopydb writes it into another table.")
    results = [Result(f"reading by {name}", "", f"skipped: {reason}", None) for name, reason in missing.items()]
    for name in [name for name in costs if name != "archive"]:
        cpu = ratio([cost.cpu for cost in costs["archive"]], [cost.cpu for cost in costs[name]])
        wall = ratio([cost.wall for cost in costs["archive"]], [cost.wall for cost in costs[name]])
        results.append(Result(f"archive, of {name}", "", f"client CPU {spread(cpu)} ×, wall {spread(wall)} ×", None))
    return results


