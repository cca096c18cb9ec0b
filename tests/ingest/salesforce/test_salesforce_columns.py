"""Fields that come, go and change; types; REST and Bulk API bring the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from salesforce_helpers import Warehouse, assert_equal

from northstar.ingest.contract import IngestError
from northstar.ingest.salesforce.fields import described, snake_case
from northstar.ingest.salesforce.pages import page_of_csv
from northstar.ingest.salesforce.rows import _typed
from northstar.simulator.salesforce import Field, SalesforceServer, SalesforceWorld
from northstar.simulator.salesforce.schema import standard_objects

HOUR = timedelta(hours=1)
SCORE = Field("Lead_Score__c", "double", precision=5, scale=2)


def columns_of(warehouse: Warehouse, table: str) -> dict[str, str]:
    rows = warehouse.connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = 'raw_salesforce' AND table_name = ? ORDER BY column_index",
        [table],
    ).fetchall()
    return dict(rows)


def values(warehouse: Warehouse, lead: str, column: str) -> list[Any]:
    sql = f"SELECT {column} FROM raw_salesforce.lead WHERE id = ? ORDER BY _seq"
    return [value for (value,) in warehouse.connection.execute(sql, [lead]).fetchall()]


def test_columns_have_the_types_of_describe(warehouse: Warehouse) -> None:
    warehouse.read()
    account = columns_of(warehouse, "account")
    assert list(account)[:5] == ["_op", "_commit_ts", "_seq", "_content_hash", "id"]
    assert {
        name: account[name] for name in (
            "_commit_ts", "_seq", "created_date", "annual_revenue", "health_score__c", "number_of_employees",
            "is_reference__c", "last_activity_date", "billing_street", "owner_id",
        )
    } == {
        "_commit_ts": "TIMESTAMP", "_seq": "BIGINT", "created_date": "TIMESTAMP", "annual_revenue": "DECIMAL(18,0)",
        "health_score__c": "DECIMAL(5,2)", "number_of_employees": "BIGINT", "is_reference__c": "BOOLEAN",
        "last_activity_date": "DATE", "billing_street": "VARCHAR", "owner_id": "VARCHAR",
    }  # fmt: skip
    assert "billing_address" not in account
    assert "system_modstamp" not in columns_of(warehouse, "account_history")


def test_a_field_that_appears_is_landed(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    org.now += HOUR
    org.add_field("Lead", SCORE)
    lead = org.ids("Lead")[0]
    org.update("Lead", lead, {"Lead_Score__c": 71.25}, org.now)
    report = warehouse.read()
    assert [(n.object, n.kind) for n in report.notices] == [("lead", "field_added")]
    assert values(warehouse, lead, "lead_score__c") == [None, Decimal("71.25")]
    assert_equal(warehouse)
    assert warehouse.read().notices == []


def test_a_field_that_vanishes_is_null_from_then_on(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    lead = org.ids("Lead", '"IsDeleted" = 0')[0]
    org.update("Lead", lead, {"Fax": "+1 555 0100"}, org.now - HOUR)
    warehouse.read()
    org.now += HOUR
    org.drop_field("Lead", "Fax")
    org.update("Lead", lead, {"Rating": "Hot"}, org.now)
    report = warehouse.read()
    assert [(n.object, n.kind) for n in report.notices] == [("lead", "field_removed")]
    assert values(warehouse, lead, "fax") == ["+1 555 0100", None]
    org.add_field("Lead", Field("Fax", "phone"))
    org.now += HOUR
    org.update("Lead", lead, {"Rating": "Cold"}, org.now)
    warehouse.read()
    assert values(warehouse, lead, "fax") == ["+1 555 0100", None, "+1 555 0100"]
    assert_equal(warehouse)


def test_a_field_that_changes_its_type_keeps_both(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    org.add_field("Lead", SCORE)
    lead = org.ids("Lead", '"IsDeleted" = 0')[0]
    org.update("Lead", lead, {"Lead_Score__c": 12.5}, org.now - HOUR)
    warehouse.read()
    org.now += HOUR
    org.retype_field("Lead", Field("Lead_Score__c", "string"), lambda value: f"about {value}")
    org.update("Lead", lead, {"Rating": "Hot"}, org.now)
    report = warehouse.read()
    assert [(n.object, n.kind) for n in report.notices] == [("lead", "field_type_changed")]
    assert values(warehouse, lead, "lead_score__c") == [Decimal("12.50"), None]
    assert values(warehouse, lead, "lead_score__c__varchar") == [None, "about 12.5"]


def test_a_number_with_more_digits_than_described_is_kept(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    org.add_field("Lead", SCORE)
    warehouse.read()
    lead = org.ids("Lead", '"IsDeleted" = 0')[0]
    for score in (1.125, 123456.5):
        org.now += HOUR
        org.update("Lead", lead, {"Lead_Score__c": score}, org.now)
        warehouse.read()
    assert values(warehouse, lead, "lead_score__c")[1:] == [Decimal("1.125"), Decimal("123456.5")]


def test_a_record_is_the_same_whatever_the_precision_of_its_page(world: SalesforceWorld, warehouse: Warehouse) -> None:
    """Read again within the overlap, beside a number that widens the column."""
    org = world.org
    org.add_field("Lead", SCORE)
    warehouse.read()
    org.now += HOUR
    one, other = org.ids("Lead", '"IsDeleted" = 0')[:2]
    org.update("Lead", one, {"Lead_Score__c": 12.5}, org.now)
    warehouse.read()
    org.update("Lead", other, {"Lead_Score__c": 1.125}, org.now)
    assert warehouse.read().objects == {"lead": 1}


def test_a_value_that_is_not_of_its_type_is_kept_as_text(world: SalesforceWorld, warehouse: Warehouse) -> None:
    org = world.org
    warehouse.read()
    lead = org.ids("Lead", '"IsDeleted" = 0')[0]
    org.now += HOUR
    org.update("Lead", lead, {"NumberOfEmployees": "many"}, org.now)
    report = warehouse.read()
    assert [n.kind for n in report.notices] == ["value_not_of_type"]
    assert "many" not in report.notices[0].detail
    assert values(warehouse, lead, "number_of_employees__varchar") == [None, "many"]


def test_rest_and_bulk_bring_the_same_rows(
    world: SalesforceWorld, server: SalesforceServer, make_warehouse: Callable[..., Warehouse]
) -> None:
    """Quotes, commas, line breaks, other alphabets, great and small numbers, empty values."""
    org = world.org
    account = org.ids("Account")[0]
    odd = {"Name": 'A "quoted", name', "Description": "first\nsecond\r\n\tthird \\", "BillingCity": "Kraków 東京"}
    org.update("Account", account, {**odd, "AnnualRevenue": 1.5e11}, org.now - HOUR)
    org.update("Account", org.ids("Account")[1], {"Health_Score__c": 0.01, "Website": ""}, org.now - HOUR)
    rest = make_warehouse("rest", bulk_threshold=10**9)
    bulk = make_warehouse("bulk", bulk_threshold=0, bulk_page_rows=17)
    for every_page in (True, False):
        server.bulk.header_on_every_page = every_page
        for warehouse in (rest, bulk):
            warehouse.read()
        for name in rest.settings.objects:
            sql = f"SELECT * EXCLUDE (_load_id, _loaded_at) FROM raw_salesforce.{snake_case(name)} ORDER BY _seq"
            assert rest.connection.execute(sql).fetchall() == bulk.connection.execute(sql).fetchall(), name
        world.advance(org.now, org.now + 6 * HOUR)
    assert server.bulk.open_jobs == 0
    assert any("jobs/query" in path for _, path in server.faults.seen)


def test_a_query_too_long_for_a_uri_goes_in_bulk(
    world: SalesforceWorld, server: SalesforceServer, warehouse: Warehouse
) -> None:
    for n in range(400):
        world.org.add_field("Contract", Field(f"A_custom_field_with_a_long_name_{n}__c", "string"))
    warehouse.read()
    assert_equal(warehouse)
    assert sum(path.endswith("/results") for _, path in server.faults.seen) == 1


@pytest.mark.parametrize(
    ("body", "first", "complaint"),
    [
        (b'"Name","Id"\n"x","1"\n', True, "do not begin with the fields"),
        (b'"1","x"\n', True, "do not begin with the fields"),
        (b'"Id"\n"1"\n', True, "do not begin with the fields"),
        (b'"Id","Name"\n"1"\n', True, "no CSV"),
    ],
)
def test_bulk_pages_of_another_shape_are_refused(body: bytes, first: bool, complaint: str) -> None:
    with pytest.raises(IngestError, match=complaint):
        page_of_csv(body, ["Id", "Name"], first)


def test_later_bulk_pages_may_or_may_not_begin_with_the_names() -> None:
    for body in (b'"Id","Name"\n"1","x"\n', b'"1","x"\n'):
        assert page_of_csv(body, ["Id", "Name"], first=False).columns["Name"].to_pylist() == ["x"]
    assert len(page_of_csv(b'"Id","Name"\n', ["Id", "Name"], first=True)) == 0
    assert len(page_of_csv(b"", ["Id", "Name"], first=False)) == 0


def test_column_names() -> None:
    names = ("Id", "SystemModstamp", "OwnerId", "CurrencyIsoCode", "UserPreferencesHideS1BrowserUI", "ARR__c")
    assert [snake_case(n) for n in names] == [
        "id", "system_modstamp", "owner_id", "currency_iso_code", "user_preferences_hide_s1_browser_ui", "arr__c",
    ]  # fmt: skip
    for sobject in standard_objects().values():
        columns = [f.column for f in described(sobject.describe()).fields]
        assert len(columns) == len(set(columns))


def test_an_object_that_cannot_be_read_forward_is_refused() -> None:
    fields = [{"name": "Id", "type": "id"}, {"name": "Name", "type": "string"}]
    with pytest.raises(IngestError, match="neither SystemModstamp nor CreatedDate"):
        described({"name": "Thing__c", "fields": fields})


@pytest.mark.parametrize(
    ("text", "kept"),
    [("1.5E7", "15000000.00"), ("0.125", "0.125"), ("12345678901234567890", "12345678901234567890"), ("NaN", "NaN")],
)
def test_numbers_lose_no_digit(text: str, kept: str) -> None:
    field = described({
        "name": "X", "fields": [
            {"name": "Id", "type": "id"}, {"name": "CreatedDate", "type": "datetime"},
            {"name": "Amount", "type": "currency", "precision": 18, "scale": 2},
        ],
    }).fields[2]  # fmt: skip
    assert str(_typed(pa.array([text, None]), field)[0].as_py()) == kept
