"""The program on a terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

ERASED = re.compile(r"\r([^\r\n]*)\x1b\[K")


def on_terminal(archiver, environment: dict, *arguments: str, columns: int = 100, poke_after: float = 0, command: str = "archive", expect: int = 0, stop_at: str = "") -> str:
    """What a run writes to a terminal; `poke_after` seconds, once rows are copied, it gets a SIGUSR1; once it wrote `stop_at`, a SIGTERM."""
    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    settings = {name: str(value) for name, value in archiver.settings.items() if name != "LOG_FORMAT"}
    process = subprocess.Popen(
        [str(archiver.binary), command, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={"PATH": "/usr/bin:/bin", "TERM": "xterm", **settings, **environment},
        close_fds=True,
    )
    os.close(terminal)
    began = time.monotonic()
    text = b""
    while True:
        if poke_after and time.monotonic() - began > poke_after and b"staging    [" in text:
            process.send_signal(signal.SIGUSR1)
            poke_after = 0
        if stop_at and stop_at.encode() in text:
            process.terminate()
            stop_at = ""
        readable, _, _ = select.select([control], [], [], 0.1 if poke_after else 60)
        try:
            chunk = os.read(control, 65536) if readable else b""
        except OSError:
            chunk = b""
        if not chunk and (readable or not poke_after):
            break
        text += chunk
    assert process.wait(60) == expect, text.decode()
    os.close(control)
    return text.decode()


def screen(archiver, command: str, *arguments: str, columns: int = 80, **how) -> str:
    """What is left of a run on a terminal, no line of which is wider."""
    lines = left_on_screen(on_terminal(archiver, {}, *arguments, command=command, columns=columns, **how))
    too_wide = [line for line in lines if len(line) > columns]
    assert not too_wide, "\n".join(too_wide)
    return "\n".join(lines)


def joined(text: str) -> str:
    """Without the breaks of lines."""
    return re.sub(r"\s+", " ", text)


def bars_of(text: str) -> list:
    """The progress bars that were drawn, each in place of the one before."""
    return [bar for bar in ERASED.findall(text) if bar]


def left_on_screen(text: str) -> list:
    """The lines that remain, without colour."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return [line for line in re.sub(r"\r[^\r\n]*\x1b\[K", "", text).replace("\r\n", "\n").split("\n") if line]
