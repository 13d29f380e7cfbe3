"""completion: the scripts work in the shells they are for; the man page is one."""
import os
import pty
import shutil
import subprocess

import pytest

from support.asking import wait_for
from support.event_serving import EventService

COMMANDS = (
    "archive plan list verify restore recover cat erase check export send journal serve project projections dead-letters migrate"
    " config completion version help"
).split()

# Writes what is offered into $OFFERED, a name a line.
ZSH = """
autoload -U compinit; compinit -D -u
source $SCRIPT
compadd() {
    local -a offered
    [[ " $*" == *' -'[OAD]' '* ]] || { builtin compadd -O offered "$@"; print -l -- $offered >> $OFFERED.part }
    builtin compadd "$@"
}
ended() { touch $OFFERED.part; mv $OFFERED.part $OFFERED }
zle -N ended; bindkey '^X' ended
"""


class Shells:
    """The three shells, each with its script and settings that say where names are."""

    def __init__(self, archiver, directory):
        self.archiver = archiver
        self.directory = directory
        (directory / "bin").mkdir()
        (directory / "bin/event-archiver").symlink_to(archiver.binary)
        self.environment = {"PATH": f"{directory}/bin:{os.environ['PATH']}", "HOME": str(directory), "TERM": "xterm"}

    def set(self, **settings):
        self.environment.update(settings)

    def script(self, shell: str) -> str:
        if not shutil.which(shell):
            pytest.skip(f"{shell} is not installed")
        file = self.directory / f"event-archiver.{shell}"
        file.write_text(self.archiver.run("completion", shell, expect=0).stdout)
        return str(file)

    def ask(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=self.environment)
        assert done.returncode == 0 and not done.stderr, done
        return done.stdout

    def bash(self, *words: str) -> list:
        typed = " ".join(f"'{word}'" for word in ("event-archiver", *words))
        said = self.ask(
            "bash",
            "--norc",
            "-c",
            f"source {self.script('bash')}; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _event_archiver; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        )
        return said.split()

    def fish(self, line: str) -> list:
        said = self.ask("fish", "--no-config", "-c", f"source {self.script('fish')}; complete -C '{line}'")
        return [entry.split("\t")[0] for entry in said.splitlines()]

    def zsh(self, line: str) -> list:
        """Types the line and TAB into a shell on a terminal."""
        start, offered = self.directory / "start.zsh", self.directory / "offered"
        start.write_text(ZSH)
        offered.unlink(missing_ok=True)
        control, terminal = pty.openpty()
        environment = {**self.environment, "SCRIPT": self.script("zsh"), "OFFERED": str(offered)}
        shell = subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=terminal, stdout=terminal, stderr=terminal, env=environment, close_fds=True, start_new_session=True
        )
        os.close(terminal)
        try:
            os.write(control, f"source {start}\n{line}\t\x18".encode())
            wait_for(offered.exists)
        finally:
            shell.kill()
            shell.wait()
            os.close(control)
        return offered.read_text().split()


@pytest.fixture
def shells(archiver, tmp_path):
    return Shells(archiver, tmp_path)


@pytest.fixture
def named(shells, binary, archiver, table, tmp_path):
    """Three days, the last with uncommitted rows; two topics, tasks and projections."""
    table.fill(60, 3)
    archiver.archive("--max-days", "2")
    archiver.archive("--dry-run")
    with EventService(binary, tmp_path / "journal") as service:
        for topic in ("audit", "live"):
            assert service.send_events([{"n": 1}], topic=topic).status == 201
    for task in ("tasks/agency", "tasks/source"):
        (tmp_path / task).mkdir(parents=True)
        (tmp_path / task / "select.sql").write_text("SELECT 1")
    for name in ("mine_a", "mine_b"):
        (tmp_path / "projections" / name).mkdir(parents=True)
        (tmp_path / "projections" / name / "projection.conf").write_text("")
    shells.set(**{name: str(value) for name, value in archiver.settings.items() if name != "PG_CONNECTION_STRING"})
    shells.set(DSL_PATH=str(tmp_path / "tasks"), PROJECTIONS_PATH=str(tmp_path / "projections"))
    return shells


# What is typed, the word at the cursor, and what is offered for it.
NAMES = [
    ("restore --day", "2024-01-", ["2024-01-01", "2024-01-02", "2024-01-03"]),
    ("list --from", "2024-01-02", ["2024-01-02"]),
    ("recover --keep", "", ["events_2024-01-03.csv"]),
    ("journal --journal {0}/journal cat", "", ["audit", "live"]),
    ("export", "a", ["agency"]),
    ("project", "mine", ["mine_a", "mine_b"]),
    ("projections rebuild", "mine", ["mine_a", "mine_b"]),
    ("dead-letters", "mine_a", ["mine_a"]),
    ("serve --project", "mine_a,mine", ["mine_a,mine_b"]),
    ("serve --apis", "live,bu", ["live,builds"]),
    ("archive --tier", "", ["hot", "cool", "cold"]),
    ("projections", "", ["pause", "resume", "replay", "rebuild", "forget"]),
    ("journal verify", "a", []),
]


@pytest.mark.parametrize("before, word, offered", NAMES)
def test_names_are_offered_by_bash(named, before, word, offered):
    assert named.bash(*before.format(named.directory).split(), word) == offered


