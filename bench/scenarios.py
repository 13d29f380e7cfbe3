"""The scenarios of `bench/run`: each measures one goal or a few, beside its rival in the same run."""
import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from pod_limits import pod_limits
from rig import Cost, Rig, run

MIB = 1 << 20
DEFAULT_MEMORY = 32 * MIB
MANY_DAYS = 1000
ALLOWANCE = 16 * MIB  # program, libraries and connections beside ARCHIVE_MEMORY


@dataclass
class Result:
    what: str
    goal: str
    measured: str
    met: bool | None  # None: measured without a verdict, or not measured at all


@dataclass
class Scale:
    """How much is measured: `bench/run`, or `bench/run --quick`."""

    rows: int = 1_000_000
    days: int = 30
    rounds: int = 5
    large: bool = False  # 10 million rows too
    node: Path | None = None

    @property
    def quick(self) -> bool:
        return self.rounds == 1


def spread(values: list, form: str = ".2f") -> str:
    """Median and range."""
    middle = f"{median(values):{form}}"
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}}–{max(values):{form}})"


def ratio(ours: list, theirs: list) -> list:
    """One by one: what was measured one after the other had the same neighbours on the machine."""
    return [mine / other for mine, other in zip(ours, theirs)]


def at_most(what: str, values: list, limit: float, unit: str = "×", form: str = ".2f") -> Result:
    return Result(what, f"≤ {limit:g} {unit}", f"{spread(values, form)} {unit}", median(values) <= limit)


def node_peer(rig: Rig, table: str, peer: Path) -> Cost:
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("--node is given, but there is no node in PATH")
    with rig.copy_of(table) as copy:
        rig.plain.reset()
        environment = {"PG_CONNECTION_STRING": rig.database.uri(copy), **rig.plain.settings()}
        return run([node, peer / "app.js"], environment)


def side_by_side(rig: Rig, scale: Scale, note) -> list:
    """The daily path at full size: against psql, which only receives the same rows."""
    table = rig.table(scale.rows, scale.days)
    ways = {
        "psql": lambda: rig.copy_out(table),
        "psql, ordered": lambda: rig.copy_out(table, "ORDER BY created_at"),
        "HTTP": lambda: rig.archive_copy(table, rig.plain),
        "HTTPS": lambda: rig.archive_copy(table, rig.secure),
        "gzip": lambda: rig.archive_copy(table, rig.plain, ARCHIVE_COMPRESSION="gzip"),
    }
    if scale.node:
        ways["Node.js peer"] = lambda: node_peer(rig, table, scale.node)
    costs = {name: [] for name in ways}
    for _ in range(scale.rounds):
        for name, measure in ways.items():
            costs[name].append(measure())
    cpu = {name: [cost.cpu for cost in each] for name, each in costs.items()}
    wall = {name: [cost.wall for cost in each] for name, each in costs.items()}
    size = costs["HTTP"][0].summary["bytes"]
    smaller = [size / cost.summary["bytes"] for cost in costs["gzip"]]
    note("side by side", costs, f"{scale.rows:,} rows over {scale.days} days, {size / 1e6:.0f} MB of CSV")
    requests = costs["HTTP"][0].summary["requests"]
    results = [
        at_most("client CPU, plain HTTP, of psql's", ratio(cpu["HTTP"], cpu["psql"]), 1.1),
        at_most("client CPU, HTTPS, of psql's", ratio(cpu["HTTPS"], cpu["psql"]), 1.6),
        at_most("client CPU, gzip, of psql's", ratio(cpu["gzip"], cpu["psql"]), 2.5),
        Result("gzip: files smaller", "≥ 5 ×", f"{spread(smaller, '.1f')} ×", median(smaller) >= 5),
        at_most("wall, everything, of raw COPY … ORDER BY", ratio(wall["HTTP"], wall["psql, ordered"]), 0.85),
    ]
    for name in ("HTTP", "HTTPS", "gzip"):
        results.append(peak(f"peak memory, {name}", max(cost.peak for cost in costs[name])))
    if scale.node:
        tenth = ratio(cpu["HTTP"], cpu["Node.js peer"])
        results.append(at_most("client CPU, of the Node.js peer's", tenth, 0.1))
    if not scale.quick:
        results.append(
            Result("lake requests in all, blocks of 4 MiB at most", "", f"{requests} for {scale.days} days", None)
        )
    return results


def peak(what: str, value: int, limit: int = DEFAULT_MEMORY + ALLOWANCE) -> Result:
    return Result(what, f"≤ {limit / MIB:.0f} MiB", f"{value / MIB:.1f} MiB", value <= limit)


def nothing_to_do(rig: Rig, scale: Scale, note) -> list:
    table = rig.table(1000, 1)
    with rig.copy_of(table) as copy:
        rig.plain.reset()
        rig.archive(copy, rig.plain)
        costs = [rig.archive(copy, rig.plain) for _ in range(scale.rounds)]
    note("nothing to do", {"HTTP": costs})
    return [
        at_most("nothing to do: CPU", [cost.cpu * 1000 for cost in costs], 20, "ms", ".0f"),
        peak("nothing to do: memory", max(cost.peak for cost in costs), 20 * MIB),
    ]


