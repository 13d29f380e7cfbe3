"""The page for people: GET / and /ui of `serve`, and /ui/status, the JSON that it shows."""
import base64
import csv
import gzip
import hashlib
import io
import json
import re

import pytest

from support.asking import serving, wait_for, wait_until_ready
from support.browser import Browser
from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.serving import Service
from support.shop import Shop

JSON_TYPE = {"Content_Type": "application/json"}
AGENCY = COMMON_KNOWLEDGE[0]


@pytest.fixture
def shop(binary, database, tmp_path):
    made = Shop(binary, database, tmp_path)
    made.journal = tmp_path / "served"  # the server's own
    made.program = made.program.with_settings({"JOURNAL": made.journal})
    return made


@pytest.fixture
def served(shop):
    def make(**settings):
        return serving(shop.program, settings.pop("SERVE_APIS", "events"), **{"JOURNAL": str(shop.journal), **settings})

    return make


@pytest.fixture
def exports(archiver, database, tmp_path):
    return Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))


def post(service, *values, **headers) -> None:
    answer = service.post("/events/live", body=json.dumps(values).encode(), **JSON_TYPE, **headers)
    assert answer.status == 201, answer


def status_of(service, **headers) -> dict:
    answer = service.get("/ui/status", **headers)
    assert answer.status == 200, answer
    assert answer.headers["cache-control"] == "no-store"
    return answer.json


def total_of(status: dict) -> dict:
    return next((each for each in status["projections"] if each["projection"] == "total"), {})


def applied(service, position: int, **headers):
    """The projection `total`, once it is there."""
    return wait_for(lambda: (found := total_of(status_of(service, **headers))) and found["position"] == position and found["behind"] == 0 and found)


def events(count: int) -> list:
    return [{"u": "a", "v": each} for each in range(1, count + 1)]


