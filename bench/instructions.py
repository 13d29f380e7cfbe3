"""What a row costs in instructions, by callgrind: the one figure that is the same on a busy machine and on an idle one."""
import re
import shutil

from rig import Rig, run
from scenarios import Result, Scale

FEW, MANY = 20_000, 120_000


def instructions(rig: Rig, table: str) -> int:
    counted = rig.directory / "callgrind.log"
    with rig.copy_of(table) as copy:
        rig.plain.reset()
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={counted}", rig.program, "archive"]
        run(command, {"PG_CONNECTION_STRING": rig.database.uri(copy), **rig.plain.settings()})
    return int(re.search(r"Collected : (\d+)", counted.read_text())[1])


def instructions_a_row(rig: Rig, scale: Scale, _note) -> list:
    """The difference between many rows and few: what a run costs without rows is in both."""
    what = "instructions a row"
    if scale.quick or shutil.which("valgrind") is None:
        return [Result(what, "", "skipped: it takes valgrind, and a minute", None)]
    a_row = {}
    for name, index in (("index", True), ("no index", False)):
        few, many = (instructions(rig, rig.table(rows, scale.days, index)) for rows in (FEW, MANY))
        a_row[name] = (many - few) / (MANY - FEW)
    apart = a_row["no index"] / a_row["index"]
    return [
        *(Result(f"{what}, {name}", "", f"{count:,.0f}", None) for name, count in a_row.items()),
        Result(f"{what}: without an index, of those with one", "≤ 1.1 ×", f"{apart:.2f} ×", apart <= 1.1),
    ]