def requests_for_a_day(rig: Rig, _scale: Scale, _note) -> list:
    """One small day in two parts, as on two nights: what a file costs that is new, and one that is appended to."""
    counts = []
    with rig.copy_of(rig.table(1000, 1)) as copy:
        since_noon = (
            "SELECT extract(epoch FROM now() AT TIME ZONE 'UTC' - date_trunc('day', min(created_at)) - interval '12 hours')"
            "::bigint FROM \"Event\""
        )
        age = rig.sql(since_noon, copy)
        rig.plain.reset()
        for retention in (f"{age} seconds", "1 year"):
            before = rig.plain.stats()["operations"]
            rig.archive(copy, rig.plain, "--retention", retention)
            after = rig.plain.stats()["operations"]
            of_files = [name for name in after if "container" not in name and "bookkeeping" not in name]
            counts.append(sum(after[name] - before.get(name, 0) for name in of_files))
    return [
        Result(f"lake requests for a day file, {kind}", f"≤ {limit}", str(count), count <= limit)
        for kind, limit, count in (("new", 3, counts[0]), ("appended", 4, counts[1]))
    ]


def foretold(shapes: list, costs: list) -> list:
    """A model of what a run, a row and a day cost, made of three shapes: fewer rows, more rows, more days. The largest shape tells its error."""
    (few, days), _, (rows, _), (_, many_days) = shapes[:4]
    results = []
    for what, part in (("CPU", "cpu"), ("wall", "wall")):
        least, _, more, longer, *large = (median(getattr(cost, part) for cost in each) for each in costs)
        row, day = (more - least) / (rows - few), (longer - least) / (many_days - days)
        run_alone = least - row * few - day * days
        told = f"{run_alone * 1000:.0f} ms a run, {row * 1e6:.2f} µs a row, {day * 1000:.2f} ms a day"
        most = rows * 100
        far = f"{most:,} rows: {run_alone + row * most + day * days:.0f} s"
        if large:
            expected = run_alone + row * shapes[4][0] + day * days
            told += f"; {shapes[4][0]:,} rows: {expected:.1f} s foretold, {large[0]:.1f} measured"
            far += f" foretold, {large[0] / shapes[4][0] * most:.0f} s at the rate of {shapes[4][0]:,}"
        results.append(Result(f"{what} of a run", "", f"{told}; {far}", None))
    return results


