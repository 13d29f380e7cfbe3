"""The rivals' packages, fetched or built once into build/tools; a rival that cannot be had is left out, and the run says why."""
import shutil
import subprocess
from pathlib import Path

from support.servers import ROOT

NODE = ROOT / "bench/rivals"
BENTHOS = ROOT / "bench/rivals/benthos"


class Missing(Exception):
    """Why a rival cannot be measured here."""


def made(name: str, kept: list, command: list) -> Path:
    """The directory build/tools/NAME, which the command fills in a copy of those files; made again when one of them has changed."""
    place = ROOT / "build/tools" / name
    if all((place / file.name).exists() and (place / file.name).read_bytes() == file.read_bytes() for file in kept):
        return place
    if shutil.which(command[0]) is None:
        raise Missing(f"there is no {command[0]}")
    new = place.with_name(f"{name}.new")
    for old in (new, place):
        shutil.rmtree(old, ignore_errors=True)
    new.mkdir(parents=True)
    for file in kept:
        shutil.copy(file, new)
    try:
        done = subprocess.run(command, cwd=new, capture_output=True, text=True, timeout=900)
    except subprocess.TimeoutExpired as late:
        raise Missing(f"{command[0]} took longer than {late.timeout:.0f} s") from late
    if done.returncode != 0:
        raise Missing(f"{' '.join(command[:2])} failed: {done.stderr.strip().rpartition(chr(10))[2][:200]}")
    new.rename(place)
    return place


def node(script: str) -> tuple:
    """The command of one of our rebuilt programs, and the variable by which it finds its packages."""
    place = made("rivals", [NODE / "package.json", NODE / "package-lock.json"], ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    return [shutil.which("node"), str(NODE / script)], {"NODE_PATH": str(place / "node_modules")}


def benthos() -> Path:
    files = [BENTHOS / name for name in ("main.go", "go.mod", "go.sum")]
    return made("benthos", files, ["go", "build", "-o", "benthos", "."]) / "benthos"


def storage_sdk() -> Path:
    """Where scripts/setup puts Azure's own SDK."""
    place = ROOT / "build/tools/storage-sdk/node_modules"
    if not place.exists() or shutil.which("node") is None:
        raise Missing("Azure's SDK is not in build/tools")
    return place


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"there is no {name}")
    return found
