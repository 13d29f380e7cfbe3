"""What `cmake --install` and `cpack` lay down, and that systemd would take it."""
import re
import subprocess
from pathlib import Path

import pytest

from support.archiver import Archiver
from support.servers import ROOT


def output(*command, **how) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **how)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package(binary, tmp_path_factory) -> Path:
    """The .deb."""
    directory = tmp_path_factory.mktemp("package")
    output("cpack", "--config", binary.parent / "CPackConfig.cmake", "-B", directory)
    (made,) = directory.glob("*.deb")
    return made


@pytest.fixture(scope="module")
def root(package, tmp_path_factory) -> Path:
    """The .deb, unpacked."""
    directory = tmp_path_factory.mktemp("root")
    output("dpkg-deb", "-x", package, directory)
    return directory


@pytest.fixture(scope="module")
def service(root) -> dict:
    """The unit's settings; one that is given twice has both values."""
    found = {}
    text = (root / "usr/lib/systemd/system/event-archiver.service").read_text()
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def test_the_package_runs_and_names_what_it_needs(package, root, binary):
    assert output(root / "usr/bin/event-archiver", "version") == output(binary, "version")
    fields = output("dpkg-deb", "-f", package)
    assert re.search(r"^Depends: .*\blibpq5\b.*\blibssl3\b", fields, re.MULTILINE), fields
    assert "ca-certificates" in fields and "Architecture: " in fields
    assert output("dpkg-deb", "-I", package, "conffiles").split() == ["/etc/event-archiver/event-archiver.env"]
    assert (root / "etc/event-archiver/event-archiver.env").stat().st_mode & 0o777 == 0o600, "it will hold secrets"


def test_its_docs_are_there_and_link_to_each_other(root):
    docs = root / "usr/share/doc/event-archiver"
    assert (docs / "README.md").exists() and (docs / "docs/protocol.md").exists()
    for page in docs.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            inside = (page.parent / target).resolve()
            assert inside.exists() or not inside.is_relative_to(docs / "docs"), f"{page.name} links to {target}"


def test_its_scripts_are_shell(package, tmp_path):
    output("dpkg-deb", "-e", package, tmp_path)
    for name in ("postinst", "prerm", "postrm"):
        output("sh", "-n", tmp_path / name)
        assert (tmp_path / name).stat().st_mode & 0o111


def test_systemd_takes_the_units(root, tmp_path):
    units = root / "usr/lib/systemd/system"
    # The program is not installed on this machine, and systemd looks.
    unit = tmp_path / "event-archiver.service"
    unit.write_text((units / unit.name).read_text().replace("=/usr/bin/", f"={root}/usr/bin/"))
    done = subprocess.run(["systemd-analyze", "verify", unit, units / "event-archiver.timer"], capture_output=True, text=True)
    assert done.returncode == 0 and "event-archiver" not in done.stderr, done.stderr
    output("systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit)
    when = re.search(r"^OnCalendar=(.*)$", (units / "event-archiver.timer").read_text(), re.MULTILINE)[1]
    assert "(in UTC): Sun 2026-03-29 02:00:00 UTC" in output(
        "systemd-analyze", "calendar", "--base-time=2026-03-28 12:00:00 UTC", when, env={"TZ": "Europe/Zurich", "PATH": "/usr/bin"}
    )


def test_systemd_tries_again_only_where_it_helps(service):
    table = (ROOT / "docs/commands.md").read_text().split("## Exit codes")[1]
    hopeless = re.findall(r"^\| (\d+) \|[^|]*\| (?:no|rarely)[^|]*\|$", table, re.MULTILINE)
    assert service["RestartPreventExitStatus"][0].split() == hopeless
    assert service["SuccessExitStatus"] == ["130 143"]


def test_the_system_calls_of_a_run_are_allowed(root, service, archiver, table, oracle, tmp_path):
    """systemd kills a service at the first system call that its filter does not name."""
    def names(group: str) -> set:
        found = set()
        for word in re.findall(r"^ +(@?[\w-]+)$", output("systemd-analyze", "syscall-filter", group), re.MULTILINE):
            found |= names(word) if word.startswith("@") else {word}
        return found

    allowed = set()
    for entry in service["SystemCallFilter"]:
        for group in entry.lstrip("~").split():
            allowed = allowed - names(group) if entry.startswith("~") else allowed | names(group)
    table.fill(200, 3)
    oracle.remember()
    trace = tmp_path / "trace"
    program = root / "usr/bin/event-archiver"
    environment = {name: str(value) for name, value in archiver.settings.items()}
    output("strace", "-f", "-qq", "-o", trace, "-e", "signal=none", program, "archive", env=environment)
    assert oracle.check().archived == 200
    used = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {"connect", "execve"} <= used
    assert not used - allowed, "the unit's SystemCallFilter forbids them"


def test_settings_of_the_package_are_the_programs(root, binary):
    known = output(binary, "help", "environment")
    named = re.findall(r"^#?([A-Z_]+)=", (root / "etc/event-archiver/event-archiver.env").read_text(), re.MULTILINE)
    assert named and all(name in known or name.startswith("PG") for name in named)


def test_installed_elsewhere_its_unit_names_it_there(binary, tmp_path):
    output("cmake", "--install", binary.parent, "--prefix", tmp_path)
    unit = (tmp_path / "lib/systemd/system/event-archiver.service").read_text()
    assert f"ExecStart={tmp_path}/bin/event-archiver archive" in unit
    printed = {"share/man/man1/event-archiver.1": ("help", "man"), "share/bash-completion/completions/event-archiver": ("completion", "bash")}
    for file, arguments in printed.items():
        said = Archiver(binary).run(*arguments)
        assert (tmp_path / file).exists() == (said.code == 0)
        assert said.code != 0 or (tmp_path / file).read_text() == said.stdout
