"""completion: the scripts work in the shells they are for; the man page is one."""
import shutil
import subprocess

import pytest

COMMANDS = "archive plan recover list verify check config completion version help".split()


def script(archiver, shell: str, tmp_path) -> str:
    file = tmp_path / f"event-archiver.{shell}"
    file.write_text(archiver.run("completion", shell, expect=0).stdout)
    return str(file)


def needs(shell: str):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


def ask(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout


def bash(file: str, *words: str) -> list:
    typed = " ".join(f"'{word}'" for word in ("event-archiver", *words))
    return ask(
        "bash",
        "--norc",
        "-c",
        f"source {file}; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _event_archiver; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
    ).split()


def test_bash(archiver, tmp_path):
    file = script(archiver, "bash", tmp_path)
    assert "event-archiver" in ask("bash", "--norc", "-c", f"source {file}; complete -p event-archiver")
    assert set(bash(file, "")) >= set(COMMANDS)
    assert bash(file, "ver") == ["verify", "version"]
    assert bash(file, "verify", "--f") == ["--from"]
    assert "--retention" in bash(file, "archive", "--") and "--retention" not in bash(file, "list", "--")
    assert bash(file, "list", "-o", "") == ["text", "json"]
    assert bash(file, "list", "--output", "=", "j") == ["json"]
    assert "bash" in bash(file, "completion", "")
    assert bash(file, "archive", "--compression", "") == ["none", "gzip"]
    assert bash(file, "export", "--export-to", "=", "l") == ["lake"]
    (tmp_path / "a-report.html").touch()
    (tmp_path / "some-tasks").mkdir()
    assert bash(file, "archive", "--report", f"{tmp_path}/a-r") == [f"{tmp_path}/a-report.html"]
    assert bash(file, "send", f"{tmp_path}/a-r") == [f"{tmp_path}/a-report.html"]
    assert bash(file, "export", "--tasks", f"{tmp_path}/") == [f"{tmp_path}/some-tasks"]
    assert bash(file, "recover", "--keep", f"{tmp_path}/a-r") == [] and bash(file, "restore", "--day", "") == []


def test_zsh(archiver, tmp_path):
    needs("zsh")
    file = script(archiver, "zsh", tmp_path)
    assert (
        ask("zsh", "-fc", f"autoload -U compinit; compinit -D; source {file}; echo $_comps[event-archiver]").strip()
        == "_event_archiver"
    )


def test_fish(archiver, tmp_path):
    needs("fish")
    file = script(archiver, "fish", tmp_path)

    def offered(line: str) -> list:
        return [
            entry.split("\t")[0] for entry in ask("fish", "--no-config", "-c", f"source {file}; complete -C '{line}'").splitlines()
        ]

    assert set(offered("event-archiver ")) >= set(COMMANDS)
    assert offered("event-archiver verify --f") == ["--from"]
    assert sorted(offered("event-archiver list -o ")) == ["json", "text"]
    assert sorted(offered("event-archiver archive --tier ")) == ["cold", "cool", "hot"]
    (tmp_path / "a-report.html").touch()
    assert offered(f"event-archiver archive --report {tmp_path}/a-r") == [f"{tmp_path}/a-report.html"]


@pytest.mark.parametrize("arguments", [["completion"], ["completion", "tcsh"], ["completion", "bash", "zsh"]])
def test_other_shells_are_refused(archiver, arguments):
    outcome = archiver.run(*arguments, expect=2)
    assert outcome.stdout == "" and "bash" in outcome.stderr or "zsh" in outcome.stderr


def test_the_man_page(archiver, tmp_path):
    page = archiver.run("help", "man", expect=0).stdout
    assert page.startswith(".TH ")
    for word in (*COMMANDS, "PG_CONNECTION_STRING", "EXIT STATUS"):
        assert word in page
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    file = tmp_path / "event-archiver.1"
    file.write_text(page)
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-k", str(file)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and "event-archiver" in done.stdout
