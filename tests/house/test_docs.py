"""The pages of docs/ tell the truth: links, names, messages, and every command marked `run` is run."""
import gzip
import json
import re

import pytest

from support.archiver import Archiver
from support.blocks import blocks, clean_environment
from support.servers import ROOT

PAGES = [*(ROOT / page for page in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")), *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = [room["name"] for room in json.loads((ROOT / "cmake/rooms.json").read_text())["rooms"]]
SOURCES = "\n".join(path.read_text() for room in ROOMS for path in sorted((ROOT / room).rglob("*.cpp")))
RUNBOOK = (ROOT / "docs/runbook.md").read_text()


def name(path) -> str:
    return str(path.relative_to(ROOT))


def anchors(text: str) -> set:
    """The names that headings get."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        there = (page.parent / target) if target else page
        assert there.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(there.read_text()), f"{target} has no heading #{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_rows_have_the_cells_of_their_table(page):
    """A page that is shown leaves out a cell that its table has no column for."""
    columns = 0
    for line in page.read_text().splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not columns or not cells or cells == columns, line
        columns = cells and (columns or cells)


def test_alerts_lead_to_the_runbook():
    rules = (ROOT / "manifests/monitoring/prometheusrule.yaml").read_text()
    addresses = re.findall(r"runbook_url: (https\S+)", rules)
    named = [address.partition("/docs/runbook.md#")[2] for address in addresses]
    assert len(named) == rules.count("- alert:") and set(named) <= anchors(RUNBOOK)


def test_the_runbook_has_every_exit_code(binary):
    codes = set(re.findall(r"^ *(\d+) +\S", Archiver(binary).run("help", "exit-codes").stdout, re.MULTILINE))
    assert codes and codes == set(re.findall(r"^### Exit (\d+): ", RUNBOOK, re.MULTILINE))


def test_the_runbook_has_every_warning_and_error():
    """Found in the sources as calls of warn and error with the event's name as first argument."""
    logged = {(event, level) for level, event in re.findall(r'\b(warn|error)\(\s*"([a-z_]+(?:\.[a-z_]+)*)",', SOURCES)}
    told = set(re.findall(r"^\| `([a-z_.]+)` \| (warn|error) \|", RUNBOOK, re.MULTILINE))
    assert told == logged, f"not in docs/runbook.md: {sorted(logged - told)}; no longer logged: {sorted(told - logged)}"


def test_the_runbook_quotes_what_the_program_says():
    joined = re.sub(r'"\s*\n\s*"', "", SOURCES)  # a literal that goes on in the next line
    rows = re.findall(r"^\| (`[^|]*`) \|", RUNBOOK, re.MULTILINE)
    for row in rows:
        for message in re.findall(r"`([^`]*)`", row):
            if " " in message:
                for part in filter(None, (part.strip() for part in message.split("…"))):
                    assert part in joined, f"nothing says {part!r}"


def test_settings_named_in_the_pages_exist(binary):
    settings = json.loads(Archiver(binary).run("config", "-o", "json").stdout)["settings"]
    known = {setting["environment"] for setting in settings} | {setting["alias"] for setting in settings if setting["alias"]}
    flags = {setting["flag"] for setting in settings}
    for page in PAGES:
        text = page.read_text()
        named = set(re.findall(r"\bARCHIVE_[A-Z_]+\b(?<!_)", text))
        assert named <= known | {f"{setting}_FILE" for setting in known}, f"{name(page)}: {sorted(named - known)}"
        for line in re.findall(r"event-archiver archive ([^\n`#]*)", text):
            assert set(re.findall(r"--[a-z-]+", line)) <= flags, f"{name(page)}: {line}"


def rows_of(content: bytes) -> int:
    """Rows of a file whose fields may hold line breaks."""
    return sum(1 for quote, part in enumerate(content.split(b'"')) if quote % 2 == 0 for _ in range(part.count(b"\n"))) - 1


class Reader:
    """What a page's blocks are run with: rows to archive, settings and a directory."""

    def __init__(self, binary, archiver, table, directory):
        self.program, self.directory = binary, directory
        self.settings = archiver.settings
        self.archiver = archiver
        self.table = table

    def read(self, page: str, skip: str | None = None, **more) -> list:
        """Runs the page from top to bottom, but for blocks that hold `skip`: each block, and what it printed."""
        environment = clean_environment(self.program, {**self.settings, **more})
        marked = [block for block in blocks(ROOT / "docs" / page) if block.marked and not (skip and skip in block.text)]
        assert marked
        return [(block, block.run(self.directory, environment)) for block in marked]


@pytest.fixture
def reader(binary, archiver, table, tmp_path) -> Reader:
    table.fill(800, 8, first_day="2024-02-25")
    table.fill_young(5)
    return Reader(binary, archiver, table, tmp_path)


def exact_but_for_the_day_that_is_held(oracle):
    """Its rows are in the table, and in its file too until the day is due again."""
    found = oracle.look()
    assert len(found.problems) == 1 and found.problems[0].startswith("100 rows too many"), found.problems
    return found


def test_operating_is_run(reader, oracle):
    oracle.remember()
    reader.read("operating.md")
    assert json.loads((reader.directory / "run.log").read_text().splitlines()[-1])["event"] == "run.summary"
    reader.archiver.archive()
    assert exact_but_for_the_day_that_is_held(oracle).left == 5 + 100


def test_security_is_run_and_its_grants_are_enough(reader, oracle, database):
    oracle.remember()
    try:
        said = reader.read("security.md")
        assert ["SET", "t|f|f", "RESET"] in [output.split() for _, output in said]

        def as_role(name: str) -> dict:
            return {"PG_CONNECTION_STRING": database.server.uri(database.name, user=name)}

        reader.archiver.archive(settings=as_role("archiver"))
        assert oracle.check().archived == 800
        refused = reader.archiver.run("restore", "--day=2024-02-29", settings=as_role("archiver"))
        assert refused.code == 4, str(refused)
        reader.archiver.run("restore", "--day=2024-02-29", settings=as_role("archive_restorer"), expect=0)
        assert exact_but_for_the_day_that_is_held(oracle).archived == 800
    finally:
        reader.table.execute("DROP OWNED BY archiver, archive_restorer; DROP ROLE archiver, archive_restorer")


def test_tuning_is_run(reader, oracle):
    oracle.remember()
    reader.read("tuning.md")
    reader.archiver.archive()
    assert oracle.check().archived == 800


def test_the_runbook_is_run(reader, oracle):
    oracle.remember()
    reader.archiver.archive("--max-days=2")
    reader.read("runbook.md")
    oracle.check()


# A line of a field that psql before 18 takes for the end of the data.
ENDS_PSQL = r"(^|\n)\\\.(\r?\n|$)"


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_reading_is_run_and_every_reader_sees_every_row(reader, oracle, lake, container, azurite, compression):
    reader.table.fill(900, 1, first_day="2024-02-29")
    if compression == "none":
        ended = reader.table.execute(
            """DELETE FROM public."Event" WHERE event_id ~ %(line)s OR event_type ~ %(line)s RETURNING 1""", {"line": ENDS_PSQL}
        )
        assert ended, "rows that trip psql up were among them"
    oracle.remember()
    reader.archiver.archive(settings={"ARCHIVE_COMPRESSION": compression})
    address = azurite.connection_string().split("BlobEndpoint=")[1].split(";")[0]
    more = {"LAKE": f"{address}/{container}", "SAS": lake.account_sas()}
    if compression == "gzip":  # the file as its readers find it once unpacked; every row, so not for psql's \copy
        content = gzip.decompress(lake.get(container, "events_2024-02-29.csv.gz"))
        lake.put_blob(container, "events_2024-02-29.csv", content)
    copies = ["event_2024_02_29", "event_2024_02_29_again"][compression == "gzip" :]
    said = reader.read("reading.md", skip=r"\copy" if compression == "gzip" else None, **more)
    rows = rows_of((reader.directory / "events_2024-02-29.csv").read_bytes())
    assert rows == reader.table.value("SELECT count(*) FROM oracle.original WHERE created_at::date = '2024-02-29'")
    counts = [output.split() for block, output in said if block.words[0] == "python"]
    assert counts == [[str(rows)]] * 2, counts
    assert [json.loads(output) for block, output in said if "duckdb" in block.words] == [{"rows": str(rows)}]
    for copy in copies:
        assert reader.table.value(f"SELECT count(*) FROM {copy}") == rows
        strangers = f"SELECT c::text FROM {copy} c EXCEPT ALL SELECT o::text FROM oracle.original o"
        assert reader.table.value(f"SELECT count(*) FROM ({strangers}) AS found") == 0


def is_defined(named: str) -> bool:
    """`test_x.py::test_y` of tests/integration, or a path from the root."""
    file, _, test = named.partition("::")
    path = ROOT / file if "/" in file else ROOT / "tests/integration" / file
    return path.is_file() and (not test or re.search(rf"^def {test}\(|^TEST\w*\(\w+, {test}\)", path.read_text(), re.MULTILINE) is not None)


def test_what_is_kept_of_other_services_names_tests_that_there_are():
    page = (ROOT / "docs/coming-from.md").read_text()
    named = re.findall(r"`([\w/]*test_\w+\.py(?:::\w+)?|[\w/]+_test\.cpp(?:::\w+)?)`", page)
    assert [each for each in named if not is_defined(each)] == []
    rows = re.findall(r"^\| (?:[LPT]-\d\d|`(?:GET|POST) /).*$", page, re.MULTILINE)
    assert len(rows) > 50
    for row in rows:
        last = row.rstrip("| ").rpartition(" | ")[2]
        assert last and all("::" in each for each in last.split(", ")), row
