"""How much memory a process had at most, and many clients at once that make it need some."""
import re
import threading
from pathlib import Path

MIB = 1 << 20


def peak_of(service) -> int:
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{service.process.pid}/status").read_text())[1]) * 1024


def at_once(work, count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
