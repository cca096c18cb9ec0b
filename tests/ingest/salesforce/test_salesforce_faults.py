"""What Salesforce does wrong at times, and what the source makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from salesforce_helpers import EAGER, QUICK, Warehouse, assert_equal, login_to

from northstar.ingest.contract import IngestError
from northstar.ingest.salesforce import from_environment
from northstar.ingest.salesforce.source import SalesforceSource
from northstar.simulator.loopback import LoopbackServer, Request, Response
from northstar.simulator.salesforce import SalesforceServer, SalesforceWorld

PASSING = ("limit", "lock", "timeout", "unavailable", "throttle", "gateway", "drop", "cut")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("kind", PASSING)
def test_a_passing_fault_is_outlived(server: SalesforceServer, warehouse: Warehouse, kind: str) -> None:
    server.page_rows = 20
    for path in ("oauth2", "Account/describe", "/queryAll", "/query/01g"):
        server.faults.plan(kind, path, times=2)
    warehouse.read()
    assert server.faults.planned == []
    assert_equal(warehouse)


@pytest.mark.parametrize("kind", PASSING)
def test_a_passing_fault_is_outlived_in_bulk(
    server: SalesforceServer, make_warehouse: Callable[..., Warehouse], kind: str
) -> None:
    warehouse = make_warehouse(bulk_threshold=30, bulk_page_rows=20)
    for path in ("jobs/query/?$", r"jobs/query/\w+$", "results"):
        server.faults.plan(kind, path, times=2)
    warehouse.read()
    assert server.faults.planned == []
    assert_equal(warehouse)


@pytest.mark.parametrize(("kind", "named"), [("limit", "RequestLimitExceeded"), ("drop", "ConnectionError")])
def test_a_fault_that_stays_ends_the_read_and_the_next_one_goes_on(
    world: SalesforceWorld, server: SalesforceServer, make_warehouse: Callable[..., Warehouse], kind: str, named: str
) -> None:
    """What was loaded stays; the source is not sealed; the next read begins where the last batch ended."""
    warehouse = make_warehouse(batch_rows=20)
    server.page_rows = 10
    server.faults.plan(kind, "/query/01g", after=9, times=EAGER.attempts)
    with pytest.raises(IngestError, match=rf"gave up after 4 attempts \({named}\)"):
        warehouse.read()
    assert warehouse.sink.sealed_through("salesforce") is None
    assert warehouse.connection.execute("SELECT count(*) > 20 FROM raw_salesforce.contact").fetchall() == [(True,)]
    warehouse.read()
    assert_equal(warehouse)


def test_nothing_is_left_in_the_landing_zone_of_a_batch_that_failed(
    server: SalesforceServer, warehouse: Warehouse
) -> None:
    server.faults.plan("drop", "Opportunity/describe", times=EAGER.attempts)
    with pytest.raises(IngestError):
        warehouse.read()
    assert list((warehouse.directory / "landing").rglob("*.parquet*")) == []


def test_a_token_that_expires_in_the_middle_is_renewed(
    world: SalesforceWorld, server: SalesforceServer, warehouse: Warehouse
) -> None:
    server.page_rows = 20
    pages = iter(range(10**6))

    def expire_now_and_then(request: Request) -> None:
        if "/query/01g" in request.path and next(pages) % 6 == 0:
            server.expire_tokens()

    server.on_request = expire_now_and_then
    warehouse.read()
    logins = [path for _, path in server.faults.seen if path.endswith("oauth2/token")]
    assert len(logins) > 3
    assert_equal(warehouse)


def test_tokens_that_are_refused_at_once_end_the_read(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.faults.plan("session", "describe", times=10)
    with pytest.raises(IngestError, match="keeps refusing tokens"):
        warehouse.read()


def test_a_lost_query_goes_on_from_the_last_page(
    world: SalesforceWorld, server: SalesforceServer, make_warehouse: Callable[..., Warehouse]
) -> None:
    server.page_rows = 10
    server.faults.plan("locator", "/query/01g", after=3, times=4)
    warehouse = make_warehouse(batch_rows=10_000)
    warehouse.read()
    assert server.faults.planned == []
    assert_equal(warehouse)


def test_a_query_that_is_lost_at_once_is_asked_again(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.faults.plan("locator", "/queryAll", times=3)
    warehouse.read()
    assert server.faults.planned == []
    assert_equal(warehouse)


def test_a_query_that_is_always_lost_ends_the_read(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.faults.plan("locator", "/queryAll", times=100)
    with pytest.raises(IngestError, match="loses every query of User"):
        warehouse.read()


def test_a_failed_bulk_job_ends_the_read(server: SalesforceServer, make_warehouse: Callable[..., Warehouse]) -> None:
    warehouse = make_warehouse(bulk_threshold=0)
    server.bulk.fail_next = "InternalServerError : a message with a value 4711"
    with pytest.raises(IngestError, match="ended a bulk query as Failed") as refusal:
        warehouse.read()
    assert "4711" not in str(refusal.value)
    warehouse.read()
    assert_equal(warehouse)


def test_a_bulk_page_that_is_silently_short_ends_the_read(
    server: SalesforceServer, make_warehouse: Callable[..., Warehouse]
) -> None:
    warehouse = make_warehouse(bulk_threshold=0)
    server.faults.plan("short", "results", after=2)
    with pytest.raises(IngestError, match=r"holds \d+ records and should hold \d+"):
        warehouse.read()
    warehouse.read()
    assert_equal(warehouse)


def test_a_field_that_vanishes_between_describe_and_query_ends_the_read(
    world: SalesforceWorld, server: SalesforceServer, warehouse: Warehouse
) -> None:
    def drop_field(request: Request) -> None:
        if request.path.endswith("/queryAll/") and "FROM+Lead" in request.target:
            world.org.objects["Lead"].fields.pop("Fax", None)

    server.on_request = drop_field
    with pytest.raises(IngestError, match=r"INVALID_FIELD.*run again"):
        warehouse.read()
    warehouse.read()
    assert_equal(warehouse)


def test_wrong_credentials_are_said_to_be_wrong(server: SalesforceServer, warehouse: Warehouse) -> None:
    source = SalesforceSource(replace(login_to(server), client_secret="wrong"), QUICK, EAGER)
    loaded_at = warehouse.boundary
    with pytest.raises(IngestError, match=r"refused the login \(invalid_client\).*_CLIENT_SECRET"):
        list(source.read(warehouse.sink.ledger("salesforce"), warehouse.landing, loaded_at))


def test_a_certificate_that_is_not_trusted_is_not_accepted(server: SalesforceServer, warehouse: Warehouse) -> None:
    with LoopbackServer(lambda request: Response(), tls=True) as stranger:
        for ca_file in (None, str(stranger.ca_file)):
            source = SalesforceSource(replace(login_to(server), ca_file=ca_file), QUICK, EAGER)
            with pytest.raises(IngestError, match="certificate is not trusted"):
                list(source.read(warehouse.sink.ledger("salesforce"), warehouse.landing, warehouse.boundary))


def test_the_environment_names_what_is_missing(server: SalesforceServer) -> None:
    environment = server.environment()
    from_environment(environment).close()
    for name in ("LOGIN_URL", "CLIENT_ID", "CLIENT_SECRET"):
        variable = f"NORTHSTAR_SALESFORCE_{name}"
        with pytest.raises(IngestError, match=f"{variable} is not set"):
            from_environment({k: v for k, v in environment.items() if k != variable})
    with pytest.raises(IngestError, match="https://"):
        from_environment({**environment, "NORTHSTAR_SALESFORCE_LOGIN_URL": "http://127.0.0.1"})
