"""The limits of the CronJob's pod, as the kernel imposes them: a CPU quota and a memory limit (cgroup v1)."""
import os
import re
from contextlib import contextmanager
from pathlib import Path

CPU_ROOT = Path("/sys/fs/cgroup/cpu")
MEMORY_ROOT = Path("/sys/fs/cgroup/memory")
PERIOD = 100_000  # microseconds; Kubernetes' own


class PodLimits:
    """Two cgroups of our own; `enter` is called by the process that is to run in them."""

    def __init__(self, cpu: Path, memory: Path):
        self.cpu, self.memory = cpu, memory

    def enter(self) -> None:
        for group in (self.cpu, self.memory):
            (group / "cgroup.procs").write_text("0")

    def throttled_seconds(self) -> float:
        found = re.search(r"throttled_time (\d+)", (self.cpu / "cpu.stat").read_text())
        return int(found[1]) / 1e9 if found else 0.0

    def memory_peak(self) -> int:
        """Bytes charged at most, by all that ran in it: anonymous memory, socket buffers and pages of files."""
        return int((self.memory / "memory.max_usage_in_bytes").read_text())

    def refused_allocations(self) -> int:
        """How often the limit was hit."""
        return int((self.memory / "memory.failcnt").read_text())


@contextmanager
def pod_limits(millicores: int, mebibytes: int):
    """Such limits with nothing in them; None and the reason where this machine does not let us."""
    name = f"event-archiver-bench-{os.getpid()}"
    limits = PodLimits(CPU_ROOT / name, MEMORY_ROOT / name)
    made = []
    try:
        for group in (limits.cpu, limits.memory):
            group.mkdir()
            made.append(group)
        (limits.cpu / "cpu.cfs_period_us").write_text(str(PERIOD))
        (limits.cpu / "cpu.cfs_quota_us").write_text(str(PERIOD * millicores // 1000))
        (limits.memory / "memory.limit_in_bytes").write_text(str(mebibytes << 20))
    except OSError as refused:
        for group in made:
            group.rmdir()
        yield None, f"no limits can be set below {CPU_ROOT.parent}: {refused.strerror}"
        return
    try:
        yield limits, ""
    finally:
        for group in made:
            group.rmdir()
