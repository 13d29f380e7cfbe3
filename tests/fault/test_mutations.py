"""Can these tests fail? Each way to break the protocol on purpose is noticed by at least one of them."""
import subprocess
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_broken_protocol_is_noticed():
    done = subprocess.run([Path(__file__).with_name("mutate")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
