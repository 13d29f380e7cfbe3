"""The protocol as a model (protocol.pml), checked whole by spin: no order of steps, deaths, lost answers and servers breaks
the first promise; and without each of the protocol's means the check finds the loss, which is how we know that it can."""
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).parent / "protocol.pml"

pytestmark = pytest.mark.skipif(shutil.which("spin") is None, reason="spin is not installed")


def check(tmp_path: Path, *definitions: str) -> str:
    """What the checker says of the model under these definitions; it has looked at every state."""
    words = [f"-D{each}" for each in definitions]
    shutil.copy(MODEL, tmp_path)
    subprocess.run(["spin", "-a", *words, MODEL.name], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["gcc", "-w", "-O1", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=6000", "-o", "pan", "pan.c"], cwd=tmp_path, check=True)
    done = subprocess.run(["./pan", "-m20000", "-w22"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert "Search not completed" not in done or "errors: 1" in done, done
    return done


def some(kills: int = 0, lost: int = 0, pauses: int = 0, strangers: int = 0) -> tuple:
    return (f"KILLS={kills}", f"LOST={lost}", f"PAUSES={pauses}", f"STRANGERS={strangers}")


HOLDS = {
    "one server": some(kills=1, lost=1, pauses=1),
    "one server and others at work": some(kills=1, lost=1, strangers=1),
    "one server, two deaths": some(kills=2, lost=1),
    "a copy beside it, stopped": ("COPY", *some(kills=1, pauses=1)),
    "a copy beside it, lost answers": ("COPY", *some(kills=1, lost=1)),
    "a copy of before, whoever comes first": ("COPY_BEHIND", *some(kills=1, lost=1, pauses=1)),
    "a failover": ("FAILOVER", *some(kills=1, pauses=1)),
    "a stranger": ("STRANGER", *some(kills=1, pauses=1)),
}
HOLDS_LONG = {
    "a copy beside it, all at once": ("COPY", *some(kills=1, lost=1, pauses=1, strangers=1)),
    "a copy beside it, numbers given away": ("COPY", *some(kills=1, strangers=1)),
    "a failover, lost answers": ("FAILOVER", *some(kills=1, lost=1)),
    "a failover, numbers given away": ("FAILOVER", *some(kills=1, strangers=1)),
    "a failover, lost answers and numbers given away": ("FAILOVER", *some(lost=1, pauses=1, strangers=1)),
}
FINDS = {
    "NO_LEASE": ("COPY", *some(kills=1, pauses=1)),
    "NO_PROOF": ("COPY", *some(kills=1, pauses=1)),
    "NO_FENCE": ("COPY", *some(pauses=2)),
    "NO_OWNER": ("STRANGER", *some(kills=1)),
    "NO_IF_MATCH": some(kills=1, lost=1),
    "NO_LOOK": some(lost=1),
    "UNKNOWN_TAKES_BACK": ("COPY_BEHIND", *some(kills=1, pauses=1)),
    "ABORTED_BELIEVED": ("FAILOVER", *some(kills=1, strangers=1)),
    "EMPTY_AT_ONCE": ("FAILOVER", *some(kills=1, pauses=1)),
    "NO_RECOGNITION": ("FAILOVER", *some(kills=1, pauses=1)),
    # Not a means but an assumption, which docs/protocol.md names under "What is not promised".
    "COPY_COMES_FIRST": ("COPY", *some(kills=1, pauses=1)),
}


@pytest.mark.parametrize("scenario", HOLDS)
def test_the_protocol_holds(tmp_path, scenario):
    assert "errors: 0" in check(tmp_path, *HOLDS[scenario])


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scenario", HOLDS_LONG)
def test_the_protocol_holds_in_more(tmp_path, scenario):
    assert "errors: 0" in check(tmp_path, *HOLDS_LONG[scenario])


@pytest.mark.parametrize("without", FINDS)
def test_the_model_finds_the_loss(tmp_path, without):
    assert "errors: 1" in check(tmp_path, without, *FINDS[without])
