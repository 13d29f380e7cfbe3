"""The rungs below a whole run: bench_micro, with servers for those that need them."""
import json
import subprocess

from rig import Rig
from support.servers import clean_environment

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def _time(seconds: float) -> str:
    for unit in ("s", "ms", "us"):
        if seconds >= UNITS[unit]:
            return f"{seconds / UNITS[unit]:.3g} {unit.replace('us', 'µs')}"
    return f"{seconds * 1e9:.3g} ns"


def _row(entry: dict) -> str:
    by_clock = entry["name"].endswith("real_time")  # what is measured is another process
    cpu = entry["real_time" if by_clock else "cpu_time"] * UNITS[entry["time_unit"]]
    rate = f"{entry['bytes_per_second'] / 1e6:,.0f} MB/s" if "bytes_per_second" in entry else ""
    notes = {"p50_us": "p50 {:.0f} µs", "p99_us": "p99 {:.0f} µs", "smaller": "{:.1f} times smaller"}
    told = ", ".join(form.format(entry[key]) for key, form in notes.items() if key in entry)
    name = entry["name"].removesuffix("/process_time").removesuffix("/real_time")
    return f"| {name} | {_time(cpu)}{', by the clock' if by_clock else ''} | {rate} | {told} |"


def ladder(rig: Rig, scale, note) -> list:
    """CPU of each layer alone, beside its floor or rival; what they add up to should explain the whole."""
    rig.plain.reset()
    environment = {
        **clean_environment(),
        "BENCH_DATABASE": rig.database.uri(rig.table(scale.rows, scale.days)),
        "BENCH_STORAGE": rig.plain.settings()["AZURE_STORAGE_CONNECTION_STRING"],
    }
    seconds = 0.001 if scale.quick else 0.5
    command = [rig.program.parent / "bench/bench_micro", "--benchmark_format=json", f"--benchmark_min_time={seconds}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    rungs = json.loads(done.stdout)["benchmarks"]
    failed = [f"{entry['name']}: {entry['error_message']}" for entry in rungs if entry.get("error_occurred")]
    if failed:
        raise RuntimeError("; ".join(failed))
    table = ["| rung | CPU each | | |", "|---|---|---|---|", *map(_row, rungs)]
    note("the ladder", {}, "\n".join(table))
    return []