def per_row(rig: Rig, scale: Scale, note) -> list:
    """CPU per row, from few to many: over the same number of days, and with the same number of rows a day."""
    few, many = scale.rows // 10, scale.rows * 10
    shapes = [(few, scale.days), (few, max(scale.days // 10, 1)), (scale.rows, scale.days)]
    shapes += [] if scale.quick else [(few, MANY_DAYS)]
    shapes += [(many, scale.days)] if scale.large else []
    costs = {f"{rows:,} rows over {days} days": [] for rows, days in shapes}
    for _ in range(scale.rounds):
        for (rows, days), each in zip(shapes, costs.values()):
            if rows > scale.rows and each:
                continue  # once will do: it lasts a minute
            each.append(rig.archive_copy(rig.table(rows, days), rig.plain))
    note("CPU per row", costs)
    micros = [median(cost.cpu for cost in each) / rows * 1e6 for (rows, _), each in zip(shapes, costs.values())]

    def apart(which: list) -> tuple:
        chosen = [micros[index] for index in which]
        told = ", ".join(f"{shapes[index][0]:,}: {micros[index]:.2f} µs" for index in which)
        deviation = (max(chosen) / min(chosen) - 1) * 100
        return f"{deviation:.0f} % ({told})", deviation <= 10

    large = [4] if scale.large else []
    results = [*([] if scale.quick else foretold(shapes, list(costs.values()))),

        Result(f"CPU per row, {scale.days} days", "≤ 10 % apart", *apart([0, 2, *large])),
        Result("CPU per row, as many rows a day", "≤ 10 % apart", *apart([1, 2])),
    ]
    return results + [peak(f"peak memory, {name}", max(cost.peak for cost in each)) for name, each in costs.items()]


def many_small_days(rig: Rig, scale: Scale, note) -> list:
    """A slow lake: the requests overlap, or they do not."""
    days, lanes, latency = (200 if scale.quick else 2000), 32, 20
    table = rig.table(days * 50, days)
    slow = rig.sink("sink-slow", latency_ms=latency)
    rounds = min(scale.rounds, 3)
    costs = [rig.archive_copy(table, slow, "--parallel", str(lanes)) for _ in range(rounds)]
    note(f"{days} days of 50 rows, {latency} ms a request, {lanes} lanes", {"HTTP": costs})
    floor = costs[0].summary["requests"] * latency / 1000 / lanes
    relative = [cost.wall / floor for cost in costs]
    return [
        at_most(f"{days:,} days of 50 rows, wall of requests × {latency} ms / {lanes}", relative, 1.5),
        peak(f"the same: peak memory, {lanes} lanes", max(cost.peak for cost in costs)),
    ]


def without_index(rig: Rig, scale: Scale, note) -> list:
    days = 100 if scale.quick else 1000
    rows = scale.rows // 5 if scale.quick else scale.rows
    with_index, bare = rig.table(rows, days), rig.table(rows, days, index=False)
    costs = {"with": [], "without": []}
    for _ in range(min(scale.rounds, 3)):
        costs["with"].append(rig.archive_copy(with_index, rig.plain))
        costs["without"].append(rig.archive_copy(bare, rig.plain))
    note(f"index on the time column, {rows:,} rows over {days} days", costs)
    walls = {name: [cost.wall for cost in each] for name, each in costs.items()}
    return [
        at_most(f"no index, {days:,} days, wall of that with one", ratio(walls["without"], walls["with"]), 1.5),
        peak("no index: peak memory", max(cost.peak for cost in costs["without"])),
    ]


def memory(rig: Rig, scale: Scale, _note) -> list:
    """The same for few rows and many, few days and many; and a row as large as three budgets."""
    if scale.quick:
        return []
    results = []
    for rows, days in ((10_000, 3), (10_000, 3000), (scale.rows, 3), (scale.rows, 3000)):
        cost = rig.archive_copy(rig.table(rows, days), rig.plain)
        results.append(peak(f"peak memory, {rows:,} rows of {days:,} days", cost.peak))
    with rig.copy_of(rig.table(1000, 1)) as copy:
        rig.plain.reset()
        rig.sql("""UPDATE "Event" SET payload = to_jsonb(repeat('x', 100000000)) WHERE id = 500""", copy)
        cost = rig.archive(copy, rig.plain)
    results.append(peak("peak memory, a row of 100 MB", cost.peak, DEFAULT_MEMORY + ALLOWANCE + 300_000_000))
    return results


def under_a_quota(rig: Rig, scale: Scale, note) -> list:
    """The pod's CPU and memory. Where PostgreSQL is slower than the quota lets the client be, the quota cannot be what limits."""
    what = "300m of CPU: wall of client CPU / 0.3"
    table = rig.table(scale.rows, scale.days)
    with pod_limits(300, 512) as (limits, reason):
        if limits is None:
            return [Result(what, "≤ 1.2 ×", f"skipped: {reason}", None)]
        ways = {
            "no quota": lambda: rig.archive_copy(table, rig.plain),
            "300m": lambda: rig.archive_copy(table, rig.plain, limits=limits),
        }
        once = {
            "300m, gzip": lambda: rig.archive_copy(table, rig.plain, limits=limits, ARCHIVE_COMPRESSION="gzip"),
            "300m, --parallel 1": lambda: rig.archive_copy(table, rig.plain, "--parallel", "1", limits=limits),
            "300m, --parallel 16": lambda: rig.archive_copy(table, rig.plain, "--parallel", "16", limits=limits),
        }
        costs = {name: [] for name in ways}
        for _ in range(min(scale.rounds, 3)):
            for name, measure in ways.items():
                costs[name].append(measure())
        costs |= {} if scale.quick else {name: [measure()] for name, measure in once.items()}
        charged, refused = limits.memory_peak(), limits.refused_allocations()
    note("a CPU quota", costs)
    walls = {name: [cost.wall for cost in each] for name, each in costs.items()}
    # What the run would take if only the quota held it back, or only everything else.
    floors = [max(cost.cpu / 0.3, free) for cost, free in zip(costs["300m"], walls["no quota"])]
    results = [
        at_most(what, [cost.wall / (cost.cpu / 0.3) for cost in costs["300m"]], 1.2),
        at_most("the same, of the wall without a quota where that is longer", ratio(walls["300m"], floors), 1.2),
    ]
    for name, each in costs.items():
        if name == "no quota":
            continue
        used = [cost.cpu / cost.wall * 1000 for cost in each]
        held = [cost.throttled / cost.wall * 100 for cost in each]
        told = f"{spread(used, '.0f')}m used, {spread(held, '.0f')} % of the time throttled"
        results.append(Result(f"{name}: CPU used and time held back", "", told, None))
    what = "300m, 512Mi: memory charged at most, sockets and all"
    results.append(Result(what, "≤ 512 MiB", f"{charged / MIB:.0f} MiB, refused {refused} times", refused == 0))
    retries = sum(cost.summary["retries"] for each in costs.values() for cost in each)
    results.append(Result("300m: requests that had to be repeated", "0", str(retries), retries == 0))
    return results


ALL = (side_by_side, nothing_to_do, requests_for_a_day, many_small_days, without_index, memory, under_a_quota, per_row)
