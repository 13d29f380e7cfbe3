"""The rules of the house: which room may use which, what may be included where, and that headers stand alone."""
import json
import re
import subprocess
from pathlib import Path

import pytest

from support.servers import ROOT

LISTED = json.loads((ROOT / "cmake/rooms.json").read_text())
ROOMS = {room["name"]: room for room in LISTED["rooms"]}
# A room may have parts: folders of it that use the files of the folders around them, and only those other parts that are
# listed. A part that is listed may be used with all parts in it.
PARTS = [(room, part) for room in ROOMS for part in ROOMS[room].get("parts", {})]
LIBRARIES = LISTED["libraries"]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.[ch]pp"))
HEADERS = [path for path in SOURCES if path.suffix == ".hpp"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def includes(path: Path) -> list:
    return INCLUDE.findall(path.read_text())


def part_of(room: str, file: str) -> str:
    """The part of the room that a file is in, as "run/erase"; "" for the files of the room itself."""
    parts = ROOMS[room].get("parts", {})
    folders = file.split("/")[1:-1]
    paths = ["/".join(folders[:depth]) for depth in range(len(folders), 0, -1)]
    return next((path for path in paths if path in parts), "")


def may_use(part: str, other: str, parts: dict) -> bool:
    if part == other or not other or part.startswith(other + "/"):
        return True
    around = [path for path in parts if part == path or part.startswith(path + "/")]
    return any(f"{other}/".startswith(f"{listed}/") for path in around for listed in parts[path])


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_point_down(room):
    may_use = {room, *ROOMS[room]["uses"]}
    wrong = [
        f"{name(path)} includes {target}"
        for path in SOURCES
        if name(path).startswith(room + "/")
        for target in includes(path)
        if target.split("/")[0] in ROOMS.keys() - may_use
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", [room for room in ROOMS if "parts" in ROOMS[room]])
def test_arrows_between_parts_point_down(room):
    """What is in no part is below all parts; what `above` names is above them."""
    parts, above = ROOMS[room]["parts"], ROOMS[room].get("above", [])
    wrong = [
        f"{name(path)} includes {target}"
        for path in SOURCES
        if name(path).startswith(room + "/") and name(path).removeprefix(room + "/") not in above
        for target in includes(path)
        if target.startswith(room + "/")
        if not may_use(part_of(room, name(path)), part_of(room, target), parts)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_make_no_circle(room):
    def below(start: str, arrows: dict) -> set:
        seen, left = set(), [start]
        while left:
            left += [each for each in arrows[left.pop()] if each not in seen and not seen.add(each)]
        return seen

    assert room not in below(room, {each: ROOMS[each]["uses"] for each in ROOMS})
    for part in ROOMS[room].get("parts", {}):
        assert part not in below(part, ROOMS[room]["parts"]), f"{room}/{part} uses itself"


@pytest.mark.parametrize("room", ROOMS)
def test_each_folder_is_a_part(room):
    folders = [path for path in (ROOT / room).rglob("*") if path.is_dir() and path.name != "impl"]
    assert {str(path.relative_to(ROOT / room)) for path in folders} == set(ROOMS[room].get("parts", {}))


def test_the_other_lists_of_rooms_are_this_one():
    """Headers that clang-tidy looks at, and what CONTRIBUTING says of each room."""
    looked_at = re.search(r"^HeaderFilterRegex: '(.*)'$", (ROOT / ".clang-tidy").read_text(), re.MULTILINE)
    assert not [name(path) for path in HEADERS if not re.search(looked_at.group(1), str(path))]
    told = (ROOT / "CONTRIBUTING.md").read_text()
    assert not [room for room in ROOMS if f"`{room}/`" not in told and not re.search(rf"`[^`]*\b{room}\b[^`]*`", told)]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_room(library):
    pattern = re.compile(LIBRARIES[library]["includes"])
    homes = tuple(home + "/" for home in LIBRARIES[library]["stays_in"])
    wrong = [
        f"{name(path)} includes {target}"
        for path in SOURCES
        if not name(path).startswith(homes)
        for target in includes(path)
        if pattern.search(target)
    ]
    assert not wrong, "\n".join(wrong)


TESTED_BY = re.compile(r"^// Tested by (\S.*(?:\n// .*)*)", re.MULTILINE)


def test_each_test_that_a_unit_names_is_there():
    """A name without a folder is one of the folder before it."""
    wrong = []
    for path in SOURCES:
        for said in TESTED_BY.findall(path.read_text()):
            named = [ROOT / each for each in re.findall(r"[\w/.-]+\.(?:cpp|hpp|py)\b", said)]
            folder = named[0].parent if named else ROOT
            there = [each.exists() or (folder / each.name).exists() for each in named]
            if not there or not all(there):
                wrong.append(f"{name(path)}: {said}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", ROOMS)
def test_each_unit_names_its_test(room):
    """By a file of its name in the room's folder of tests/unit, or by a line that says which test is its own."""
    named = {path.name.removesuffix("_test.cpp") for path in (ROOT / "tests/unit" / room).rglob("*_test.cpp")}
    wrong = [
        name(path)
        for path in SOURCES
        if path.suffix == ".cpp" and name(path).startswith(room + "/") and path.stem not in named | {"main"}
        if not any(each.exists() and TESTED_BY.search(each.read_text()) for each in (path.with_suffix(".hpp"), path))
    ]
    assert not wrong, "\n".join(wrong)


def listed_files() -> list:
    """Files that git tracks, and new ones that it does not ignore."""
    command = ["git", "-c", "core.quotePath=false", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]


def test_file_names_are_plain():
    """Another name comes from a test whose program wrote to a relative path in the checkout."""
    assert not [file for file in listed_files() if not re.fullmatch(r"[\w./+-]+", file, re.ASCII)]


def test_nothing_is_left_to_do():
    marker = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    wrong = []
    for file in listed_files():
        path = ROOT / file
        if path.is_file():
            wrong += [
                f"{file}:{number}: {line.strip()}"
                for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
                if marker.search(line)
            ]
    assert not wrong, "\n".join(wrong)


def test_times_are_written_in_one_place():
    """fmt writes a time_point in the time zone of the process."""
    wrong = [name(path) for path in SOURCES if "{:%" in path.read_text() and name(path) != "async/utc_time.cpp"]
    assert not wrong, "\n".join(wrong)


def test_a_source_includes_its_own_header_first():
    """Which proves that the header stands alone."""
    wrong = [
        f"{name(header.with_suffix('.cpp'))} must include its own header first"
        for header in HEADERS
        if header.with_suffix(".cpp").exists() and includes(header.with_suffix(".cpp"))[:1] != [name(header)]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.sampled
@pytest.mark.parametrize("header", [header for header in HEADERS if not header.with_suffix(".cpp").exists()], ids=name)
def test_a_header_stands_alone(header):
    """One that has no source of its own is compiled by itself."""
    flags = subprocess.run(["pkg-config", "--cflags", "libpq"], check=True, capture_output=True, text=True).stdout.split()
    compiler = ["g++", "-std=c++20", "-fcoroutines", "-fsyntax-only", *flags, f"-I{ROOT}"]
    done = subprocess.run([*compiler, "-x", "c++", str(header)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def test_no_braced_temporary_in_a_coroutine_expression():
    """GCC 12 copies what is in the braces bit by bit: `std::array ids{co_await next()}` destroys a string twice."""
    braced = re.compile(r"[\w>]\{[^{};]*\bco_await\b[^{};]*\}")
    wrong = [f"{name(path)}: {found.strip()}" for path in SOURCES for found in braced.findall(path.read_text())]
    assert not wrong, "\n".join(wrong)


def functions(path):
    """The lines of each body that begins behind a line at the margin or its continuation."""
    body = None
    for line in path.read_text().splitlines():
        if line.startswith("}"):
            if body is not None:
                yield body
            body = None
        elif body is not None:
            body.append(line)
        elif line.endswith("{") and not line.startswith("namespace"):
            body = []


def test_no_condition_awaits_in_a_function_without_a_variable():
    """GCC 12 gives `{ if (!co_await ready()) throw …; }` a wrong frame if the function itself declares nothing: it crashes."""
    awaits = re.compile(r"\b(?:if|while) \(.*\bco_await\b")
    keyword = r"(?!(?:co_return|co_await|throw|return|if|for|while|else|switch|try|do|using)\b)"
    declares = re.compile(rf"    (?:for \([^;]|{keyword}(?:const |auto\b|[\w:]+(?:<.*>)?[&*]? \w+ ?[=;({{]))")
    wrong = [
        f"{name(path)}: {line.strip()}"
        for path in SOURCES
        for body in functions(path)
        for line in body
        if awaits.search(line) and not any(declares.match(each) for each in body)
    ]
    assert not wrong, "\n".join(wrong)
