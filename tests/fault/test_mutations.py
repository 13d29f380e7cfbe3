"""Can these tests fail? Each way to break the protocol on purpose is noticed by at least one of them."""
import subprocess
from pathlib import Path

import pytest

MUTATE = Path(__file__).with_name("mutate")


def test_every_mutation_still_fits_the_sources():
    done = subprocess.run([MUTATE, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_broken_protocol_is_noticed():
    done = subprocess.run([MUTATE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
