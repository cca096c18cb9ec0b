"""Rows of the awkward tables (awkward.sql), and their changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg

from northstar.simulator.company import Company
from northstar.simulator.oltp.tick import Tick, keys

# %(now)s is the anchor, %(seed)s the company's seed; md5 stands for content that does not compress.
_ROWS = """
INSERT INTO legacy.fax_log SELECT %(now)s - n * interval '1 hour', '+1-555-555-0100', n, 'page ' || n
    FROM generate_series(1, 12) n;
INSERT INTO legacy.import_lines SELECT 'import.txt', n, md5(%(seed)s || n::text), %(now)s
    FROM generate_series(1, 30) n;
INSERT INTO legacy."TempNotes" SELECT 'call back', 'front desk', %(now)s AT TIME ZONE 'UTC'
    FROM generate_series(1, 3) n;
INSERT INTO legacy.price_history SELECT 'ITEM-' || n, n * 1.25, 'USD', NULL, %(now)s FROM generate_series(1, 20) n;
INSERT INTO legacy.device_readings SELECT n, %(now)s - n * interval '3 days', 'DEV-' || n %% 7,
    CASE WHEN n %% 10 = 0 THEN 'NaN' ELSE n / 7.0 END, %(now)s FROM generate_series(1, 200) n;
INSERT INTO legacy.account_settings SELECT a, k, 'on', %(now)s
    FROM generate_series(1001, 1002) a, unnest(ARRAY['sms', 'e-mail', 'theme']) k;
INSERT INTO legacy.callbacks SELECT n, (ARRAY['routine', 'soon', 'urgent', 'stat'])[1 + n %% 4]::legacy.urgency,
    '+1-555-555-01' || lpad((n %% 100)::text, 2, '0'), NULL, %(now)s FROM generate_series(1, 25) n;
INSERT INTO legacy.answer_sheets SELECT n, 100000 + n, ARRAY['yes', NULL, 'a "quoted", answer'], ARRAY[n, NULL, 3],
    ARRAY[1.5, 2.125], ARRAY[[1, 2], [3, n]], jsonb_build_object('n', n, 'nested', jsonb_build_array(1, NULL, 'x')),
    '{"b": 1,  "a": 2}', %(now)s FROM generate_series(1, 25) n;
INSERT INTO legacy.thumbnails SELECT md5(%(seed)s || 'thumbnail' || n)::uuid, 'image/png',
    decode(repeat(md5(n::text), 3), 'hex'), %(now)s FROM generate_series(1, 15) n;
INSERT INTO legacy.tax_lines (tax_line_id, net_minor, rate, updated_at)
    SELECT n, n * 1000, 0.0825, %(now)s FROM generate_series(1, 25) n;
INSERT INTO legacy.letters SELECT n, 100000 + n, 'draft',
    (SELECT string_agg(md5(%(seed)s || n || '/' || k), '' ORDER BY k) FROM generate_series(1, 300) k), %(now)s
    FROM generate_series(1, 20) n;
INSERT INTO "Legacy CRM"."Customer Note" SELECT n, 'Customer ' || n, 'a, "b"', E'two\\nlines',
    %(now)s AT TIME ZONE 'UTC' FROM generate_series(1, 10) n;
INSERT INTO legacy.odd_types SELECT n, n * interval '1 day 2 hours', daterange('2026-01-01', '2026-02-01'), 12.5,
    CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN 12345678901234567890123456789.123456789 ELSE n END, '192.0.2.0/24',
    '08:00:2b:01:02:03', B'1010', 'x', 0.0000000001 * n, CASE n WHEN 3 THEN 'infinity' ELSE %(now)s END, %(now)s
    FROM generate_series(1, 5) n;
"""


def seed_rows(conn: psycopg.Connection[Any], company: Company) -> None:
    """Fill the awkward tables."""
    parameters = {"now": company.anchor, "seed": str(company.seed)}
    for statement in _ROWS.split(";\n"):
        if statement.strip():
            conn.execute(statement, parameters)


def plan(tick: Tick) -> None:
    """Change some of them now and then, if they are there."""
    if tick.rows("SELECT to_regclass('legacy.letters')")[0][0] is None:
        return
    at = tick.moment("awkward", 0)
    for number, (probability, statements) in enumerate(_changes(tick, at)):
        if tick.chance.happens("awkward", keys([number]), probability)[0]:
            tick.add(at + timedelta(seconds=number), *((query, list(values)) for query, values in statements))


def _changes(tick: Tick, at: datetime) -> list[tuple[float, list[tuple[str, tuple[Any, ...]]]]]:
    """Chance of each transaction, and its statements."""
    number = int(tick.chance.between("awkward row", keys([1]), 1, 11)[0])
    fresh = int(tick.end.timestamp()) // 60
    return [
        (0.3, [("INSERT INTO legacy.fax_log VALUES (%s, '+1-555-555-0101', 1, 'cover')", (at,))]),
        (0.4, [("UPDATE legacy.price_history SET price = price + 0.05, updated_at = %s WHERE item_code = %s",
                (at, f"ITEM-{number}"))]),
        (0.1, [("DELETE FROM legacy.price_history WHERE item_code = %s", (f"ITEM-{number + 9}",))]),
        (0.5, [("INSERT INTO legacy.device_readings VALUES (%s, %s, %s, %s, %s)", (fresh, at, "DEV-1", 36.6, at))]),
        (0.3, [("UPDATE legacy.letters SET status = 'sent', updated_at = %s WHERE letter_id = %s", (at, number))]),
        (0.1, [("UPDATE legacy.letters SET body = repeat(body, 2), updated_at = %s WHERE letter_id = %s"
                " AND length(body) < 40000", (at, number))]),
        # A change of key: to a reader of the log, the old row goes and another comes.
        (0.2, [("UPDATE legacy.account_settings SET setting_key = %s, updated_at = %s"
                " WHERE account_id = 1001 AND setting_key = 'theme'", (f"theme until {fresh}", at)),
               ("INSERT INTO legacy.account_settings VALUES (1001, 'theme', 'dark', %s)", (at,))]),
        (0.2, [("UPDATE legacy.callbacks SET urgency = 'stat', reason = NULL, updated_at = %s WHERE callback_id = %s",
                (at, number))]),
        (0.2, [("UPDATE legacy.tax_lines SET net_minor = net_minor + 1, updated_at = %s WHERE tax_line_id = %s",
                (at, number))]),
        (0.2, [('UPDATE "Legacy CRM"."Customer Note" SET "select" = %s, "UpdatedAt" = %s WHERE "Note Id" = %s',
                ("changed", at.replace(tzinfo=None), number))]),
        (0.05, [("TRUNCATE legacy.import_lines", ())]),
    ]  # fmt: skip
