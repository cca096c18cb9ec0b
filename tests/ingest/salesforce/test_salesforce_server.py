"""The simulated org's protocol, as clients of the real one know it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from northstar.simulator.salesforce import SalesforceServer, SalesforceWorld
from northstar.simulator.salesforce.server import API_VERSION, OPEN_LOCATORS

BASE = f"/services/data/v{API_VERSION}"
MINUTE = timedelta(minutes=1)


class Api:
    """A client that does nothing by itself."""

    def __init__(self, server: SalesforceServer) -> None:
        self.server = server
        self.variables = server.environment()
        self.session = requests.Session()
        self.token = self.log_in()["access_token"]

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        verify = self.variables["NORTHSTAR_SALESFORCE_CA_FILE"]
        return self.session.request(method, self.server.url + path, headers=headers, verify=verify, **options)

    def log_in(self, **form: str) -> dict[str, Any]:
        self.token = ""
        wanted = {
            "grant_type": "client_credentials",
            "client_id": self.variables["NORTHSTAR_SALESFORCE_CLIENT_ID"],
            "client_secret": self.variables["NORTHSTAR_SALESFORCE_CLIENT_SECRET"],
        }
        answer: dict[str, Any] = self.send("POST", "/services/oauth2/token", data={**wanted, **form}).json()
        return answer

    def query(self, soql: str, kind: str = "query") -> dict[str, Any]:
        response = self.send("GET", f"{BASE}/{kind}", params={"q": soql})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def values(self, soql: str, field: str = "Id", kind: str = "query") -> list[Any]:
        return [record[field] for record in self.query(soql, kind)["records"]]

    def error(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        response = self.send(method, path, **options)
        return response.status_code, response.json()[0]["errorCode"]

    def refusal(self, soql: str) -> tuple[int, str]:
        return self.error("GET", f"{BASE}/query", params={"q": soql})


@pytest.fixture
def api(server: SalesforceServer) -> Iterator[Api]:
    api = Api(server)
    yield api
    api.session.close()


def stamp(world: SalesforceWorld, **ago: float) -> str:
    return f"{world.org.now - timedelta(**ago):%Y-%m-%dT%H:%M:%SZ}"


def test_tokens_are_given_expire_and_are_revoked(world: SalesforceWorld, server: SalesforceServer, api: Api) -> None:
    assert api.log_in(client_secret="wrong")["error"] == "invalid_client"
    assert api.log_in(client_id="wrong")["error"] == "invalid_client_id"
    assert api.log_in(grant_type="password")["error"] == "invalid_grant"
    assert api.log_in(grant_type="implicit")["error"] == "unsupported_grant_type"
    assert api.log_in(grant_type="password", username="u", password="p")["token_type"] == "Bearer"
    assert api.error("GET", f"{BASE}/limits") == (401, "INVALID_SESSION_ID")
    answer = api.log_in()
    api.token = answer["access_token"]
    assert answer["instance_url"] == server.url
    assert answer["id"].split("/")[-2] == world.org.org_id
    assert api.send("GET", f"{BASE}/limits").json()["DailyApiRequests"]["Max"] == 100_000
    world.org.now += server.token_life
    assert api.error("GET", f"{BASE}/limits") == (401, "INVALID_SESSION_ID")
    api.token = api.log_in()["access_token"]
    server.expire_tokens()
    assert api.error("GET", f"{BASE}/limits") == (401, "INVALID_SESSION_ID")


def test_answers_carry_the_orgs_time(world: SalesforceWorld, api: Api) -> None:
    assert api.send("GET", f"{BASE}/limits").headers["Date"] == "Mon, 02 Nov 2026 12:00:00 GMT"


def test_pages_follow_each_other(world: SalesforceWorld, server: SalesforceServer, api: Api) -> None:
    server.page_rows = 50
    answer = api.query("SELECT Id, Name FROM Lead ORDER BY Id")
    total, seen = answer["totalSize"], [r["Id"] for r in answer["records"]]
    while not answer["done"]:
        answer = api.send("GET", answer["nextRecordsUrl"]).json()
        assert len(answer["records"]) <= 50
        seen += [r["Id"] for r in answer["records"]]
    assert seen == world.org.ids("Lead")
    assert total == len(seen) > 100


def test_old_locators_are_closed(server: SalesforceServer, api: Api) -> None:
    server.page_rows = 10
    first = api.query("SELECT Id FROM Lead")["nextRecordsUrl"]
    for _ in range(OPEN_LOCATORS - 1):
        api.query("SELECT Id FROM Lead")
    assert api.send("GET", first).status_code == 200
    api.query("SELECT Id FROM Lead")
    assert api.error("GET", first) == (400, "INVALID_QUERY_LOCATOR")


def test_soql_conditions(world: SalesforceWorld, api: Api) -> None:
    org = world.org
    a, b, c = org.ids("Lead")[:3]
    org.update("Lead", a, {"Company": "It's \\ here", "NumberOfEmployees": 7, "Rating": None}, org.now)
    org.update("Lead", b, {"Company": "Other", "NumberOfEmployees": 8, "Rating": "Hot"}, org.now + MINUTE)
    org.update("Lead", c, {"Company": "other", "NumberOfEmployees": 9, "Rating": "Hot"}, org.now + 2 * MINUTE)
    among = f"Id IN ('{a}', '{b}', '{c}')"
    for condition, expected in {
        r"Company = 'It\'s \\ here'": [a],
        "Company = 'OTHER'": [b, c],
        "Company LIKE 'oth%'": [b, c],
        "NumberOfEmployees > 7": [b, c],
        "NumberOfEmployees != 8": [a, c],
        "Rating = null": [a],
        "Rating != null": [b, c],
        "(NumberOfEmployees = 7 OR NumberOfEmployees = 9)": [a, c],
        "NOT NumberOfEmployees = 7": [b, c],
        "NumberOfEmployees NOT IN (7, 8)": [c],
        "IsConverted = false AND NumberOfEmployees <= 8": [a, b],
        f"SystemModstamp >= {stamp(world, minutes=-1)}": [b, c],
        f"SystemModstamp < {stamp(world, minutes=-1).replace('Z', '+00:00')}": [a],
        f"SystemModstamp > {stamp(world)} AND Id > '{b}'": [c],
        "CreatedDate < 2000-01-01": [],
    }.items():
        assert api.values(f"SELECT Id FROM Lead WHERE {among} AND {condition} ORDER BY Id") == expected, condition
    down = f"select id from lead where {among} order by NumberOfEmployees desc nulls last, Id limit 2"
    assert api.values(down) == [c, b]
    assert api.query(f"SELECT COUNT() FROM Lead WHERE {among}") == {"totalSize": 3, "done": True, "records": []}


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nope__c FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM Lead WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Company = 3", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE BillingStreet = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Id = 'a' AND Id = 'b' OR Id = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead; DROP TABLE Lead", "MALFORMED_QUERY"),
        ("SELECT * FROM Lead", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ],
)
def test_queries_that_are_refused(api: Api, soql: str, code: str) -> None:
    assert api.refusal(soql) == (400, code)


def test_the_recycle_bin(world: SalesforceWorld, api: Api) -> None:
    org = world.org
    lead = org.ids("Lead")[0]
    soql = f"SELECT Id, IsDeleted, SystemModstamp FROM Lead WHERE Id = '{lead}'"
    org.delete("Lead", lead, org.now)
    assert api.values(soql) == []
    assert api.query(soql, "queryAll")["records"][0]["IsDeleted"] is True
    assert api.values(soql, "SystemModstamp", "queryAll") == ["2026-11-02T12:00:00.000+0000"]
    org.undelete("Lead", lead, org.now + MINUTE)
    assert api.values(soql, "SystemModstamp") == ["2026-11-02T12:01:00.000+0000"]
    org.delete("Lead", lead, org.now)
    org.purge("Lead", lead)
    assert api.values(soql, kind="queryAll") == []


def test_logs_of_deleted_and_updated(world: SalesforceWorld, api: Api) -> None:
    org = world.org
    lead, other = org.ids("Lead")[:2]
    org.delete("Lead", lead, org.now + 30 * MINUTE)
    org.update("Lead", other, {"Rating": "Hot"}, org.now + 30 * MINUTE)
    org.now += 60 * MINUTE
    path = f"{BASE}/sobjects/Lead/deleted/"
    span = {"start": stamp(world, minutes=59), "end": stamp(world, minutes=1)}
    answer = api.send("GET", path, params=span).json()
    assert [r["id"] for r in answer["deletedRecords"]] == [lead]
    assert answer["latestDateCovered"] == "2026-11-02T12:59:00.000+0000"
    assert set(api.send("GET", f"{BASE}/sobjects/Lead/updated/", params=span).json()["ids"]) == {lead, other}
    late = {"start": stamp(world, minutes=30, seconds=-30), "end": stamp(world)}
    assert len(api.send("GET", path, params=late).json()["deletedRecords"]) == 1, "seconds are ignored"
    for bad in (
        {"start": stamp(world), "end": stamp(world)},
        {"start": stamp(world, days=31), "end": stamp(world)},
        {"start": "yesterday", "end": stamp(world)},
    ):
        assert api.error("GET", path, params=bad) == (400, "INVALID_REPLICATION_DATE")


def test_describe(api: Api) -> None:
    names = [s["name"] for s in api.send("GET", f"{BASE}/sobjects/").json()["sobjects"]]
    assert {"Account", "AccountHistory", "User"} < set(names)
    fields = {f["name"]: f for f in api.send("GET", f"{BASE}/sobjects/Account/describe").json()["fields"]}
    assert (fields["AnnualRevenue"]["type"], fields["AnnualRevenue"]["precision"]) == ("currency", 18)
    assert fields["BillingAddress"]["type"] == "address"
    assert fields["BillingCity"]["compoundFieldName"] == "BillingAddress"
    assert api.error("GET", f"{BASE}/sobjects/Nope/describe") == (404, "NOT_FOUND")


def test_bulk_jobs(world: SalesforceWorld, server: SalesforceServer, api: Api) -> None:
    org = world.org
    org.update("Account", org.ids("Account")[0], {"AnnualRevenue": 1.5e11, "Description": 'a "b"\nc'}, org.now)
    job = {"operation": "queryAll", "query": "SELECT Id, AnnualRevenue, Description FROM Account ORDER BY Id"}
    created = api.send("POST", f"{BASE}/jobs/query", json=job).json()
    path = f"{BASE}/jobs/query/{created['id']}"
    assert created["state"] == "UploadComplete"
    assert api.error("GET", f"{path}/results") == (400, "INVALIDJOBSTATE")
    assert [api.send("GET", path).json()["state"] for _ in range(2)] == ["InProgress", "JobComplete"]
    rows: list[list[str]] = []
    locator: str | None = None
    while locator != "null":
        options = {"maxRecords": "7"} | ({"locator": locator} if locator else {})
        response = api.send("GET", f"{path}/results", params=options)
        page = list(csv.reader(io.StringIO(response.text)))
        assert page[0] == ["Id", "AnnualRevenue", "Description"]
        assert int(response.headers["Sforce-NumberOfRecords"]) == len(page) - 1
        rows += page[1:]
        locator = response.headers["Sforce-Locator"]
    assert [r[0] for r in rows] == org.ids("Account")
    assert rows[0][1:] == ["1.5E11", 'a "b"\nc']
    assert api.send("DELETE", path).status_code == 204
    assert api.error("GET", path) == (404, "NOT_FOUND")
    for query in ("SELECT BillingAddress FROM Account", "SELECT COUNT() FROM Account"):
        assert api.error("POST", f"{BASE}/jobs/query", json={**job, "query": query})[0] == 400


def test_faults_come_as_planned(server: SalesforceServer, api: Api) -> None:
    path = f"{BASE}/limits"
    expected = {
        "limit": (403, "REQUEST_LIMIT_EXCEEDED"), "lock": (400, "UNABLE_TO_LOCK_ROW"),
        "unavailable": (503, "SERVER_UNAVAILABLE"), "session": (401, "INVALID_SESSION_ID"),
        "throttle": (429, "TOO_MANY_REQUESTS"),
    }  # fmt: skip
    for kind, answer in expected.items():
        server.faults.plan(kind, "limits", after=1)
        assert api.send("GET", path).status_code == 200
        assert api.error("GET", path) == answer
    for kind in ("drop", "cut"):
        server.faults.plan(kind, "limits")
        with pytest.raises(requests.RequestException):
            api.send("GET", path)
    assert api.send("GET", path).status_code == 200
    assert api.error("GET", path + "?" + "x" * 17_000) == (414, "URI_TOO_LONG")
    assert api.error("GET", f"{BASE}/nothing/here") == (404, "NOT_FOUND")
