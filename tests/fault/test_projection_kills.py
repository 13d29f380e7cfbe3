"""Whatever is killed, and where: each event is applied once."""
import random
import signal
import time

import pytest

from support.shop import TOTAL, Shop, process_state

PLUGIN = "INSERT INTO seen SELECT $4 + n - 1 FROM json_array_elements($1) WITH ORDINALITY AS e(v, n) WHERE v->>'u' <> 'bad'"
POINTS = [
    "projection-begin",
    "projection-migrated",
    "projection-moved",
    "projection-moved#2",
    "projection-applied",
    "projection-plugin",
    "projection-refused",
    "projection-invalid",
    "projection-dead-letter",
    "projection-before-commit",
    "projection-before-commit#2",
    "projection-after-commit",
    "projection-after-commit#2",
]


@pytest.fixture
def shop(fault_binary, database, tmp_path):
    it = Shop(fault_binary, database, tmp_path)
    it.write("total/plugins/a/migrations/001.sql", "CREATE TABLE IF NOT EXISTS seen (at bigint PRIMARY KEY)")
    it.write("total/plugins/a/apply.sql", PLUGIN)
    it.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total, public.seen\n")
    return it


def post_with_poison(shop) -> None:
    """An event that SQL refuses in the first batch, one that it never sees in the second."""
    shop.post(20)
    shop.topic.append({"u": "bad", "v": "many"})
    shop.post(70)
    shop.topic.append("1],[2")
    shop.post(40)


def check(shop) -> None:
    assert shop.total() == shop.posted
    letters = "SELECT string_agg(position::text, ',' ORDER BY position) FROM event_archiver.dead_letter WHERE projection = 'total'"
    assert shop.value(letters) == "20,91"
    assert shop.value("SELECT count(*) FROM seen") == 130
    assert shop.value("SELECT next FROM event_archiver.position WHERE projection = 'total'") == 132


def killed(shop, *arguments: str, point: str) -> None:
    outcome = shop.program.run(*arguments, settings={"EVENT_ARCHIVER_FAULT": f"{point}=kill"})
    assert outcome.code == 137, f"{point} was not reached\n{outcome}"


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(shop, point):
    post_with_poison(shop)
    killed(shop, "project", "total", "--once", point=point)
    shop.once()
    check(shop)


@pytest.mark.parametrize("point", ["projection-begin", "projection-moved", "projection-applied", "projection-before-commit"])
def test_stopped_at_and_overtaken(shop, point):
    """It holds the row of the position, until the server ends its transaction."""
    post_with_poison(shop)
    zombie = shop.program.start("project", "total", "--once", settings={"EVENT_ARCHIVER_FAULT": f"{point}=stop"})
    shop.wait_for(lambda: process_state(zombie.pid) == "T")
    shop.once()
    check(shop)
    assert process_state(zombie.pid) == "T"
    zombie.send(signal.SIGCONT)
    assert zombie.wait().code == 0
    check(shop)


def test_stopped_and_overtaken_by_events_of_another_journal(shop):
    """A copy of the journal has come to the same position with other events, and the database was put back in between."""
    shop.post(60)
    shop.once()
    shop.post(60)
    zombie = shop.program.start("project", "total", settings={"EVENT_ARCHIVER_FAULT": "projection-begin=stop"})
    shop.wait_for(lambda: process_state(zombie.pid) == "T")
    shop.execute("UPDATE event_archiver.position SET mark = next - 1 || ' 1 1'")
    before = shop.total()
    zombie.send(signal.SIGCONT)
    outcome = zombie.wait(30)
    assert outcome.code == 7 and "another event stands before it" in outcome.stderr, str(outcome)
    assert shop.total() == before


@pytest.mark.parametrize("point", ["dead-letter-removed", "dead-letter-applied"])
def test_a_retry_is_killed(shop, point):
    post_with_poison(shop)
    shop.once()
    shop.write("total/apply.sql", TOTAL.replace("v bigint", "v text").replace("sum(v)", "sum(CASE v WHEN 'many' THEN 2 ELSE v::bigint END)"))
    killed(shop, "dead-letters", "total", "--retry", point=point)
    shop.run("dead-letters", "total", "--retry")
    shop.posted += 2
    assert shop.total() == shop.posted
    assert shop.value("SELECT string_agg(position::text, ',') FROM event_archiver.dead_letter") == "91"


def test_a_replay_is_killed(shop):
    post_with_poison(shop)
    shop.once()
    killed(shop, "projections", "replay", "total", point="replay-before-commit")
    check(shop)
    shop.run("projections", "replay", "total")
    shop.once()
    check(shop)


