"""bench/RESULTS.md: where it was measured, each goal, and what every run took."""
import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from statistics import median


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def machine() -> list:
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return [
        f"- {cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, {int(memory[1]) / 2**20:.0f} GiB, "
        f"Linux {platform.release().partition('-')[0]}; load average before: {os.getloadavg()[0]:.1f}",
        f"- {_first_line('/usr/lib/postgresql/15/bin/postgres', '--version')}, on the same machine, fsync on, table in the cache",
        f"- {_first_line('c++', '--version')}; {_first_line('openssl', 'version')}",
    ]


def _verdict(met) -> str:
    return {True: "met", False: "**not met**", None: ""}[met]


def _row(name: str, each: list) -> str:
    cpu = [cost.cpu for cost in each]
    return (
        f"| {name} | {len(each)} | {median(cpu):.3f} | {min(cpu):.3f}–{max(cpu):.3f} | "
        f"{median(cost.wall for cost in each):.2f} | {max(cost.peak for cost in each) / 2**20:.1f} |"
    )


def write(path: Path, version: str, settings: list, results: list, notes: list) -> None:
    lines = [
        "# Results",
        "",
        f"Written by `bench/run` on {datetime.now(timezone.utc):%d %B %Y}; {version}.",
        "",
        *settings,
        "",
        "CPU is that of the client alone, in user and system mode together. Ratios are formed within one round, in which the rivals run",
        "one after the other; what is shown is the median (lowest–highest). README.md says which figures travel to other machines.",
        "",
        "## Goals",
        "",
        "| what | goal | measured | |",
        "|---|---|---|---|",
        *(f"| {result.what} | {result.goal} | {result.measured} | {_verdict(result.met)} |" for result in results),
        "",
        "## Runs",
    ]
    for title, costs, remark in notes:
        lines += ["", f"### {title[0].upper()}{title[1:]}", ""]
        if remark:
            lines += [remark, ""] if costs else [remark]
        if not costs:
            continue
        lines += ["| | runs | CPU s, median | CPU s | wall s, median | peak MiB |", "|---|---|---|---|---|---|"]
        lines += [_row(name, each) for name, each in costs.items()]
    path.write_text("\n".join(lines) + "\n")
