"""PostgreSQL with cores to spare: on two cores there are none, so each backend is held to a fifth of one (cgroup v1). Then a few backends
never wait for each other, as on a machine of many cores that are as slow."""
import os
import threading
from contextlib import contextmanager
from pathlib import Path

from by_hand import by_hand_copy
from pod_limits import CPU_ROOT
from rig import Rig
from scenarios import Result, Scale, at_most, ratio

SHARE = 0.2  # of a core
PERIOD = 10_000  # microseconds: short, so that a share is smooth


def backends_of(postmaster: int) -> set:
    """The processes of PostgreSQL that serve a client. A process may end while it is asked."""
    found = set()
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            title = Path(f"/proc/{child}/cmdline").read_text()
        except OSError:
            continue
        if title.startswith("postgres: ") and "127.0.0.1" in title:
            found.add(int(child))
    return found


class Shares:
    """Puts each backend into a cgroup of its own as soon as it is there."""

    def __init__(self, postmaster: int, directory: Path):
        self.postmaster, self.directory = postmaster, directory
        self.groups: dict = {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self.ended.wait(0.002):
            there = backends_of(self.postmaster)
            for backend in there - self.groups.keys():
                group = self.directory / str(backend)
                group.mkdir()
                (group / "cpu.cfs_period_us").write_text(str(PERIOD))
                (group / "cpu.cfs_quota_us").write_text(str(int(PERIOD * SHARE)))
                self.groups[backend] = group
                try:
                    (group / "cgroup.procs").write_text(str(backend))
                except ProcessLookupError:
                    pass
            for gone in self.groups.keys() - there:
                try:
                    self.groups[gone].rmdir()
                    del self.groups[gone]
                except OSError:  # it has not quite ended
                    pass

    def close(self) -> None:
        self.ended.set()
        self.thread.join()
        for backend, group in self.groups.items():
            try:
                (CPU_ROOT / "cgroup.procs").write_text(str(backend))
            except ProcessLookupError:  # it has ended
                pass
            group.rmdir()


@contextmanager
def shares(rig: Rig):
    """None and the reason where this machine does not let us."""
    directory = CPU_ROOT / f"event-archiver-bench-shares-{os.getpid()}"
    try:
        directory.mkdir()
    except OSError as refused:
        yield None, f"no limits can be set below {CPU_ROOT}: {refused.strerror}"
        return
    made = Shares(rig.database.process.pid, directory)
    made.thread.start()
    try:
        yield made, ""
    finally:
        made.close()
        directory.rmdir()


def cores_to_spare(rig: Rig, scale: Scale, note) -> list:
    what = "wall, everything, of the same by hand, where PostgreSQL has cores to spare"
    table = rig.table(scale.rows, scale.days)
    ways = {
        "by hand": lambda: by_hand_copy(rig, table, by_day=True),
        "archive": lambda: rig.archive_copy(table, rig.plain),
        "archive, 8 lanes": lambda: rig.archive_copy(table, rig.plain, "--parallel", "8"),
    }
    costs = {name: [] for name in ways}
    with shares(rig) as (made, reason):
        if made is None:
            return [Result(what, "≤ 0.5 ×", f"skipped: {reason}", None)]
        for _ in range(min(scale.rounds, 3)):
            for name, measure in ways.items():
                costs[name].append(measure())
    note("cores to spare", costs, f"Each backend of PostgreSQL has {SHARE:g} of a core to itself.")
    walls = {name: [cost.wall for cost in each] for name, each in costs.items()}
    return [
        at_most(what, ratio(walls["archive"], walls["by hand"]), 0.5),
        at_most("the same, 8 lanes", ratio(walls["archive, 8 lanes"], walls["by hand"]), 0.5),
    ]
