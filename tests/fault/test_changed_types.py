"""Types of columns are changed while a run reads, or between two runs. ALTER TYPE takes no lock on the table, and what it commits
changes the text of each row at once."""
import csv
import io
import json

import pytest

from support.gate import DatabaseGate, call_before
from support.scene import YOUNG, Kind

NAME = "events_2024-01-01.csv"
INDEX = pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
EXCHANGE = "ALTER TYPE st RENAME VALUE 'open' TO 'tmp'; ALTER TYPE st RENAME VALUE 'paid' TO 'open'; ALTER TYPE st RENAME VALUE 'tmp' TO 'paid'"
CHANGES = {
    "labels are exchanged": EXCHANGE,
    "a label is renamed": "ALTER TYPE st RENAME VALUE 'open' TO 'new'",
    "a composite gets an attribute": "ALTER TYPE pt ADD ATTRIBUTE z int CASCADE",
    "a composite loses an attribute": "ALTER TYPE pt DROP ATTRIBUTE y CASCADE",
}


@pytest.fixture
def typed(scene):
    """A table with an enum and a composite type; its values differ from row to row."""
    scene.table.create_again()
    scene.table.execute("""CREATE TYPE st AS ENUM ('open', 'paid'); CREATE TYPE pt AS (x int, y int);
                           ALTER TABLE public."Event" ADD COLUMN s st DEFAULT 'open', ADD COLUMN p pt DEFAULT '(1,2)'""")
    yield scene
    scene.close()
    scene.table.create_again()
    scene.table.execute("DROP TYPE st, pt CASCADE")


def contents(scene) -> dict:
    return {blob.name: scene.lake.get(scene.container, blob.name) for blob in scene.lake.list(scene.container) if blob.name.endswith(".csv")}


def written(scene) -> list:
    """What the table's old rows are written as now."""
    return sorted(row[0] for row in scene.table.execute("SELECT concat_ws('/', id, s, p) FROM public.\"Event\" WHERE created_at < '2025-01-01'"))


def in_files(scene) -> list:
    texts = [content.decode() for content in contents(scene).values()]
    rows = [row for text in texts for row in list(csv.reader(io.StringIO(text, newline="")))[1:]]
    return sorted(f"{row[0]}/{row[-2]}/{row[-1]}" for row in rows)


@INDEX
@pytest.mark.parametrize("change, back", [*((each, False) for each in CHANGES), ("labels are exchanged", True)])  # a dropped attribute does not come back
def test_a_type_that_changes_while_rows_are_read_begins_the_run_again(typed, index, change, back):
    scene = typed.begin(Kind(rows=12, days=3, index=index))
    scene.table.execute("UPDATE public.\"Event\" SET s = 'paid' WHERE id % 2 = 0")
    expected = []

    def act(*_) -> None:
        scene.table.execute(CHANGES[change])
        expected[:] = written(scene)

    with DatabaseGate(scene.database.server.port) as gate:
        rules = [gate.on(call_before(act), contains="COPY (SELECT", nth=2 if index else 1)]
        if back:
            rules.append(gate.on(call_before(act), contains="DELETE FROM", nth=1))
        outcome = scene.start("archive", database=gate, settings={"ARCHIVE_PARALLEL": "1"}).wait(60)
    assert [each.hits for each in rules] == [1] * len(rules)
    assert outcome.code == 0 and outcome.summary["attempts"] > 1, str(outcome)
    assert scene.table.count() == YOUNG and in_files(scene) == expected
    scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    assert written(scene) == expected


CHANGES_SINCE = {**CHANGES, "a label's name is given to another": "ALTER TYPE st RENAME VALUE 'paid' TO 'gone'; ALTER TYPE st ADD VALUE 'paid'"}


@pytest.mark.parametrize("change", CHANGES_SINCE)
def test_nothing_is_appended_to_a_file_whose_types_were_changed_since(typed, change):
    scene = typed.begin(Kind(before=6, rows=0))
    scene.table.execute(CHANGES_SINCE[change])
    scene.table.fill(4, 1, seed="late")
    before = contents(scene)
    plan = json.loads(scene.plain.run("plan", "-o", "json", expect=0).stdout)
    assert [(day["file"], "labels or attributes" in day["note"]) for day in plan["days"]] == [("refused", True)], plan
    checked = scene.plain.run("check")
    assert checked.code == 3 and f"'{NAME}', which cannot be appended to: labels or attributes" in checked.stdout + checked.stderr, str(checked)
    outcome = scene.plain.run("archive")
    assert outcome.code == 3 and f"'{NAME}' cannot be appended to: labels or attributes" in outcome.stderr, str(outcome)
    outcome = scene.plain.run("restore", "--day", "2024-01-01", "--hold", "none")
    assert outcome.code == 3 and f"'{NAME}' cannot be restored: labels or attributes" in outcome.stderr, str(outcome)
    assert contents(scene) == before and scene.table.count() == 4 + YOUNG