def test_the_page_runs_its_own_script_and_loads_nothing(served):
    with served() as service:
        page = service.get("/ui")
        assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
        assert set(re.findall(r'(?:href|src|action)="([^"]*)"', page.text)) == {"data:,"}
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|url\(|@import|innerHTML|localStorage", page.text)
        policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["connect-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
        for tag in ("style", "script"):
            (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.text, re.S)
            hashed = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert policy[f"{tag}-src"] == f"'sha256-{hashed}'"
        assert service.ask("HEAD", "/ui").headers["content-length"] == str(len(page.body))
        # At / for a browser, which says what it wants. Other clients are told what they were told before.
        assert service.get("/", Accept="text/html,*/*;q=0.8").body == page.body
        assert service.get("/", Accept="*/*").json == service.get("/nothing").json
        assert service.post("/", Accept="text/html").status == service.post("/nothing").status == 404


def test_a_route_of_a_projection_keeps_the_front(archiver, tmp_path):
    with serving(archiver, "builds", JOURNAL=str(tmp_path / "journal"), PG_CONNECTION_STRING="postgresql://127.0.0.1:1/none") as service:
        assert service.get("/", Accept="text/html").headers["content-type"] != "text/html; charset=utf-8"
        assert service.get("/ui").status == 200


def test_what_the_journal_and_the_projections_do(served, shop):
    with served() as service:
        wait_until_ready(service)
        post(service, *events(100))
        found = applied(service, 100)
        assert (found["topic"], found["state"], found["here"], found["dead_letters"]) == ("live", "running", True, 0)
        status = status_of(service)
        assert status["state"] == "ready" and status["exports"] is None and status["projections_problem"] is None
        (topic,) = status["journal"]["topics"]
        assert (topic["topic"], topic["begin"], topic["end"]) == ("live", 0, 100) and topic["bytes"] > 0
        assert topic["samples"][-1][1] == 100 and found["samples"][-1][1] == 100
        # An event that SQL refuses: where and why, and nothing of what is in it.
        post(service, {"u": "hidden-user", "v": "hidden-value"}, {"u": "a", "v": 1})
        assert applied(service, 102)["dead_letters"] == 1
        text = service.get("/ui/status").text
        (letter,) = json.loads(text)["dead_letters"]
        assert (letter["projection"], letter["position"], letter["sqlstate"], letter["reason"]) == ("total", 100, "22P02", "invalid_text_representation")
        assert "hidden" not in text
        # Paused: what comes is behind.
        shop.run("projections", "pause", "total")
        wait_for(lambda: total_of(status_of(service))["state"] == "paused")
        post(service, *events(7))
        wait_for(lambda: total_of(status_of(service))["behind"] == 7)


def test_a_projection_that_another_process_runs(served, shop):
    with served(PROJECT="none") as service:
        post(service, *events(10))
        assert status_of(service)["projections"] == []
        shop.once()
        found = applied(service, 10)
        assert not found["here"] and found["state"] == "running"


def test_a_database_that_is_away_is_told_of_and_the_rest_is_shown(served):
    with served(PG_CONNECTION_STRING="postgresql://127.0.0.1:1/none?connect_timeout=2") as service:
        post(service, *events(3))
        status = status_of(service)
        assert "127.0.0.1" in status["projections_problem"] and status["dead_letters"] is None
        assert [topic["end"] for topic in status["journal"]["topics"]] == [3]


def test_exports_alone(exports):
    exports.add(AGENCY)
    with Service(exports) as service:
        status = status_of(service)
        assert status["journal"] is None and status["projections"] is None
        assert [(task["name"], task["state"], task["last_run"]) for task in status["exports"]] == [("agency", "idle", None)]
        assert service.post("/exports/agency?wait=true").status == 200
        (task,) = wait_for(lambda: (found := status_of(service)["exports"]) and found[0]["last_run"] and found)
        assert task["last_run"]["outcome"] in ("exported", "empty") and task["last_success"]["began"]


def test_the_page_may_be_had_without_the_token_and_its_numbers_may_not(served):
    with served(SERVE_TOKEN="canary-token") as service:
        for path in ("/ui", "/"):
            page = service.get(path, Accept="text/html")
            assert page.status == 200 and "canary" not in page.text
        assert service.get("/ui/status").status == 401
        assert service.get("/ui/status", Authorization="Bearer wrong").status == 401
        assert "canary" not in json.dumps(status_of(service, Authorization="Bearer canary-token"))
        # A link on another site may lead to the page; a script of another site gets no numbers.
        assert service.get("/ui", Sec_Fetch_Site="cross-site").status == 200
        assert service.get("/ui/status", Sec_Fetch_Site="cross-site", Authorization="Bearer canary-token").status == 403


def test_many_lookers_are_one_look(served, database):
    """A look at the database is no more than a second old and is shared."""
    with served() as service:
        wait_until_ready(service)
        first = status_of(service)["time"]
        answers = [status_of(service)["time"] for _ in range(20)]
        assert answers.count(first) > 0 or len(set(answers)) < len(answers)


PHONE = {"width": 390, "height": 844}


def fits(browser: Browser) -> bool:
    return browser.value("document.documentElement.scrollWidth <= innerWidth")


def rows_of(browser: Browser, what: str) -> list:
    """The texts of the table's rows, a cell or a part of it a line."""
    return browser.value(f"[...document.querySelectorAll('{what} tbody tr')].map((row) => row.innerText.replace(/[\\t\\u00a0]+/g, ' '))")


@pytest.mark.parametrize("scheme, viewport", [("light", {"width": 1280, "height": 900}), ("dark", PHONE)], ids=["light", "dark_on_a_phone"])
def test_in_a_browser(served, shop, scheme, viewport):
    with served() as service, Browser(colorScheme=scheme, viewport=viewport) as browser:
        wait_until_ready(service)
        post(service, *events(1_200), {"u": "hidden-user", "v": "hidden-value"})
        browser.open(f"http://127.0.0.1:{service.port}/")
        wait_for(lambda: "1,201" in browser.text("#journal"))
        wait_for(lambda: "running" in browser.text("#projections") and "invalid text representation" in browser.text("#dead_letters"))
        wait_for(lambda: browser.text("#state") == "ready")
        assert not browser.visible("#exports") and not browser.visible("#sign_in")
        # The numbers change by themselves.
        post(service, *events(300))
        wait_for(lambda: "1,501" in browser.text("#journal") and "1,501" in browser.text("#projections"))
        wait_for(lambda: post(service, *events(5)) or browser.ask("count", what="#journal svg path") == 2)
        wait_for(lambda: browser.ask("count", what="#projections svg path") == 2)
        assert "hidden" not in browser.text("body") and fits(browser)
        light = browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert light == (scheme == "light")
        browser.pictured(f"status-{scheme}")
        # Paused, nothing moves.
        browser.click("#pause")
        wait_for(lambda: "paused" in browser.text("#age"))
        before = browser.text("#journal")
        post(service, *events(1))
        assert browser.text("#journal") == before
        browser.click("#pause")
        wait_for(lambda: browser.text("#journal") != before)
        assert browser.ask("noted")["errors"] == []
        assert {url.split("/", 3)[2] for url in browser.ask("noted")["asked"] if not url.startswith("data:")} == {f"127.0.0.1:{service.port}"}
        # A server that is gone is said to be gone, and how old the numbers are.
        service.process.send(15)
        service.stop_awaited()
        wait_for(lambda: browser.visible("#alarm") and "does not answer" in browser.text("#alarm") and "ago" in browser.text("#alarm"))
        browser.pictured(f"status-gone-{scheme}")


def test_the_token_is_asked_for_and_kept_in_the_tab_alone(served):
    with served(SERVE_TOKEN="canary-token") as service, Browser(viewport=PHONE) as browser:
        wait_for(lambda: service.get("/readyz").status == 200)
        post(service, *events(5), Authorization="Bearer canary-token")
        browser.open(f"http://127.0.0.1:{service.port}/ui")
        wait_for(lambda: browser.visible("#sign_in"))
        assert not browser.visible("#shown") and not browser.visible("#refused")
        browser.pictured("status-token")
        browser.fill("#token", "wrong")
        browser.click("#sign_in button")
        wait_for(lambda: browser.visible("#refused"))
        browser.fill("#token", "canary-token")
        browser.click("#sign_in button")
        wait_for(lambda: browser.visible("#shown") and "live" in browser.text("#journal"))
        assert not browser.visible("#sign_in") and fits(browser)
        assert browser.value("[localStorage.length, document.cookie, location.href.includes('canary')]") == [0, "", False]


def test_exports_in_a_browser(exports):
    exports.add(AGENCY)
    exports.write("broken", "COPY (SELECT 1", "DELETE FROM nothing")
    with Service(exports) as service, Browser(viewport=PHONE) as browser:
        assert service.post("/exports/agency?wait=true").status == 200
        browser.open(f"http://127.0.0.1:{service.port}/")
        wait_for(lambda: "agency" in browser.text("#exports"))
        done, broken = (row.split("\n") for row in rows_of(browser, "#exports"))
        assert done[:3] == ["agency", "idle", "exported"] and done[3] in exports.place.names()
        rows = list(csv.reader(io.StringIO(gzip.decompress(exports.place.read(done[3])).decode(), newline="")))
        assert done[4] == str(len(rows) - 1) and done[6].endswith("ago") and done[7].startswith("took") and done[8].endswith("ago")
        assert broken[0] == "broken" and "does not copy TO STDOUT" in broken[1] and broken[2:] == ["broken", "not since the server began"]
        # A run that fails is the last one; the last success stays.
        exports.execute("ALTER TABLE agency RENAME TO gone")
        assert service.post("/exports/agency?wait=true").status >= 400
        wait_for(lambda: "failed" in browser.text("#exports"))
        failed = rows_of(browser, "#exports")[0].split("\n")
        assert failed[2] == "failed" and "agency" in failed[3] and failed[-1].endswith("ago")
        assert "does not take events" in browser.text("#journal") and not browser.visible("#projections") and fits(browser)
        browser.pictured("status-exports")
