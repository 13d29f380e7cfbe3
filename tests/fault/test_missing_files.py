"""A file that the ledger knows and that is not there: a person says that it was moved or removed on purpose. Nothing else makes it right."""
import pytest

from support.scene import KINDS
from test_ledger import files, ledger, named


def missed(scene, name: str) -> None:
    assert named(scene)[name] == ("ledger", "missing")


@pytest.mark.parametrize("kind", ["new files", "gzip appends", "day by day"])
def test_a_file_that_a_person_has_moved_is_missed_no_longer(scene, kind):
    scene.begin(KINDS[kind])
    scene.finish()
    moved, lost = files(scene)[:2]
    content, mark = scene.lake.get(scene.container, moved), scene.lake.head(scene.container, moved).metadata
    for name in (moved, lost):
        scene.lake.delete(scene.container, name)
    said = scene.plain.run("verify", expect=7).stdout
    assert f"recover --discard {moved}" in said and f"recover --discard {lost}" in said, said
    scene.plain.run("recover", "--discard", moved, expect=0)
    assert named(scene) == {lost: ("ledger", "missing")}  # of which nobody has said anything
    scene.plain.run("recover", expect=0)
    scene.plain.run("archive", expect=0)
    assert named(scene) == {lost: ("ledger", "missing")}
    (line,) = [line for line in ledger(scene) if line["what"] == "moved away"]
    assert (line["file"], line["rows"]) == (moved, 0) and " on " in line["by"] and line["time"]
    scene.plain.run("recover", "--discard", lost, expect=0)
    assert named(scene) == {}
    scene.lake.put_blob(scene.container, moved, content, metadata=mark)  # it comes back
    assert named(scene) == {}


def test_only_what_the_ledger_misses_is_decided(scene):
    scene.begin(KINDS["new files"])
    scene.finish()
    name = files(scene)[0]
    for verdict in ("--keep", "--discard"):
        outcome = scene.plain.run("recover", verdict, "events_2031-01-01.csv")
        assert outcome.code == 3 and "there is no" in outcome.stderr, str(outcome)
    scene.lake.delete(scene.container, name)
    before = ledger(scene)
    outcome = scene.plain.run("recover", "--keep", name)
    assert outcome.code == 3 and "to keep" in outcome.stderr and "recover --discard" in outcome.stderr, str(outcome)
    assert ledger(scene) == before
    missed(scene, name)
    assert scene.plain.run("recover", "--discard", name).code == 0
    assert scene.plain.run("recover", "--discard", name).code == 3  # it is not missed any more


def test_a_new_file_of_that_day_is_missed_again(scene):
    scene.begin(KINDS["new files"])
    scene.finish()
    name = files(scene)[0]
    scene.lake.delete(scene.container, name)
    scene.plain.run("recover", "--discard", name, expect=0)
    scene.table.insert("2024-01-01 12:00:00")
    scene.plain.run("archive", expect=0)
    assert name in files(scene) and named(scene) == {}
    scene.lake.delete(scene.container, name)
    missed(scene, name)


def test_a_file_whose_rows_stand_in_a_copy_is_not_missing(scene):
    """Its conversion to a block blob was interrupted."""
    scene.begin(KINDS["finishing a conversion"])
    (gone,) = {line["file"] for line in ledger(scene)} - set(files(scene))
    before = ledger(scene)
    outcome = scene.plain.run("recover", "--discard", gone)
    assert outcome.code == 3 and "copy" in outcome.stderr, str(outcome)
    assert ledger(scene) == before
    scene.finish()
    assert named(scene) == {}
