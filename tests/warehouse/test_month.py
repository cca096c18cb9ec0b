"""After a month of the whole company's life every mart equals a computation in plain Python from the source systems."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from appointment_oracle import backfill
from company_lab import SOURCES, CompanyLab, open_company
from company_sources import Sources
from fresh import built_anew, models, unequal
from lab import LabWarehouse, open_warehouse
from lifecycle_oracle import lifecycle
from month_scenario import ALTERNATE, ANCHOR, STRIDES, SUBJECTS, Month, MonthScenario, Subject
from mrr_oracle import CLASSES, Mrr
from receivable_oracle import ageing, entries

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer

# The first test that asks for the month waits for it.
pytestmark = [pytest.mark.timeout(7200), pytest.mark.slow]


@pytest.fixture(scope="module", params=[STRIDES, ALTERNATE], ids=lambda m: m.name)
def month(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MonthScenario]:
    """The month, lived through; the systems and the warehouse are still there."""
    plan: Month = request.param
    company = Company(27, 0.05, ANCHOR, chosen=plan.accounts, clinics_by_segment=plan.clinics)
    with (
        open_company(postgres_server, company) as lab,
        open_warehouse(lab, tmp_path_factory.mktemp(plan.name), sources=SOURCES) as warehouse,
    ):
        scenario = MonthScenario(plan, lab, warehouse)
        scenario.run()
        yield scenario


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.mart)
def test_a_mart_equals_what_the_sources_say_after_every_tick(month: MonthScenario, subject: Subject) -> None:
    checks = [check for check in month.checks if check.subject == subject.mart]
    assert len(checks) >= len(month.month.ticks) - 1
    assert all(check.rows for check in checks), "nothing was compared"
    assert [(f"{check.at:%m-%d %H:%M}", check.differences) for check in checks if check.differences] == []


@pytest.fixture(scope="module")
def anew(month: MonthScenario, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabWarehouse]:
    """A warehouse built in one go at the month's end, from what the other has landed in the month."""
    lab: CompanyLab = month.lab
    with built_anew(month.warehouse, tmp_path_factory.mktemp("anew"), lab.now) as new:
        yield new


def test_history_reaches_every_day_that_it_belongs_to_and_only_those(month: MonthScenario, anew: LabWarehouse) -> None:
    assert models(anew) == models(month.warehouse)
    rows, found = unequal(month.warehouse, anew)
    assert {name for name, count in rows.items() if not count} == set(), "nothing was compared"
    assert found == {}, "\n".join(f"{name}: {row}" for name, kept in found.items() for row in kept)


def test_the_month_brings_every_case(month: MonthScenario) -> None:
    sources = Sources(month.lab)
    mrr = Mrr(sources)
    dispute = {row["status"] for row in sources.stripe("dispute")}
    invoice = {row["status"] for row in sources.stripe("invoice")}
    interval = {
        line["price"]["recurring"]["interval"] for row in sources.stripe("subscription") for line in row["items"]
    }
    moved = {name for row in mrr.movements() for name in CLASSES if row[f"{name}_amount"]}
    kinds = {(entry.stream, entry.kind) for entry in entries(sources)}
    images = [image for told in sources.lab.told.images.values() for _, image in told]
    assert "lost" in dispute
    assert {"paid", "void"} <= invoice
    assert any(row["receivable_amount"] > 0 for row in ageing(sources) if row["revenue_stream"] == "platform")
    assert interval == {"month", "year"}
    assert moved == set(CLASSES)
    assert {("patient", kind) for kind in ("billed", "paid", "credited", "voided", "written_off", "recovered")} <= kinds
    assert {("platform", kind) for kind in ("billed", "paid", "credited", "voided")} <= kinds
    assert any(image["pause_collection"] for image in images) and any(i["status"] == "trialing" for i in images)
    assert any(0 < row["billed_mrr_minor"] < row["mrr_minor"] for row in mrr.rows())
    assert {row["currency"] for row in mrr.rows()} >= {"USD", "EUR", "JPY", "KWD"}
    assert any(row["rebooked_minutes"] for row in backfill(sources))
    assert {row["stage"] for row in lifecycle(sources)} >= {
        "lead",
        "active",
        "at_risk",
        "churned",
        "won_back",
    }