@pytest.mark.parametrize("before, word, offered", NAMES)
def test_names_are_offered_by_fish(named, before, word, offered):
    assert sorted(named.fish(f"event-archiver {before.format(named.directory)} {word}")) == sorted(offered)


@pytest.mark.parametrize("before, word, offered", NAMES)
def test_names_are_offered_by_zsh(named, before, word, offered):
    # Of a list zsh offers the last element.
    assert sorted(named.zsh(f"event-archiver {before.format(named.directory)} {word}")) == sorted(each.split(",")[-1] for each in offered)


def test_where_nothing_can_be_asked_nothing_is_offered_and_nothing_written(shells, tmp_path):
    shells.set(JOURNAL=str(tmp_path / "nowhere"), AZURE_STORAGE_ACCOUNT="", ARCHIVE_TRACE=str(tmp_path / "trace"))
    before = set(os.listdir(tmp_path))
    for words in (("journal", "cat", ""), ("restore", "--report", f"{tmp_path}/page", "--day", ""), ("export", "")):
        assert shells.bash(*words) == []
    assert set(os.listdir(tmp_path)) - before == {"event-archiver.bash"}


def test_bash_quotes_what_its_command_line_would_read_as_more(shells, tmp_path):
    (tmp_path / "tasks/a b;id").mkdir(parents=True)
    (tmp_path / "tasks/a b;id/select.sql").write_text("SELECT 1")
    shells.set(DSL_PATH=str(tmp_path / "tasks"))
    assert " ".join(shells.bash("export", "a")) == r"a\ b\;id"


def test_bash(shells, tmp_path):
    bash = shells.bash
    assert "event-archiver" in shells.ask("bash", "--norc", "-c", f"source {shells.script('bash')}; complete -p event-archiver")
    assert set(bash("")) >= set(COMMANDS)
    assert bash("ver") == ["verify", "version"]
    assert bash("verify", "--f") == ["--from"]
    assert "--retention" in bash("archive", "--") and "--retention" not in bash("list", "--")
    assert bash("list", "-o", "") == ["text", "json"]
    assert bash("list", "--output", "=", "j") == ["json"]
    assert bash("archive", "--compression", "=") == ["none", "gzip"]
    assert bash("serve", "--apis", "live,") == ["live,exports", "live,timestamps", "live,builds", "live,events"]
    assert bash("completion", "") == ["bash", "zsh", "fish"]
    assert bash("archive", "--compression", "") == ["none", "gzip"]
    assert bash("export", "--export-to", "=", "l") == ["lake"]
    (tmp_path / "a-report.html").touch()
    (tmp_path / "some-tasks").mkdir()
    assert bash("archive", "--report", f"{tmp_path}/a-r") == [f"{tmp_path}/a-report.html"]
    assert bash("send", f"{tmp_path}/a-r") == [f"{tmp_path}/a-report.html"]
    assert sorted(bash("export", "--tasks", f"{tmp_path}/")) == [f"{tmp_path}/bin", f"{tmp_path}/some-tasks"]


def test_zsh(shells):
    script = shells.script("zsh")
    assert shells.ask("zsh", "-fc", f"autoload -U compinit; compinit -D; source {script}; echo $_comps[event-archiver]").strip() == "_event_archiver"
    assert "--from" in shells.zsh("event-archiver verify --f")


def test_fish(shells, tmp_path):
    offered = shells.fish
    assert set(offered("event-archiver ")) >= set(COMMANDS)
    assert offered("event-archiver verify --f") == ["--from"]
    assert sorted(offered("event-archiver list -o ")) == ["json", "text"]
    assert offered("event-archiver serve --apis=live,bu") == ["--apis=live,builds"]
    assert offered("event-archiver check --for export ag") == []
    (tmp_path / "a-report.html").touch()
    assert offered(f"event-archiver archive --report {tmp_path}/a-r") == [f"{tmp_path}/a-report.html"]


@pytest.mark.parametrize("kind", ["topics", "days"])
def test_a_person_who_asks_for_names_is_told_why_there_are_none(archiver, tmp_path, kind):
    outcome = archiver.run("completion", kind, settings={"JOURNAL": str(tmp_path / "nowhere"), "AZURE_STORAGE_ACCOUNT": None, "AZURE_STORAGE_CONNECTION_STRING": None})
    assert outcome.code in (2, 3) and outcome.stdout == "" and outcome.stderr


@pytest.mark.parametrize("arguments", [["completion"], ["completion", "tcsh"], ["completion", "bash", "zsh"]])
def test_other_shells_are_refused(archiver, arguments):
    outcome = archiver.run(*arguments, expect=2)
    assert outcome.stdout == "" and "bash" in outcome.stderr or "zsh" in outcome.stderr


def test_the_man_page(archiver, tmp_path):
    page = archiver.run("help", "man", expect=0).stdout
    assert page.startswith(".TH ")
    for word in (*COMMANDS, "PG_CONNECTION_STRING", "EXIT STATUS"):
        assert word.replace("-", "\\-") in page or word in page
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    file = tmp_path / "event-archiver.1"
    file.write_text(page)
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-k", str(file)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and "event-archiver" in done.stdout
