"""docs/plugins.md: the files of its plugin are put where it says, and do what it says."""
import json
import re
import shutil

import pytest

from support.asking import serving, wait_for
from support.builds import BUILD, build, message
from support.projections import SHIPPED
from support.servers import ROOT

FILE = re.compile(r"^`(builds/[^`]+)`[^\n]*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def own_place(tmp_path):
    files = dict(FILE.findall((ROOT / "docs/plugins.md").read_text()))
    assert [path.rsplit("/", 1)[1] for path in files] == ["001_build_step.sql", "apply.sql", "steps.sql", "projection.conf"]
    own = tmp_path / "own"
    shutil.copytree(SHIPPED / "builds", own / "builds")
    for path, content in files.items():
        (own / path).parent.mkdir(parents=True, exist_ok=True)
        (own / path).write_text(content)
    return own


def test_a_javascript_plugin_that_was_carried_over(archiver, database, own_place, tmp_path):
    with database.connection.cursor() as cursor:  # as the JavaScript plugin has left it
        cursor.execute('CREATE TABLE build_step ("buildId" uuid NOT NULL, id varchar(255) NOT NULL, state varchar(255), PRIMARY KEY ("buildId", id))')
        cursor.execute("INSERT INTO build_step VALUES (%s, 'old', 'success')", (BUILD["id"],))
    told = {"PG_CONNECTION_STRING": database.uri, "JOURNAL": str(tmp_path / "journal"), "PROJECTIONS_PATH": str(own_place)}
    with serving(archiver, "builds,events", **told) as service:
        first = build(steps=[{"id": "a", "state": "pending"}, {"id": "b", "state": "pending"}, {"state": "no id"}])
        second = build(steps=[{"id": "a", "state": "success"}])
        for each in (first, second, second, build(steps="none")):
            assert service.post("/events/build_events", body=json.dumps(message(each)).encode(), Content_Type="application/json").status == 201
        path = f"/build/{BUILD['id']}/steps"
        wanted = [{"id": "a", "state": "success"}, {"id": "b", "state": "pending"}, {"id": "old", "state": "success"}]
        wait_for(lambda: service.get(path).status == 200 and service.get(path).json == wanted)
        assert service.get("/build/nope/steps").status == 400
        assert service.get(f"/build/{BUILD['id']}").json["buildId"] == BUILD["id"]
        assert path.replace(BUILD["id"], "{build}") in service.get("/openapi.json").json["paths"]
