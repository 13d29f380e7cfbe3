"""README and docs/settings.md tell the truth about settings: names, flags and defaults as in the program itself."""
import json
import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from support.archiver import Archiver
from support.servers import ROOT

ROW = re.compile(r"^\|\s*`(?P<names>[A-Z_0-9]+`[^|]*)\|(?P<flags>[^|]*)\|(?P<standard>[^|]*)\|", re.MULTILINE)


def test_the_settings_table_is_the_programs(binary):
    settings = json.loads(Archiver(binary).run("config", "-o", "json").stdout)["settings"]
    rows = list(ROW.finditer((ROOT / "docs/settings.md").read_text()))
    told = {name for row in rows for name in re.findall(r"\b[A-Z][A-Z_0-9]{3,}\b", row["names"])}
    missing = {setting["environment"] for setting in settings} - told
    assert not missing, f"docs/settings.md lacks {sorted(missing)}"
    flags = {flag for row in rows for flag in re.findall(r"--[a-z-]+", row["flags"])}
    assert flags == {setting["flag"] for setting in settings if setting["flag"]}
    for setting in settings:
        row = next(row for row in rows if setting["environment"] in row["names"])
        if setting["value"] is not None and setting["source"] == "default":
            assert (
                setting["value"].split('"')[0] in row["standard"]
            ), f"{setting['environment']} is {setting['value']} by default"


def test_the_settings_page_has_the_order_of_the_program(binary):
    """`config` and `help environment` group settings by feature, as the page does."""
    order = [setting["environment"] for setting in json.loads(Archiver(binary).run("config", "-o", "json").stdout)["settings"]]
    rows = ROW.finditer((ROOT / "docs/settings.md").read_text())
    told = [name for row in rows for name in re.findall(r"\b[A-Z][A-Z_0-9]{3,}\b", row["names"]) if name in order]
    assert told == order


def test_the_settings_of_the_readme_stand_in_the_page_of_all():
    """Word for word but for the links, which begin at another place."""
    page = (ROOT / "docs/settings.md").read_text().splitlines()
    short = [line for line in (ROOT / "README.md").read_text().splitlines() if ROW.match(line)]
    assert 8 <= len(short) <= 12
    for line in short:
        assert line.replace("](docs/", "](").replace("](settings.md#", "](#") in page


def test_the_readme_is_one_page():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 90


def test_the_picture_is_drawn_from_the_recording():
    """And what the README quotes was recorded: scripts/draw-quick-start says how to do both again."""
    path = ROOT / "scripts/draw-quick-start"
    script = module_from_spec(spec_from_loader("draw_quick_start", SourceFileLoader("draw_quick_start", str(path))))
    script.__loader__.exec_module(script)
    recording = (ROOT / "docs/quick-start.txt").read_text()
    assert script.drawn(recording) == (ROOT / "docs/quick-start.svg").read_text()
    (quoted,) = re.findall(r"^```console\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    printed = [script.plain(line) for line in recording.splitlines()]
    for line in quoted.splitlines():
        assert line in printed or line == "…" or line.startswith("$ export "), f"the recording lacks {line!r}"


def test_the_commands_table_is_the_programs(binary):
    overview = Archiver(binary).run("help", expect=0).stdout
    commands = re.findall(r"^  ([a-z-]+)  ", overview.split("\nOptions:")[0], re.MULTILINE)
    assert len(commands) >= 10
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|(.*)\|$", (ROOT / "docs/commands.md").read_text(), re.MULTILINE)
    told = {name: text for names, text in rows for name in re.findall(r"[a-z-]+", names)}
    assert set(commands) <= set(told), f"docs/commands.md lacks {sorted(set(commands) - set(told))}"
    short = (ROOT / "README.md").read_text().split("## Commands")[1].split("\n## ")[0]
    assert set(commands) <= set(re.findall(r"`([a-z-]+)`", short))
    settings = {row["flag"] for row in json.loads(Archiver(binary).run("config", "-o", "json").stdout)["settings"]}
    for command in commands:
        flags = set(re.findall(r"^ +(?:-[a-z], )?(--[a-z-]+)", Archiver(binary).run("help", command, expect=0).stdout, re.MULTILINE))
        for flag in flags - settings - {"--help", "--output", "--quiet", "--verbose"}:
            assert flag in told[command], f"docs/commands.md does not say that {command} takes {flag}"


def test_the_groups_of_settings_in_help_are_the_pages(binary):
    headings = re.findall(r"^## (.+)$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    for arguments in (["config"], ["environment"]):
        groups = re.findall(r"^(\w[^`,\n]*):$", Archiver(binary).run("help", *arguments, expect=0).stdout, re.MULTILINE)
        assert len(groups) > 8 and set(groups) - {"Options", "Examples"} <= set(headings)


def test_the_json_page_names_every_field(binary):
    """Whatever the documents hold, as the tests of each command see them, is in docs/json.md."""
    page = (ROOT / "docs/json.md").read_text()
    # The answers of the REST service are described by /openapi.json.
    sources = [each for each in (ROOT / "app/text").glob("*.cpp") if each.name != "export_json.cpp"]
    for source in [*sources, ROOT / "app/observe/run_json.cpp"]:
        for first, second in re.findall(r'\{"([a-z_]+)",|\b\w+\["([a-z_]+)"\]', source.read_text()):
            field = first or second
            assert f"`{field}`" in page or f"`{field}[]`" in page, f"docs/json.md lacks {field} of {source.name}"