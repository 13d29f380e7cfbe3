"""The archive on the page of `serve`: /ui/archive, its summary in /ui/status, and the calendar."""
import json

import pytest

from support.asking import serving, wait_for
from support.browser import Browser


@pytest.fixture
def filled(archiver, table):
    """Three days with files and a gap between them."""
    table.fill(60, 2)
    table.insert("2024-01-05")
    archiver.archive()
    return archiver


def summary_of(service) -> dict:
    return service.get("/ui/status").json["archive"]


def looked(service) -> dict:
    return wait_for(lambda: (found := summary_of(service))["looked_at"] and found)


def test_it_is_what_list_prints(filled, tmp_path):
    with serving(filled, "events", JOURNAL=str(tmp_path / "journal"), PROJECT="none") as service:
        found = looked(service)
        totals = found["totals"]
        assert found["problem"] is None and (totals["days"], totals["rows"], totals["gap_days"]) == (3, 61, 2)
        assert (totals["held"], totals["pending"], totals["lost"]) == (0, 0, 0)
        answer = service.get("/ui/archive")
        assert answer.status == 200 and answer.headers["cache-control"] == "no-store"
        assert answer.json == json.loads(filled.run("list", "-o", "json", expect=0).stdout)
        assert summary_of(service)["looked_at"] == found["looked_at"], "kept for a minute"


@pytest.mark.parametrize("connection", ["no-connection-string", "http://"])
def test_storage_settings_that_are_wrong_are_told_of_and_nothing_else_minds(archiver, tmp_path, connection):
    with serving(archiver, "events", AZURE_STORAGE_CONNECTION_STRING=connection, JOURNAL=str(tmp_path / "journal"), PROJECT="none") as service:
        status = service.get("/ui/status").json
        assert status["archive"] is None and "AZURE_STORAGE_CONNECTION_STRING" in status["storage"]
        assert service.get("/ui/archive").status == 404


def test_storage_that_does_not_answer_holds_nothing_up(archiver, azurite, tmp_path):
    away = azurite.connection_string("http://127.0.0.1:1/devstoreaccount1")
    with serving(archiver, "events", AZURE_STORAGE_CONNECTION_STRING=away, ARCHIVE_RETRIES="0", JOURNAL=str(tmp_path / "journal"), PROJECT="none") as service:
        assert summary_of(service)["totals"] is None
        found = wait_for(lambda: (now := summary_of(service))["problem"] and now)
        assert found["looked_at"] is None
        answer = service.get("/ui/archive")
        assert answer.status == 503 and answer.headers["retry-after"] == "1"


def test_without_a_container_it_says_so(archiver, tmp_path):
    with serving(archiver, "events", JOURNAL=str(tmp_path / "journal"), PROJECT="none") as service:
        assert "there is no container" in wait_for(lambda: summary_of(service)["problem"])


PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("scheme, viewport", [("light", {"width": 1280, "height": 900}), ("dark", PHONE)], ids=["light", "dark_on_a_phone"])
def test_the_calendar_in_a_browser(filled, tmp_path, scheme, viewport):
    journal = str(tmp_path / "journal")
    with serving(filled, "events", JOURNAL=journal, PROJECT="none") as service, Browser(colorScheme=scheme, viewport=viewport) as browser:
        browser.open(f"http://127.0.0.1:{service.port}/ui")
        wait_for(lambda: "3 days, 61 rows" in browser.text("#archive"))
        wait_for(lambda: browser.ask("count", what="#archive svg rect") == 366)
        assert browser.ask("count", what="#archive svg rect:not(.s0)") == 3
        assert "2 days in between without a file" in browser.text("#archive")
        assert "2024-01-05: 1 row" in browser.value("[...document.querySelectorAll('#archive rect title')].map((each) => each.textContent).join('|')")
        assert browser.value("document.documentElement.scrollWidth <= innerWidth")
        browser.pictured(f"status-archive-{scheme}")
        assert browser.ask("noted")["errors"] == []


def test_without_storage_one_line_says_so(archiver, tmp_path):
    settings = {"AZURE_STORAGE_CONNECTION_STRING": "", "JOURNAL": str(tmp_path / "journal"), "PROJECT": "none"}
    with serving(archiver, "events", **settings) as service, Browser(viewport=PHONE) as browser:
        assert service.get("/ui/status").json["archive"] is None
        browser.open(f"http://127.0.0.1:{service.port}/ui")
        wait_for(lambda: "AZURE_STORAGE_ACCOUNT are not set" in browser.text("#archive"))
        assert browser.ask("count", what="#archive svg") == 0
