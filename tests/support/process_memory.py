"""How much memory a process had at most, and many clients at once that make it need some."""
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MIB = 1 << 20


def peak_of(service) -> int:
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{service.process.pid}/status").read_text())[1]) * 1024


def at_once(work, count: int) -> None:
    with ThreadPoolExecutor(count) as clients:
        list(clients.map(work, range(count)))
