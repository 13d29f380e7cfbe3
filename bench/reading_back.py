"""`verify` and `restore`, each beside what its bytes cost without it: curl reads the same files, psql copies them into the same table."""
import shutil
from statistics import median

from rig import PG_BIN, Rig, run
from scenarios import Result, Scale, at_most, peak, ratio, spread
from support.servers import ACCOUNT


def reading_back(rig: Rig, scale: Scale, note) -> list:
    table = rig.table(scale.rows, scale.days)
    lake = rig.sink("sink-keep", keep=True)
    files = rig.directory / "read-back"
    costs = {name: [] for name in ("curl", "verify", "COPY FROM", "restore")}
    for _ in range(min(scale.rounds, 3)):
        lake.reset()
        with rig.copy_of(table) as copy:
            days = rig.sql('SELECT DISTINCT created_at::date FROM "Event" ORDER BY 1', copy).split()
            archived = rig.archive(copy, lake, ARCHIVE_PATH="logs")
            shutil.rmtree(files, ignore_errors=True)
            files.mkdir()
            names = ",".join(days)
            url = f"{lake.endpoint}/{ACCOUNT}/logs/events_{{{names}}}.csv"
            run(["curl", "-sf", "--fail-early", "-o", f"{files}/#1.csv", url], {})
            costs["curl"].append(run(["curl", "-sf", "--fail-early", *["-o", "/dev/null"] * len(days), url], {}))
            costs["verify"].append(rig.event_archiver("verify", copy, lake, ARCHIVE_PATH="logs"))
            script = files / "copy.sql"
            copies = [f"""\\copy "Event" FROM '{files}/{day}.csv' (FORMAT csv, HEADER)""" for day in days]
            script.write_text("\n".join(["BEGIN;", *copies, "COMMIT;"]))
            psql = [PG_BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", rig.database.uri(copy), "-f", script]
            costs["COPY FROM"].append(run(psql, {}))
            counted = rig.sql('SELECT count(*) FROM "Event"', copy)
            rig.sql('TRUNCATE "Event"', copy)
            costs["restore"].append(rig.event_archiver("restore", copy, lake, "--from", days[0], "--to", days[-1], ARCHIVE_PATH="logs"))
            if not counted == rig.sql('SELECT count(*) FROM "Event"', copy) == str(scale.rows):
                raise RuntimeError("the rows were not brought back")
        shutil.rmtree(files)
    note("reading back", costs, f"{scale.rows:,} rows over {scale.days} days, plain HTTP, from a lake in memory.")
    size = archived.summary["bytes"]
    wall = {name: [cost.wall for cost in each] for name, each in costs.items()}
    cpu = {name: [cost.cpu for cost in each] for name, each in costs.items()}
    rates = [size / seconds / 1e9 for seconds in wall["verify"]]
    return [
        Result("verify", "≥ 1 GB/s", f"{spread(rates)} GB/s", median(rates) >= 1),
        Result("verify: wall, of curl's", "", f"{spread(ratio(wall['verify'], wall['curl']))} ×", None),
        at_most("restore: wall, of COPY FROM by psql", ratio(wall["restore"], wall['COPY FROM']), 1.0),
        Result("restore: client CPU, of psql's", "", f"{spread(ratio(cpu['restore'], cpu['COPY FROM']))} ×", None),
        *(peak(f"peak memory, {name}", max(cost.peak for cost in costs[name])) for name in ("verify", "restore")),
    ]
