"""The README tells the truth about settings: the same names, flags and defaults as the program itself."""
import json
import re

from support.archiver import Archiver
from support.servers import ROOT

ROW = re.compile(r"^\|\s*`(?P<names>[A-Z_0-9]+`[^|]*)\|(?P<flags>[^|]*)\|(?P<standard>[^|]*)\|", re.MULTILINE)


def test_the_settings_table_is_the_programs(binary):
    settings = json.loads(Archiver(binary).run("config", "-o", "json").stdout)["settings"]
    rows = list(ROW.finditer((ROOT / "README.md").read_text()))
    told = {name for row in rows for name in re.findall(r"\b[A-Z][A-Z_0-9]{3,}\b", row["names"])}
    missing = {setting["environment"] for setting in settings} - told
    assert not missing, f"the README's table lacks {sorted(missing)}"
    flags = {flag for row in rows for flag in re.findall(r"--[a-z-]+", row["flags"])}
    assert flags == {setting["flag"] for setting in settings if setting["flag"]}
    for setting in settings:
        row = next(row for row in rows if setting["environment"] in row["names"])
        if setting["value"] is not None and setting["source"] == "default":
            assert (
                setting["value"].split('"')[0] in row["standard"]
            ), f"{setting['environment']} is {setting['value']} by default"