@pytest.mark.parametrize("added", ["ALTER TYPE st ADD VALUE 'new'", "ALTER TYPE st ADD VALUE 'first' BEFORE 'open'",
                                   'ALTER TABLE public."Event" ALTER event_type TYPE varchar(99)'])
def test_labels_that_mean_the_same_end_no_run(typed, added):
    scene = typed.begin(Kind(before=6, rows=0))
    scene.table.execute(added)
    scene.table.fill(4, 1, seed="late")
    assert scene.plain.run("archive", expect=0).summary["rows"] == 4
    assert scene.plain.run("restore", "--day", "2024-01-01", "--hold", "none", expect=0).summary["rows"] == 4 + 3
    assert scene.plain.run("archive", expect=0).summary["rows_recognised"] == 4 + 3


LABELS = [f"l{number:02}" for number in range(14)]
ADDED = ["x0", "x1", "x2", "x3"]


def types_in_ledger(scene) -> list:
    lines = []
    for blob in scene.lake.list(scene.container, bookkeeping=True):
        if "/ledger-" in blob.name:
            lines += [json.loads(line) for line in scene.lake.get(scene.container, blob.name).decode().splitlines()]
    return [line for line in lines if line["what"] == "types"]


@pytest.fixture
def many_labels(scene):
    """A table with an enum of 14 labels, of which rows were archived. Returns the scene, and what makes type and table again, as a
    dump that is restored does: all labels get numbers in their order."""
    def make(labels):
        scene.table.create_again()
        scene.table.execute(f"""DROP TYPE IF EXISTS many CASCADE; CREATE TYPE many AS ENUM ({", ".join(f"'{each}'" for each in labels)});
                               ALTER TABLE public."Event" ADD COLUMN v many DEFAULT 'l01', ADD COLUMN n int DEFAULT 1, ADD COLUMN m int DEFAULT 1""")

    make(LABELS)
    scene.begin(Kind(before=6, rows=0))
    yield scene, make
    scene.close()
    scene.table.create_again()
    scene.table.execute("DROP TYPE many CASCADE")


@pytest.mark.parametrize("ledger", ["kept", "lost"])
def test_labels_that_were_added_before_a_dump_was_restored_end_no_run(many_labels, ledger):
    """Trial and error does not find this number of labels: the ledger has those that the file's rows were written with."""
    scene, make = many_labels
    assert len(types_in_ledger(scene)) == 1
    if ledger == "lost":
        for blob in scene.lake.list(scene.container, bookkeeping=True):
            if "/ledger-" in blob.name:
                scene.lake.delete(scene.container, blob.name)
    labels = LABELS.copy()
    for number, each in enumerate(ADDED):
        labels.insert(2 + 3 * number, each)
    make(labels)
    code = 0 if ledger == "kept" else 3
    assert scene.plain.run("restore", "--day", "2024-01-01", "--dry-run").code == code
    assert scene.plain.run("cat", "--day", "2024-01-01", "--where", "v = 'l01'").code == code
    for night in (1, 2):
        scene.table.fill(4, 1, seed=f"late {night}")
        assert scene.plain.run("check").code == code
        outcome = scene.plain.run("archive")
        assert outcome.code == code, str(outcome)
    assert len(types_in_ledger(scene)) == (2 if ledger == "kept" else 0)


def test_a_label_that_was_renamed_is_known_however_many_there_are(many_labels):
    scene, make = many_labels
    make([*LABELS[:3], "renamed", *LABELS[4:], *ADDED])
    scene.table.fill(4, 1, seed="late")
    outcome = scene.plain.run("archive")
    assert outcome.code == 3 and f"'{NAME}' cannot be appended to: labels or attributes" in outcome.stderr, str(outcome)


def test_columns_that_got_wider_end_no_run_beside_an_enum(many_labels):
    scene, _ = many_labels
    scene.table.execute('ALTER TABLE public."Event" ALTER n TYPE bigint, ALTER m TYPE numeric')
    scene.table.fill(4, 1, seed="late")
    scene.plain.run("archive", expect=0)
    outcome = scene.plain.run("cat", "--day", "2024-01-01", "--where", "v = 'l01'", expect=0)
    assert outcome.stdout.count("\n") > 4
