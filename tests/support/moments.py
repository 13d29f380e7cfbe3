"""The moments of a run at which a test kills it, and the cases of sampled tests: all of them with LONG=1, else a twentieth, other
ones each day.

    def attempt(nth):                      # one case: a fresh scene, a run, the oracle
        …
        return rule                        # the gate's rule that was to hit the nth moment
    try_moments(attempt, request.node.nodeid)

EVENT_ARCHIVER_MOMENTS=2026-11-29 chooses as on that day, EVENT_ARCHIVER_MOMENTS=all takes all of them.
"""
import datetime
import os
import random
from collections.abc import Callable

SHARE = 20  # one case in SHARE
LEAST = 2
NEVER = 10**9


def today() -> str:
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def day() -> int:
    """The number of the day as whose the cases are chosen."""
    asked = os.environ.get("EVENT_ARCHIVER_MOMENTS", "all")
    return datetime.date.fromisoformat(today() if asked == "all" else asked).toordinal()


def some(cases: list, name: str, least: int = LEAST) -> list:
    """Of these cases, in their order, those that are tried today."""
    asked = os.environ.get("EVENT_ARCHIVER_MOMENTS")
    if os.environ.get("LONG") == "1" or asked == "all" or len(cases) <= least:
        return list(cases)
    seed = asked or today()
    print(f"EVENT_ARCHIVER_MOMENTS={seed}")
    chance = random.Random(f"{seed} {name.partition('@')[0]}")  # behind @ is a group of pytest-xdist
    chosen = chance.sample(range(len(cases)), max(least, -(-len(cases) // SHARE)))
    return [cases[index] for index in sorted(chosen)]


def try_moments(attempt: Callable, name: str, ways: tuple = ()) -> int:
    """How many were tried. The first run is not hit: it counts the moments, and must end well. With `ways`, each moment can be tried
    in each of them: attempt(nth, way)."""
    last = attempt(NEVER, *ways[:1]).seen
    assert last > 2
    moments = range(1, last + 1)
    chosen = some([(nth, way) for nth in moments for way in ways] if ways else [(nth,) for nth in moments], name)
    for each in chosen:
        attempt(*each)
    return len(chosen)
