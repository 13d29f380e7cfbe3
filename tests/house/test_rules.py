"""The rules of the house: which room may use which, what may be included where, and that headers stand alone."""
import re
import subprocess
from pathlib import Path

import pytest

from support.servers import ROOT

# Arrows point down: app -> exports -> archive -> db, azure, csv -> async; app -> telemetry -> azure; app -> http -> async.
MAY_USE = {
    "async": set(),
    "db": {"async"},
    "azure": {"async"},
    "csv": {"async"},
    "archive": {"db", "azure", "csv", "async"},
    "exports": {"archive", "db", "azure", "csv", "async"},
    "telemetry": {"azure", "async"},
    "http": {"async"},
    "app": {"exports", "archive", "telemetry", "http", "db", "azure", "csv", "async"},
}
# A library stays in the room, or the rooms, that wrap it.
KEPT_IN = {
    "libpq": (re.compile(r"^libpq|^libpq-fe\.h|^postgres"), "db"),
    "Beast": (re.compile(r"^boost/beast"), "azure", "http"),
    "TLS": (re.compile(r"^boost/asio/ssl|^openssl/"), "azure"),
    "CLI11": (re.compile(r"^CLI/"), "app"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
SOURCES = sorted(path for room in MAY_USE for path in (ROOT / room).rglob("*.[ch]pp"))
HEADERS = [path for path in SOURCES if path.suffix == ".hpp"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def includes(path: Path) -> list:
    return INCLUDE.findall(path.read_text())


@pytest.mark.parametrize("room", MAY_USE)
def test_arrows_point_down(room):
    wrong = [
        f"{name(path)} includes {target}"
        for path in SOURCES
        if name(path).startswith(room + "/")
        for target in includes(path)
        if target.split("/")[0] in MAY_USE.keys() - MAY_USE[room] - {room}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", KEPT_IN)
def test_a_library_stays_in_its_room(library):
    pattern, *rooms = KEPT_IN[library]
    wrong = [
        f"{name(path)} includes {target}"
        for path in SOURCES
        if name(path).split("/")[0] not in rooms
        for target in includes(path)
        if pattern.search(target)
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_to_do():
    marker = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    wrong = []
    for file in listed:
        path = ROOT / file
        if path.is_file():
            wrong += [
                f"{file}:{number}: {line.strip()}"
                for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
                if marker.search(line)
            ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("header", HEADERS, ids=name)
def test_a_header_stands_alone(header):
    """Its source file includes it first, which proves it; a header without one is compiled by itself."""
    source = header.with_suffix(".cpp")
    if source.exists():
        own = [target for target in includes(source)][:1]
        assert own == [name(header)], f"{name(source)} must include its own header first"
        return
    flags = subprocess.run(
        ["pkg-config", "--cflags", "libpq"], check=True, capture_output=True, text=True
    ).stdout.split()
    alone = ROOT / "build/house" / (name(header).replace("/", "_") + ".cpp")  # one place, so that ccache knows it again
    alone.parent.mkdir(parents=True, exist_ok=True)
    alone.write_text(f'#include "{name(header)}"\n')
    done = subprocess.run(
        [
            "ccache",
            "g++",
            "-std=c++20",
            "-fcoroutines",
            "-O0",
            "-c",
            *flags,
            f"-I{ROOT}",
            "-o",
            str(alone.with_suffix(".o")),
            str(alone),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_no_braced_temporary_in_a_coroutine_expression():
    """GCC 12 copies what is in the braces bit by bit: `std::array ids{co_await next()}` destroys a string twice."""
    braced = re.compile(r"[\w>]\{[^{};]*\bco_await\b[^{};]*\}")
    wrong = [f"{name(path)}: {found.strip()}" for path in SOURCES for found in braced.findall(path.read_text())]
    assert not wrong, "\n".join(wrong)
