"""The address of the database leads to the standby for a while, before that is made the primary."""
import contextlib
import json

import psycopg2

from support.asking import wait_for
from support.gate import DatabaseGate
from support.shop import Shop


def test_a_projection_waits_while_the_address_leads_to_the_standby(fault_binary, database, tmp_path, copy_of):
    shop = Shop(fault_binary, database, tmp_path)
    shop.post(30)
    shop.once()
    with DatabaseGate(database.server.port) as gate:
        settings = {"PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)}
        project = shop.program.start("project", "total", settings=settings)
        shop.post(10)
        shop.wait_for(lambda: shop.total() == shop.posted)
        standby = copy_of(database.server, standby=True)
        gate.upstream_port = standby.port
        gate.cut_all()
        shop.post(20)
        wait_for(lambda: "read-only standby" in project.output["stderr"].decode())
        standby.psql("-c", "SELECT pg_promote()")
        with contextlib.closing(psycopg2.connect(standby.uri(database.name))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:

                def applied() -> int:
                    cursor.execute("SELECT sum(value) FROM total")
                    return int(cursor.fetchone()[0])

                wait_for(lambda: applied() == shop.posted, 60)
                cursor.execute("SELECT state FROM event_archiver.position")
                assert cursor.fetchone()[0] == "running"
        lines = [json.loads(line) for line in project.output["stderr"].decode().splitlines() if line.startswith("{")]
        assert not [each for each in lines if each.get("event") == "projection.failed"]
        project.kill()
