"""More topics than the process may have files open for."""
import pytest

from support.events import EventService


@pytest.fixture
def narrow(binary, tmp_path):
    made = tmp_path / "narrow"
    made.write_text(f'#!/bin/sh\nulimit -n 200\nexec {binary} "$@"\n')
    made.chmod(0o755)
    return made


def test_another_topic_is_refused_for_now_and_the_others_go_on(narrow, tmp_path):
    with EventService(narrow, tmp_path / "journal") as service:
        assert service.send("first", {"n": 0}).status == 201
        refused = next(answer for each in range(200) if (answer := service.send(f"t{each}", {"n": 1})).status != 201)
        assert refused.status == 503 and refused.headers["retry-after"] == "1" and "ulimit" in refused.text
        for each in range(1, 20):
            assert service.send("first", {"n": each}).status == 201
        assert [value["n"] for value in service.values("first")] == list(range(20))
        assert service.get("/livez").status == 200