@pytest.mark.parametrize(
    "point",
    ["rebuild-before-prepared", "rebuild-prepared", "projection-applied", "rebuild-caught-up", "rebuild-before-swap", "rebuild-swapped"],
)
def test_a_rebuild_is_killed(shop, point):
    post_with_poison(shop)
    shop.once()
    killed(shop, "projections", "rebuild", "total", point=point)
    check(shop)
    shop.run("projections", "rebuild", "total")
    check(shop)
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ea_%'") == 0
    assert shop.value("SELECT count(*) FROM event_archiver.position") == 1


def test_a_rebuild_takes_the_last_batch_along(shop):
    """What the live projection applies between the last look and the swap."""
    shop.post(60)
    shop.once()
    rebuild = shop.program.start("projections", "rebuild", "total", settings={"EVENT_ARCHIVER_FAULT": "rebuild-caught-up=stop"})
    shop.wait_for(lambda: process_state(rebuild.pid) == "T")
    assert shop.value("SELECT count(*) FROM event_archiver.position WHERE next = 60") == 2
    shop.post(30)
    shop.once()
    rebuild.send(signal.SIGCONT)
    assert rebuild.wait().code == 0
    assert shop.total() == shop.posted
    assert shop.value("SELECT count(*) FROM seen") == 90
    shop.once()
    assert shop.total() == shop.posted


def test_killed_at_random(shop):
    random.seed(11)
    processes = []
    for _ in range(25):
        while len(processes) < 2:
            processes.append(shop.program.start("project", "total"))
        shop.post(random.randint(1, 120))
        time.sleep(random.uniform(0.05, 0.5))
        if random.random() < 0.4:
            processes.pop(random.randrange(len(processes))).kill()
    for process in processes:
        process.kill()
    shop.once()
    assert shop.total() == shop.posted
    assert shop.value("SELECT count(*) = max(at) + 1 FROM seen")


def test_connections_are_ended(shop, postgresql):
    """By the server, in the middle of anything."""
    shop.once()
    process = shop.program.start("project", "total")
    for _ in range(5):
        shop.post(40)
        time.sleep(0.1)
    shop.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'event-archiver'")
    shop.post(40)
    shop.wait_for(lambda: shop.total() == shop.posted)
    process.send(signal.SIGTERM)
    assert process.wait().code == 143


@pytest.mark.parametrize("point", ["replay-before-commit", "refill-prepared", "projection-moved", "projection-before-commit"])
def test_a_rebuild_in_place_is_killed(shop, point):
    """Of tables that `archive` moves rows out of; here without a lake."""
    events = [{"name": "seen", "created_at": each, "n": number} for number, each in enumerate(["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", None, None, None])]
    shop.topic.append(*({name: value for name, value in each.items() if value} for each in events))
    shop.run("project", "events", "--once")
    shop.execute('DELETE FROM "Event" WHERE created_at < \'2021-01-01\'; CREATE TABLE kept AS TABLE "Event"; TRUNCATE "Event"')
    killed(shop, "projections", "rebuild", "events", point=point)
    shop.run("projections", "rebuild", "events")
    same = 'SELECT count(*) FROM ((TABLE kept EXCEPT ALL TABLE "Event") UNION ALL (TABLE "Event" EXCEPT ALL TABLE kept)) AS d'
    assert shop.value(same) == 0 and shop.value('SELECT count(*) FROM "Event"') == 3


@pytest.mark.parametrize("point", ["projection-schema-made", "projection-migration-applied", "projection-before-commit#2", "projection-after-commit#2"])
def test_a_signal_while_a_commit_is_on_its_way_ends_it_in_time(shop, point):
    """The signal must be remembered until COMMIT is answered: else the process goes on until it is abandoned."""
    shop.post(200)
    outcome = shop.program.start("project", "total", settings={"EVENT_ARCHIVER_FAULT": f"{point}=term"}).wait(60)
    assert outcome.code == 143 and not outcome.events("run.abandoned"), str(outcome)
    shop.once()
    assert shop.total() == shop.posted


@pytest.mark.parametrize(
    ("command", "point", "code"),
    [
        (("projections", "rebuild", "total"), "rebuild-before-prepared", 143),
        (("projections", "rebuild", "total"), "projection-before-commit#2", 143),
        (("projections", "rebuild", "total"), "rebuild-before-swap", 0),  # nothing is left to do
        (("projections", "replay", "total"), "replay-set-back", 0),
        (("dead-letters", "total", "--retry"), "dead-letter-applied", 143),
    ],
)
def test_a_signal_while_a_command_commits_ends_it_in_time(shop, command, point, code):
    post_with_poison(shop)
    shop.once()
    outcome = shop.program.start(*command, settings={"EVENT_ARCHIVER_FAULT": f"{point}=term"}).wait(60)
    assert outcome.code == code and not outcome.events("run.abandoned"), str(outcome)
    shop.run("projections", "rebuild", "total")
    check(shop)
