"""The batches of changes, whose faulty rows are the quarantine (design 4.4)."""

from collections.abc import Iterator

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

BATCHES = {
    "app": {
        "intermediate.int_billing__credit_note_change": "credit_note_id",
        "intermediate.int_billing__invoice_change": "invoice_id",
        "intermediate.int_billing__invoice_line_change": "invoice_line_id",
        "intermediate.int_billing__payer_change": "payer_id",
        "intermediate.int_billing__payment_allocation_change": "payment_allocation_id",
        "intermediate.int_billing__payment_change": "payment_id",
        "intermediate.int_billing__refund_change": "refund_id",
        "intermediate.int_directory__account_change": "account_id",
        "intermediate.int_directory__clinic_change": "clinic_id",
        "intermediate.int_directory__clinic_closure_change": "closure_id",
        "intermediate.int_directory__provider_change": "provider_id",
        "intermediate.int_directory__specialty_change": "specialty_code",
        "intermediate.int_patients__patient_change": "patient_key",
        "intermediate.int_scheduling__appointment_change": "appointment_id",
        "intermediate.int_scheduling__appointment_event_change": "event_id",
        "intermediate.int_scheduling__appointment_type_change": "appointment_type_id",
        "intermediate.int_scheduling__provider_schedule_change": "schedule_id",
        "intermediate.int_scheduling__schedule_exception_change": "exception_id",
    },
    "salesforce": {
        "intermediate.int_identity__salesforce_account_change": "salesforce_account_id",
        "intermediate.int_sales__lead_change": "lead_id",
        "intermediate.int_sales__opportunity_change": "opportunity_id",
        "intermediate.int_sales__opportunity_history_change": "opportunity_history_id",
        "intermediate.int_sales__tracked_owner_change": "owner_change_id",
        "intermediate.int_sales__user_change": "salesperson_id",
    },
    "stripe": {
        "intermediate.int_identity__stripe_customer_change": "stripe_customer_id",
        "intermediate.int_platform__balance_transaction_change": "balance_transaction_id",
        "intermediate.int_platform__charge_change": "charge_id",
        "intermediate.int_platform__coupon_change": "coupon_id",
        "intermediate.int_platform__credit_note_change": "credit_note_id",
        "intermediate.int_platform__discount_change": "discount_id",
        "intermediate.int_platform__dispute_change": "dispute_id",
        "intermediate.int_platform__invoice_change": "stripe_invoice_id",
        "intermediate.int_platform__invoice_line_change": "invoice_line_id",
        "intermediate.int_platform__invoice_payment_change": "invoice_payment_id",
        "intermediate.int_platform__payout_change": "payout_id",
        "intermediate.int_platform__payout_transaction_change": "balance_transaction_id",
        "intermediate.int_platform__price_change": "price_id",
        "intermediate.int_platform__product_change": "product_id",
        "intermediate.int_platform__refund_change": "refund_id",
        "intermediate.int_platform__subscription_change": "subscription_id",
        "intermediate.int_platform__subscription_item_change": "subscription_item_id",
    },
    "partner": {
        "intermediate.int_partner__referral_lead_change": "file_sha256 || ':' || record_number::VARCHAR",
        "intermediate.int_partner__remittance_change": "file_sha256 || ':' || record_number::VARCHAR",
        "intermediate.int_partner__survey_response_change": "file_sha256 || ':' || record_number::VARCHAR",
    },
}
"""By source: each batch, and the key under which a later change settles a faulty one.

Each has the record of its audits (models/intermediate/audited.sql), and its faulty rows are in the quarantine.
"""

PSEUDONYM = "patient_key"
PATIENT_RULE = "IFF(told.fault_rule IS NULL, NULL, 'patient_rule')"
"""Stands for each rule about patients: which one a patient breaks tells of the birth date, which may not reach ops."""


def _batches() -> Iterator[tuple[str, str, str]]:
    for source, batches in BATCHES.items():
        for batch, key in batches.items():
            yield source, batch, key


def _name(batch: str) -> str:
    return batch.partition(".")[2]


@macro()
def each_batch(evaluator: MacroEvaluator) -> str:
    """Blueprints: one with the name of each batch, as ``batch``."""
    return f"({', '.join(f'(batch := {_name(batch)})' for _, batch, _ in _batches())})"


@macro()
def faulty_changes(evaluator: MacroEvaluator) -> exp.Expression:
    """The faulty changes of all batches, and when a later change of the same record settled them.

    A row is looked at together with what the source told of its record later: a change without fault, or a delete.
    """
    return evaluator.parse_one(
        " UNION ALL ".join(
            f"""
            SELECT
              '{source}' AS source,
              '{_name(batch)}' AS batch,
              {PATIENT_RULE if key == PSEUDONYM else "told.fault_rule"} AS fault_rule,
              {"NULL" if key == PSEUDONYM else f"CAST({key} AS VARCHAR)"} AS record_key,
              told.commit_lsn,
              told.commit_seq,
              told.committed_at,
              told.loaded_at,
              MIN(IFF(told.fault_rule IS NULL, told.loaded_at, NULL)) OVER (
                PARTITION BY {key} ORDER BY told.commit_lsn DESC, told.commit_seq DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
              ) AS settled_at
            FROM {batch} AS told
            WHERE {key} IN (SELECT {key} FROM {batch} AS faulty WHERE NOT faulty.fault_rule IS NULL)
            """
            for source, batch, key in _batches()
        )
    )


@macro()
def audited_batches(evaluator: MacroEvaluator) -> exp.Expression:
    """The records of the audits of all batches."""
    return evaluator.parse_one(
        " UNION ALL ".join(
            f"SELECT '{source}' AS source, '{_name(batch)}' AS batch, passed.* FROM {batch}_audited AS passed"
            for source, batch, _ in _batches()
        )
    )


@macro()
def arrived(
    evaluator: MacroEvaluator,
    batch: exp.Expression,
    key: exp.Expression,
    since: exp.Expression,
    until: exp.Expression | None = None,
) -> exp.Expression:
    """A condition for audits: whether a change of the row's key arrived in a span of time, by default up to now."""
    column, (first, last) = (
        key.sql(dialect="snowflake"),
        (one and one.sql(dialect="snowflake") for one in (since, until)),
    )
    span = f"BETWEEN {first} AND {last}" if last else f">= {first}"
    return evaluator.parse_one(
        f"{column} IN (SELECT {column} FROM {batch.sql(dialect='snowflake')} WHERE loaded_at {span})"
    )


@macro()
def touched(
    evaluator: MacroEvaluator,
    log: exp.Expression,
    key: exp.Expression,
    start: exp.Expression,
    end: exp.Expression,
    logged: exp.Expression | None = None,
) -> exp.Expression:
    """A condition for audits: whether an interval touched the row's key; what it did not touch, it did not write.

    ``log`` names the model that logs touched keys, ``logged`` its columns where they have other names than the key's.
    """
    columns, first, last = (one.sql(dialect="snowflake") for one in (key, start, end))
    found = ", ".join(column.sql(dialect="snowflake") for column in _columns(logged or key))
    return evaluator.parse_one(
        f"{columns} IN (SELECT {found} FROM {log.sql(dialect='snowflake')} WHERE touched_at BETWEEN {first} AND {last})"
    )


def _columns(key: exp.Expression) -> list[exp.Expression]:
    return key.expressions if isinstance(key, exp.Tuple) else [key]
