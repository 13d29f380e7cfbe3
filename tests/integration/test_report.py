"""`--report FILE`: one page that loads nothing and shows no markup of others."""
import html.parser
import re

import pytest

from support.browser import Browser


class Page(html.parser.HTMLParser):
    """What is in the page: its elements, its text, and whatever it would load."""

    VOID = {"meta", "input", "br", "rect"}

    def __init__(self, text: str):
        super().__init__()
        self.open, self.elements, self.loads, self.words = [], [], [], []
        self.feed(text)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.loads += [value for name, value in attributes if name in ("src", "href", "action", "srcset")]
        if tag not in self.VOID or (tag == "rect" and not self.get_starttag_text().endswith("/>")):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag == "rect" and (not self.open or self.open[-1] != "rect"):
            return
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_of_a_run(archiver, table, tmp_path):
    table.fill(400, 40)
    path = tmp_path / "report.html"
    archiver.archive("--report", str(path), "--compression", "gzip")
    text = path.read_text()
    page = Page(text)
    assert page.loads == [] and not re.search(r"https?://|url\(|@import", text)
    rows = [element for element in page.elements if element[0] == "tr"]
    assert len(rows) == 1 + 40
    days = [words for words in page.words if re.fullmatch(r"2024-0\d-\d\d", words)]
    assert len(days) == 40 and days == sorted(days)
    shown = " ".join(page.words)
    assert "archived 400 rows of 40 days" in shown and "events_2024-01-01.csv.gz" in shown
    drawn = {attributes["title"].rpartition(",")[0] for tag, attributes in page.elements if tag == "i" and "title" in attributes}
    assert {"copy 2024-01-01", "stage", "commit"} <= drawn
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_names_are_text_and_not_markup(archiver, table, database, tmp_path):
    table.fill(10, 2)
    table.execute('ALTER TABLE "Event" RENAME TO "<script>alert(1)</script>&"')
    path = tmp_path / "report.html"
    archiver.archive("--report", str(path), "--table", '"<script>alert(1)</script>&"')
    page = Page(path.read_text())
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert any("<script>alert(1)</script>&" in words for words in page.words)


def test_a_failed_run_has_a_page_that_says_why(archiver, table, tmp_path):
    path = tmp_path / "report.html"
    outcome = archiver.archive("--report", str(path), "--table", "nothing", expect=3)
    error = [line for line in outcome.log if line["level"] == "error"][0]
    assert error["msg"] in " ".join(Page(path.read_text()).words)


@pytest.mark.parametrize("path", ["/nonexistent/report.html", "/"])
def test_a_page_that_cannot_be_written_is_refused_before_anything_moves(archiver, table, path):
    table.fill(10, 2)
    outcome = archiver.archive("--report", path, expect=2)
    assert path in outcome.stderr and table.count() == 10


def test_the_page_of_what_the_archive_holds(archiver, table, tmp_path):
    table.fill(60, 6)
    archiver.archive()
    path = tmp_path / "archive.html"
    archiver.run("list", "--report", str(path), expect=0)
    page = Page(path.read_text())
    assert page.loads == []
    assert len([element for element in page.elements if element[0] == "tr"]) == 1 + 6
    assert "6 days, 60 rows" in " ".join(page.words)


def texts_of(path) -> str:
    return " ".join(" ".join(Page(path.read_text()).words).split())


def test_a_run_says_its_settings_and_its_id(archiver, table, tmp_path):
    table.fill(1_234, 1)
    path = tmp_path / "report.html"
    outcome = archiver.archive("--report", str(path))
    shown = texts_of(path)
    assert "archived 1,234 rows of 1 day" in shown and "1,234 rows on 1 day," in shown
    assert outcome.summary["run_id"] in shown and "EVENT_RETENTION_PERIOD" in shown and "ARCHIVE_TABLE" in shown
    assert "Ratio" not in shown  # nothing is compressed


