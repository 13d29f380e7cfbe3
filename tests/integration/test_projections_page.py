"""docs/projections.md builds a projection from nothing: its blocks are run as they stand, but for the port."""
import os
import signal
import subprocess

from support.asking import wait_for
from support.blocks import blocks, clean_environment
from support.servers import ROOT, free_port


def test_one_of_your_own_is_made_as_the_page_says(binary, database, tmp_path):
    page = ROOT / "docs/projections.md"
    files, commands = [each for each in blocks(page) if each.words == ["sh"]][:2]
    assert "apply.sql" in files.text and "event-archiver serve" in commands.text
    port = free_port()
    settings = {"PG_CONNECTION_STRING": database.uri, "SERVE_PORT": port}
    environment = clean_environment(binary, settings)
    files.run(tmp_path, environment)
    text = commands.text.replace(":8002", f":{port}")
    log = (tmp_path / "log").open("wb")
    shell = subprocess.Popen(["bash", "-euo", "pipefail", "-c", text], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
    try:
        answered = b""
        while b'"customer":"ada"' not in answered:  # its last command's answer
            part = os.read(shell.stdout.fileno(), 65536)
            assert part, (tmp_path / "log").read_text()
            answered += part
        said = page.read_text().split("prints `")[1].split("`")[0]
        again = ["curl", "-sS", f"http://127.0.0.1:{port}/totals/ada"]
        wait_for(lambda: subprocess.run(again, capture_output=True, text=True, check=True).stdout == said)
    finally:
        subprocess.run(["pkill", "-TERM", "--session", str(shell.pid)], check=False)
        shell.wait(30)
    assert shell.returncode in (0, -signal.SIGTERM)
