"""Seed of the directory: accounts, clinics, providers, staff, and what an account can book and charge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from northstar.simulator.company import dice
from northstar.simulator.oltp import words
from northstar.simulator.oltp.layout import Clinic, Layout, npi
from northstar.simulator.oltp.places import MONEY, PLACES
from northstar.simulator.oltp.tables import Columns, from_rows

Seeded = Iterator[tuple[str, Columns]]
USERS_PER_CLINIC = 3
TYPE_COUNT = len(words.APPOINTMENT_TYPES)


def appointment_type_id(account_id: int, index: int) -> int:
    """Key of an account's appointment type, by its position in the list of types."""
    return account_id * 10 + index + 1


def type_index(appointment_type: int) -> int:
    """Position of an appointment type in the list of types."""
    return (appointment_type - 1) % 10


def price(country: str, dollars: int) -> int:
    """A price in minor units of the country's currency."""
    money = MONEY[country]
    return round(dollars * money.minor_per_dollar / money.step) * money.step


def phone(roll_number: int) -> str:
    """A telephone number from the range kept for fiction."""
    return f"+1-{200 + roll_number % 700}-555-01{roll_number // 700 % 100:02d}"


def tables(layout: Layout) -> Seeded:
    """Tables and rows in an order that keeps foreign keys valid."""
    yield from _accounts(layout)
    yield from _clinics(layout)
    yield from _providers(layout)
    yield from _users(layout)
    yield from _offers(layout)


def _accounts(layout: Layout) -> Seeded:
    accounts, subscriptions, changes = [], [], []
    for account in layout.company.accounts:
        updated = layout.created(account, "account")
        accounts.append(
            (account.account_id, account.account_number, account.name, account.segment, account.plan, account.status,
             account.country, account.currency, f"billing@{account.account_number.lower()}.example.com",
             account.stripe_customer_id, account.salesforce_account_id, account.created_at, updated)
        )  # fmt: skip
        seats = 5 * sum(clinic.account is account for clinic in layout.clinics)
        ended = (layout.company.anchor - timedelta(days=20)).date() if account.status == "churned" else None
        subscriptions.append(
            (account.account_id, account.account_id, account.plan, seats, account.status,
             account.created_at.date(), ended, updated)
        )  # fmt: skip
        changes.append((account.account_id, account.account_id, None, account.plan, account.created_at, updated))
    yield "directory.accounts", from_rows(
        ("account_id", "account_number", "name", "segment", "plan_code", "status", "billing_country",
         "billing_currency", "billing_email", "stripe_customer_id", "salesforce_account_id", "created_at",
         "updated_at"), accounts,
    )  # fmt: skip
    yield "billing.account_subscriptions", from_rows(
        ("account_subscription_id", "account_id", "plan_code", "provider_seats", "status", "started_on", "ended_on",
         "updated_at"), subscriptions,
    )  # fmt: skip
    yield (
        "directory.account_plan_changes",
        from_rows(
            ("account_plan_change_id", "account_id", "from_plan_code", "to_plan_code", "changed_at", "updated_at"),
            changes,
        ),
    )


def _clinics(layout: Layout) -> Seeded:
    epoch = layout.company.accounts[0].created_at
    regions = sorted({place.region for place in PLACES})
    yield (
        "directory.regions",
        from_rows(("region_code", "name", "updated_at"), [(code, f"Region {code}", epoch) for code in regions]),
    )
    rows, rooms = [], []
    for clinic in layout.clinics:
        roll = dice(layout.company.seed, "oltp", "clinic", clinic.number)
        created = layout.created(clinic.account, clinic.clinic_id)
        rows.append(
            (clinic.clinic_id, clinic.account.account_id, f"C{clinic.number:04d}",
             f"{clinic.place.city} {roll.choice(words.CLINIC_SUFFIXES)} {clinic.number}",
             None if clinic.number % 40 == 9 else clinic.place.region, clinic.zone,
             f"{roll.randrange(1, 999)} {roll.choice(words.STREETS)}", clinic.place.city, clinic.place.state or None,
             clinic.place.postal_codes[0], clinic.place.country, phone(clinic.number), created.date(),
             clinic.closed_on, created, created)
        )  # fmt: skip
        for index, kind in enumerate(("exam", "exam", "exam", "procedure", "video")):
            rooms.append((clinic.clinic_id * 10 + index, clinic.clinic_id, f"Room {index + 1}", kind, True, created))
    yield "directory.clinics", from_rows(
        ("clinic_id", "account_id", "clinic_code", "name", "region_code", "time_zone", "street_address", "city",
         "state_code", "postal_code", "country", "phone", "opened_on", "closed_on", "created_at", "updated_at"), rows,
    )  # fmt: skip
    yield "directory.rooms", from_rows(("room_id", "clinic_id", "name", "kind", "is_active", "updated_at"), rooms)