def test_a_restore_goes_the_other_way(archiver, table, tmp_path):
    table.fill(60, 6)
    archiver.archive()
    path = tmp_path / "report.html"
    archiver.run("restore", "--from", "2024-01-01", "--to", "2024-01-06", "--report", str(path), expect=0)
    page = Page(path.read_text())
    shown = texts_of(path)
    assert re.search(r'public\."Event" restored from ', shown) and "from account devstoreaccount1 to " in shown
    assert len([element for element in page.elements if element[0] == "tr"]) == 1 + 6
    assert page.words.count("restored") == 6 and "Files created" not in shown


def test_a_failed_run_shows_what_to_do_and_no_zeros(archiver, table, tmp_path):
    path = tmp_path / "report.html"
    outcome = archiver.archive("--report", str(path), "--table", "nothing", expect=3)
    hint = next(line["error.hint"] for line in outcome.log if line.get("error.hint"))
    shown = texts_of(path)
    assert hint in shown and "Exit code 3" in shown and "ARCHIVE_TABLE nothing" in shown
    assert "0" not in Page(path.read_text()).words


def test_a_file_that_waits_is_no_alarm(archiver, table, tmp_path):
    table.fill(10, 2)
    archiver.archive("--dry-run")
    path = tmp_path / "archive.html"
    archiver.run("list", "--report", str(path), expect=0)
    page = Page(path.read_text())
    verdict = [attributes["class"] for tag, attributes in page.elements if attributes.get("class", "").startswith("verdict")]
    assert verdict == ["verdict waiting"] and "2 files wait for a transaction" in " ".join(page.words)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_last_days_are_in_sight(archiver, table, tmp_path, scheme):
    with Browser(colorScheme=scheme, viewport={"width": 390, "height": 844}) as browser:
        table.fill(20, 2, first_day="2024-11-20")
        path = tmp_path / "report.html"
        archiver.archive("--report", str(path))
        browser.open(path.as_uri())
        right = "[...document.querySelectorAll('rect:not(.s0)')].at(-1).getBoundingClientRect().right"
        assert 0 < browser.value(right) <= 390
        assert browser.value("document.documentElement.scrollWidth <= innerWidth")
        assert browser.ask("noted")["errors"] == []
        browser.pictured(f"report-{scheme}")
        # No name of a phase is cut off: it fits its bar, or is in a line that is hidden.
        cut = "[...document.querySelectorAll('.lane i span')].filter((name) => name.offsetTop < name.parentNode.clientHeight"
        assert browser.value(f"{cut} && name.offsetLeft + name.offsetWidth > name.parentNode.clientWidth + 1).length") == 0
        # No name of a setting is broken.
        assert browser.value("new Set([...document.querySelectorAll('.settings dt')].map((name) => name.offsetHeight)).size") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_desk_nothing_is_cut_off_or_pale(archiver, table, tmp_path, scheme):
    """The colours of text and ground are those of the scheme, far enough apart to be read."""
    with Browser(colorScheme=scheme, viewport={"width": 1280, "height": 900}) as browser:
        table.fill(20, 2, first_day="2024-11-20")
        path = tmp_path / "report.html"
        archiver.archive("--report", str(path))
        browser.open(path.as_uri())
        assert browser.value("document.documentElement.scrollWidth <= innerWidth") and browser.ask("noted")["errors"] == []
        light = "((color) => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number); return (0.3 * r + 0.6 * g + 0.1 * b) / 255; })"
        ground = browser.value(f"{light}(getComputedStyle(document.body).backgroundColor)")
        assert (ground > 0.8) if scheme == "light" else (ground < 0.25)
        pale = f"[...document.querySelectorAll('h1, h2, p, td, th, dt, dd')].filter((each) => Math.abs({light}(getComputedStyle(each).color) - {ground}) < 0.3)"
        assert browser.value(f"{pale}.map((each) => each.outerHTML.slice(0, 80))") == []
        browser.pictured(f"report-desk-{scheme}")


def test_a_question_leaves_the_nightly_page_alone(archiver, table, tmp_path):
    table.fill(60, 6)
    path = tmp_path / "report.html"
    archiver.archive(settings={"ARCHIVE_REPORT": str(path)})
    before = path.read_text()
    archiver.run("verify", settings={"ARCHIVE_REPORT": str(path)}, expect=0)
    assert path.read_text() == before
