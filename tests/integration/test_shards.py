"""Several processes share the days of one table and one lake, as the pods of manifests/overlays/backfill do."""
import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.archiver import Archiver, Process
from support.manifests import render
from support.servers import ROOT

SHARDS = 4
EPOCH = datetime.date(1970, 1, 1)


def start(archiver: Archiver, index: int, *arguments: str) -> Process:
    return archiver.start(
        "archive", *arguments, settings={"ARCHIVE_SHARD": f"/{SHARDS}", "JOB_COMPLETION_INDEX": index, "ARCHIVE_PARALLEL": 2}
    )


def number_of(day: str) -> int:
    return (datetime.date.fromisoformat(day) - EPOCH).days


@pytest.mark.parametrize("commit", ["day", "run"])
def test_four_at_once_are_exact(archiver, table, oracle, commit):
    table.fill(6000, 30)
    table.fill_young(20)
    oracle.remember()
    running = [start(archiver, index, f"--commit={commit}") for index in range(SHARDS)]
    outcomes = [process.wait() for process in running]
    for index, outcome in enumerate(outcomes):
        assert outcome.code == 0, str(outcome)
        days = {line["day"] for line in outcome.events("day.archived")}
        assert days and {number_of(day) % SHARDS for day in days} == {index}
    found = oracle.check()
    assert sum(outcome.summary["rows"] for outcome in outcomes) == found.archived == 6000
    assert len(found.files) == 30 and found.left == 20


def test_one_that_is_killed_harms_no_other(archiver, table, oracle):
    table.fill(6000, 30)
    oracle.remember()
    running = [start(archiver, index, "--commit=day", *(["--rate-limit=256KiB"] if index == 2 else [])) for index in range(SHARDS)]
    running[2].wait_for_output('"day.archived"')
    running[2].kill()
    codes = [process.wait().code for process in running]
    assert codes == [0, 0, 137, 0]
    again = start(archiver, 2, "--commit=day").wait()  # what the Job does with a failed index
    assert again.code == 0, str(again)
    assert oracle.check().archived == 6000


def test_a_run_over_the_whole_table_waits_for_none_of_them(archiver, table, oracle):
    """The nightly run during a backfill, and a shard during the nightly run: exit 10, nothing touched."""
    table.fill(3000, 4)
    oracle.remember()
    slow = {"ARCHIVE_RATE_LIMIT": "64KiB"}
    shard = archiver.with_settings(slow).start("archive", settings={"ARCHIVE_SHARD": "1/4"})
    shard.wait_for_output('"plan"')
    archiver.archive("--lock-wait=0s", expect=10)
    shard.kill()
    shard.wait()
    whole = archiver.with_settings(slow).start("archive", settings={"ARCHIVE_LOCK_WAIT": "10s"})
    whole.wait_for_output('"plan"')
    archiver.archive("--lock-wait=0s", "--shard=1/4", expect=10)
    whole.kill()
    whole.wait()
    archiver.archive("--lock-wait=10s")
    assert oracle.check().left == 0


def test_the_backfill_as_its_manifest_has_it(archiver, table, oracle):
    """Every index with the container's arguments and settings, as many at once as the Job allows."""
    (job,) = (found["spec"] for found in render(ROOT / "manifests/overlays/backfill") if found["kind"] == "Job")
    (container,) = job["template"]["spec"]["containers"]
    settings = {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}
    table.fill(2000, 40)
    oracle.remember()

    def pod(index: int) -> int:
        return archiver.run(*container["args"], settings={**settings, "JOB_COMPLETION_INDEX": index}).code

    with ThreadPoolExecutor(job["parallelism"]) as cluster:
        assert list(cluster.map(pod, range(job["completions"]))) == [0] * job["completions"]
    found = oracle.check()
    assert found.archived == 2000 and len(found.files) == 40


def test_restore_restores_the_days_it_is_given_whatever_the_shard(archiver, table, oracle):
    """It has no flag for it, and does not use the variable that a pod may have."""
    table.fill(12, 4)
    oracle.remember()
    archiver.archive()
    shard = {"ARCHIVE_SHARD": f"{(number_of('2024-01-01') + 1) % 2}/2"}
    archiver.run("restore", "--day", "2024-01-01", "--hold", "none", settings=shard, expect=0)
    archiver.run("restore", "--from", "2024-01-02", "--hold", "none", settings=shard, expect=0)
    assert table.count() == 12
    outcome = archiver.run("restore", "--day", "2024-01-01", "--shard", "0/2", expect=2)
    assert "--shard" in outcome.stderr
    archiver.archive()
    assert oracle.check().archived == 12
