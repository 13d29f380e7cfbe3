"""File systems that cannot do what others can: neither a rename that does not replace, nor links."""
import errno
import gzip
import os
import shutil
import subprocess
import time

import pytest

from support.exports import BOUNDARY, COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.gate import DatabaseGate, call_before, kill_after

AGENCY = COMMON_KNOWLEDGE[0]
FIRST = "agency-2025_01_01-12_00_00_AM.csv.gz"
# Only what gives a file a name without a dot in front fails while the file SHIM_WHILE is there.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int shown(const char *to) { const char *name = strrchr(to, '/'); return (name ? name[1] : to[0]) != '.'; }
static int fails(const char *variable) { const char *set = getenv(variable); errno = set ? atoi(set) : 0; return set != 0; }
static int spoilt(const char *to) { const char *file = getenv("SHIM_WHILE"); return file && access(file, F_OK) == 0 && shown(to) && fails("SHIM_SHOWING"); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    if (spoilt(to) || fails("SHIM_NOREPLACE")) return -1;
    return ((int (*)(int, const char *, int, const char *, unsigned))dlsym(RTLD_NEXT, "renameat2"))(a, from, b, to, flags);
}
int link(const char *from, const char *to) {
    if (spoilt(to) || fails("SHIM_LINK")) return -1;
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link"))(from, to);
}
int rename(const char *from, const char *to) {
    if (spoilt(to) || fails("SHIM_RENAME")) return -1;
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    directory = tmp_path_factory.mktemp("shim")
    (directory / "shim.c").write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", directory / "shim.so", directory / "shim.c", "-ldl"], check=True)
    return str(directory / "shim.so")


@pytest.fixture
def local(archiver, database, tmp_path):
    made = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    made.add(AGENCY)
    return made.remember()


def shimmed(shim, **errors) -> dict:
    return {"LD_PRELOAD": shim, **{f"SHIM_{name.upper()}": str(value) for name, value in errors.items()}}


WAYS = {
    "no NOREPLACE (rclone)": dict(noreplace=errno.EINVAL, link=errno.EIO),
    "no links (s3fs)": dict(noreplace=errno.EINVAL, link=errno.EPERM),
    "neither call": dict(noreplace=errno.ENOSYS, link=errno.ENOSYS),
    "not supported": dict(noreplace=errno.EOPNOTSUPP, link=errno.EOPNOTSUPP),
    "not permitted": dict(noreplace=errno.EPERM, link=errno.EMLINK),
    "input and output": dict(noreplace=errno.EIO, link=errno.EIO),
    "links only (NFS)": dict(noreplace=errno.EINVAL),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_gets_its_name_where_only_a_plain_rename_works(local, shim, way):
    settings = shimmed(shim, **WAYS[way])
    due = local.due(AGENCY)
    # Somebody else's file has the name: it is not replaced.
    others = gzip.compress((",".join(AGENCY.types) + "\n").encode())
    (local.place.directory / FIRST).write_bytes(others)
    outcome = local.run(settings=settings, expect=0)
    assert outcome.events("export.done")[0]["file"] == FIRST.replace("AM.", "AM.2.")
    assert local.check()["agency"] == due and local.place.leftovers() == [] and local.place.read(FIRST) == others
    local.fill(AGENCY, 3, 6, seed="b")
    local.before[AGENCY.task] = local.rows(AGENCY) + local.exported(AGENCY)
    local.run(settings=settings, expect=0)
    local.check()
    assert len(local.place.names()) == 3


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("code", [errno.EIO, errno.EPERM, errno.EINVAL])
def test_a_directory_in_which_nothing_can_be_renamed_is_found_out_before_anything_is_deleted(local, shim, code, dry):
    outcome = local.run(*(["--dry-run"] if dry else []), settings=shimmed(shim, noreplace=errno.EINVAL, link=errno.EPERM, rename=code))
    assert outcome.code in (3, 4, 5) and os.strerror(code) in outcome.stderr, str(outcome)
    assert local.check()["agency"] == 0 and local.place.names() == [] and local.place.leftovers() == []


@pytest.mark.parametrize("settled_by", ["the next run", "recover"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EPERM])
def test_a_file_that_cannot_be_named_after_commit_is_a_failure(local, shim, tmp_path, code, settled_by):
    broken = tmp_path / "broken"
    broken.touch()
    due = local.due(AGENCY)
    settings = shimmed(shim, noreplace=errno.EINVAL, link=errno.EPERM, showing=code, **{"while": broken})
    outcome = local.run(settings=settings, expect=5)
    failed = outcome.events("export.failed")[0]
    (part,) = local.place.directory.glob(".*.part")
    assert "rows were deleted" in failed["msg"] and part.name in failed["msg"] and f"mv -n '{part}' '{local.place.directory / FIRST}'" in failed["error.hint"], str(outcome)
    assert local.place.names() == [] and len(local.place.leftovers()) == 2
    # The same sentence for as long as it stays so; nothing more is deleted.
    for arguments in (["export", "--boundary", str(BOUNDARY)], ["recover", "--exports"], ["recover", "--exports", "--keep", FIRST]):
        again = local.archiver.run(*arguments, settings=settings, expect=5)
        assert part.name in again.stderr, str(again)
    broken.unlink()
    if settled_by == "recover":
        local.archiver.run("recover", "--exports", settings=settings, expect=0)
    else:
        local.run(settings=settings, expect=0)
    assert local.check()["agency"] == due and local.place.names() == [FIRST] and local.place.leftovers() == []


def hint_of_a_file_without_a_name(local, shim, tmp_path, database, meanwhile) -> str:
    (tmp_path / "broken").touch()
    settings = shimmed(shim, noreplace=errno.EINVAL, link=errno.EPERM, showing=errno.EIO, **{"while": tmp_path / "broken"})
    with DatabaseGate(database.server.port) as gate:
        gate.on(call_before(meanwhile), type="Q", contains="COMMIT")
        outcome = local.run(expect=5, settings={**settings, "DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    return outcome.events("export.failed")[0]["error.hint"].partition("By hand: ")[2]


@pytest.mark.parametrize("taken", [False, True], ids=["free", "taken since the run began"])
def test_what_the_sentence_says_to_do_by_hand_does_it(local, shim, tmp_path, database, taken):
    """Another database exports into the directory as well: its file keeps its name."""
    first = local.place.directory / FIRST
    told = hint_of_a_file_without_a_name(local, shim, tmp_path, database, lambda: first.write_bytes(b"of others") if taken else None)
    subprocess.run(["sh", "-ec", told], check=True)
    if taken:
        assert first.read_bytes() == b"of others"
        first.unlink()
        assert local.place.names() == [FIRST.replace(".csv.gz", ".2.csv.gz")]
    assert local.check()["agency"] > 0 and local.place.leftovers() == []


def test_what_the_sentence_says_to_do_by_hand_replaces_no_file(local, shim, tmp_path, database):
    told = hint_of_a_file_without_a_name(local, shim, tmp_path, database, lambda: None)
    (local.place.directory / FIRST).write_bytes(b"of others")
    assert subprocess.run(["sh", "-ec", told], check=False).returncode != 0
    assert (local.place.directory / FIRST).read_bytes() == b"of others" and len(local.place.leftovers()) == 2
    (local.place.directory / FIRST).unlink()
    local.run(expect=0)
    assert local.check()["agency"] > 0 and local.place.leftovers() == []


def test_a_file_that_is_gone_is_never_taken_for_exported(local, database):
    """Between COMMIT and the name somebody removes the hidden file; or its name, before the mark is gone."""
    with DatabaseGate(database.server.port) as gate:
        gate.on(call_before(lambda *_: [part.unlink() for part in local.place.directory.glob(".*.part")]), type="Q", contains="COMMIT")
        outcome = local.run(expect=7, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    assert "is not there" in outcome.events("export.failed")[0]["msg"]
    local.fill(AGENCY, 3, 6, seed="b")
    outcome = local.run(expect=7)
    assert "is not there" in outcome.events("export.failed")[0]["msg"] and "--keep FILE" in outcome.stderr
    assert local.archiver.run("recover", "--exports", expect=7).code == 7
    # A file of the same length under its name is not it.
    mark = next(local.place.directory.glob(".*.pending")).read_text()
    size = int(next(line for line in mark.splitlines() if line.startswith("bytes=")).partition("=")[2])
    (local.place.directory / FIRST).write_bytes(b"x" * size)
    assert local.run(expect=7).events("export.failed")
    (local.place.directory / FIRST).unlink()
    kept = local.archiver.run("recover", "--exports", "--keep", FIRST, expect=0)
    assert kept.events("export.file_missing") and local.place.leftovers() == []
    local.run(expect=0)


def test_a_file_that_was_named_before_the_run_died_is_known_again(local, database):
    """Also under another name than the first."""
    with DatabaseGate(database.server.port) as gate:
        gate.on(kill_after(), type="Q", contains="COMMIT")
        process = local.archiver.start("export", "--boundary", str(BOUNDARY), settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
        gate.victim = process
        assert process.wait().code == 137
    (part,) = local.place.directory.glob(".*.part")
    (local.place.directory / FIRST).write_text("somebody else's")
    part.rename(local.place.directory / FIRST.replace("AM.", "AM.2."))
    outcome = local.archiver.run("recover", "--exports", expect=0)
    assert outcome.events("export.settled")[0]["decision"] == "kept" and local.place.leftovers() == []
    (local.place.directory / FIRST).unlink()
    local.check()


@pytest.mark.skipif(not (shutil.which("rclone") and os.access("/dev/fuse", os.R_OK | os.W_OK)), reason="needs rclone and FUSE")
def test_rclone_mount(archiver, database, tmp_path):
    behind, mounted = tmp_path / "behind", tmp_path / "mounted"
    behind.mkdir()
    mounted.mkdir()
    mount = subprocess.Popen(["rclone", "mount", str(behind), str(mounted), "--vfs-cache-mode", "writes", "--cache-dir", str(tmp_path / "cache")])
    try:
        until = time.monotonic() + 20
        while not os.path.ismount(mounted):
            if mount.poll() is not None or time.monotonic() > until:
                pytest.skip("rclone cannot mount here")
            time.sleep(0.1)
        exports = Exports(archiver, database.connection, tmp_path, DirectoryPlace(mounted))
        exports.add(AGENCY)
        exports.remember()
        due = exports.due(AGENCY)
        exports.run(expect=0)
        assert exports.check()["agency"] == due and exports.place.names() == [FIRST] and exports.place.leftovers() == []
    finally:
        mount.terminate()
        mount.wait(20)
        if os.path.ismount(mounted):
            subprocess.run(["umount", "-l", str(mounted)], check=False)