def _providers(layout: Layout) -> Seeded:
    epoch = layout.company.accounts[0].created_at
    yield "directory.specialties", from_rows(("specialty_code", "name", "grouping"), words.SPECIALTIES)
    rows, places, licenses = [], [], []
    for provider in layout.providers:
        roll = dice(layout.company.seed, "oltp", "provider name", provider.provider_id)
        first, last = roll.choice(words.FIRST_NAMES), roll.choice(words.LAST_NAMES)
        created = layout.created(provider.account, provider.provider_id)
        hired = created.date() - timedelta(days=roll.randrange(0, 3000))
        number = provider.provider_id
        rows.append(
            (number, provider.account.account_id, provider.home.clinic_id, npi(number), first, last,
             f"provider{number}@example.org", None if number % 60 == 7 else provider.specialty_code,
             roll.choice(words.CREDENTIALS), hired, None, created, created)
        )  # fmt: skip
        places.append((number, provider.home.clinic_id, True, hired, created))
        if provider.second:
            places.append((number, provider.second.clinic_id, False, hired, created))
        licenses.append(
            (number, number, f"L{number:06d}", provider.home.place.state or None, provider.home.place.country,
             hired, date(hired.year + 12, 1, 1), epoch)
        )  # fmt: skip
    yield "directory.providers", from_rows(
        ("provider_id", "account_id", "home_clinic_id", "npi", "first_name", "last_name", "email", "specialty_code",
         "credential", "hired_on", "terminated_on", "created_at", "updated_at"), rows,
    )  # fmt: skip
    yield (
        "directory.provider_clinics",
        from_rows(("provider_id", "clinic_id", "is_home", "since", "updated_at"), places),
    )
    yield "directory.provider_licenses", from_rows(
        ("provider_license_id", "provider_id", "license_number", "state_code", "country", "issued_on", "expires_on",
         "updated_at"), licenses,
    )  # fmt: skip


def user_ids(clinic: Clinic) -> tuple[int, ...]:
    """Keys of the users who work at a clinic."""
    return tuple(clinic.clinic_id * 10 + index for index in range(USERS_PER_CLINIC))


def _users(layout: Layout) -> Seeded:
    users, roles = [], []
    for clinic in layout.clinics:
        created = layout.created(clinic.account, clinic.clinic_id) + timedelta(hours=1)
        for user_id in user_ids(clinic):
            roll = dice(layout.company.seed, "oltp", "user", user_id)
            login = layout.company.anchor - timedelta(minutes=roll.randrange(1, 40_000))
            users.append(
                (user_id, clinic.account.account_id, f"user{user_id}@example.net", roll.choice(words.FIRST_NAMES),
                 roll.choice(words.LAST_NAMES), user_id % 17 != 0, login, created, login)
            )  # fmt: skip
            roles.append((user_id, clinic.clinic_id, roll.choice(words.USER_ROLES), created, created))
    yield "directory.users", from_rows(
        ("user_id", "account_id", "email", "first_name", "last_name", "is_active", "last_login_at", "created_at",
         "updated_at"), users,
    )  # fmt: skip
    yield "directory.user_clinic_roles", from_rows(("user_id", "clinic_id", "role", "granted_at", "updated_at"), roles)


def _offers(layout: Layout) -> Seeded:
    types, fees = [], []
    for account in layout.company.accounts:
        created = layout.created(account, "types")
        countries = sorted({clinic.place.country for clinic in layout.clinics if clinic.account is account})
        for index, (code, name, minutes, telehealth, dollars, _) in enumerate(words.APPOINTMENT_TYPES):
            key = appointment_type_id(account.account_id, index)
            types.append((key, account.account_id, code, name, minutes, telehealth, True, created))
            for position, country in enumerate(countries):
                fees.append(
                    (key * 10 + position, account.account_id, key, f"NS-{code}", MONEY[country].currency,
                     price(country, dollars), account.created_at.date(), None, created)
                )  # fmt: skip
    yield "scheduling.appointment_types", from_rows(
        ("appointment_type_id", "account_id", "code", "name", "default_minutes", "is_telehealth", "is_active",
         "updated_at"), types,
    )  # fmt: skip
    yield (
        "billing.payers",
        from_rows(
            ("payer_id", "payer_code", "name", "kind", "is_active", "updated_at"),
            [
                (number, *payer, True, layout.company.accounts[0].created_at)
                for number, payer in enumerate(words.PAYERS, 1)
            ],
        ),
    )
    yield "billing.fee_schedules", from_rows(
        ("fee_schedule_id", "account_id", "appointment_type_id", "procedure_code", "currency", "amount_minor",
         "valid_from", "valid_to", "updated_at"), fees,
    )  # fmt: skip
