"""A few rows for each picture, as its query would give them; the shop has no mart that pictures are drawn from."""

from __future__ import annotations

from typing import Any

ROWS: dict[str, list[dict[str, Any]]] = {
    "revenue_by_week": [
        {
            "week_start": f"2026-01-{day:02}", "revenue_stream": stream, "billed": 900.5 + day,
            "recognised": 800.0 - day, "collected": -20.0 * day,
        }
        for day in (5, 12)
        for stream in ("patient", "platform")
    ],
    "mrr_bridge": [
        {
            "month_start": f"2025-{month}-01", "opening": 1000.0, "new": 200.0, "reactivation": 0.0, "expansion": 50.0,
            "contraction": -30.0, "churn": -10.0, "fx": 1.5, "closing": 1211.5, "net_new": 210.0,
        }
        for month in ("11", "12")
    ],
    "utilization_by_clinic": [
        {
            "clinic_name": "North", "region_code": "eu", "local_date": "2026-01-05", "booked_slots": 40,
            "utilization": 0.8,
        },
        {
            "clinic_name": "South", "region_code": "eu", "local_date": "2026-01-05", "booked_slots": None,
            "utilization": None, "small": ["booked_slots", "utilization"],
        },
    ],
    "provider_scorecard": [
        {
            "provider_name": "A. Many", "specialty_name": "Dermatology", "month_start": "2025-12-01",
            "available_hours": 120.0, "realised_utilization": 0.6, "visit_count": 90, "visits_per_day": 6.5,
            "no_show_count": None, "no_show_rate": None, "checked_in_count": 90, "on_time_count": 60,
            "on_time_rate": 0.667, "late_count": 30, "small": ["no_show_count", "no_show_rate"],
        }
    ],
    "cohort_triangle": [
        {"cohort_month": "2025-11-01", "months_since": since, "accounts": 40, "retained": 40 - since, "retention": 0.9}
        for since in range(2)
    ],
    "receivable_ageing": [
        {
            "as_of_date": f"2026-01-0{day}", "revenue_stream": stream, "not_due": 500.0, "d1_30": 20.0, "d31_60": 0.0,
            "d61_90": -5.0, "d90_plus": 0.0, "receivable": 515.0,
        }
        for day in (4, 5)
        for stream in ("patient", "platform")
    ],
}  # fmt: skip
