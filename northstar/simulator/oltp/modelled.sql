-- The tables of the app that the warehouse models.  updated_at is the application's own time of the last change.

CREATE SCHEMA IF NOT EXISTS directory;
CREATE SCHEMA IF NOT EXISTS patients;
CREATE SCHEMA IF NOT EXISTS scheduling;
CREATE SCHEMA IF NOT EXISTS billing;

CREATE TABLE directory.accounts (
    account_id bigint PRIMARY KEY,
    account_number text NOT NULL UNIQUE,
    name text NOT NULL,
    segment text NOT NULL,
    plan_code text NOT NULL,
    status text NOT NULL,
    billing_country char(2) NOT NULL,
    billing_currency char(3) NOT NULL,
    billing_email text,
    stripe_customer_id text,
    salesforce_account_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE directory.clinics (
    clinic_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    clinic_code text NOT NULL,
    name text NOT NULL,
    region_code text,
    time_zone text NOT NULL,
    street_address text,
    city text,
    state_code text,
    postal_code text,
    country char(2) NOT NULL,
    phone text,
    opened_on date NOT NULL,
    closed_on date,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE directory.clinic_closures (
    closure_id bigint PRIMARY KEY,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    starts_at timestamp NOT NULL,   -- local wall-clock time of the clinic
    ends_at timestamp NOT NULL,     -- exclusive
    reason_code text NOT NULL,      -- holiday, weather, maintenance
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE directory.specialties (
    specialty_code text PRIMARY KEY,    -- NUCC taxonomy code
    name text NOT NULL,
    grouping text NOT NULL
);

CREATE TABLE directory.providers (
    provider_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    home_clinic_id bigint REFERENCES directory.clinics,
    npi text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text,
    specialty_code text REFERENCES directory.specialties,
    credential text,
    hired_on date NOT NULL,
    terminated_on date,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE patients.patients (
    patient_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    primary_clinic_id bigint REFERENCES directory.clinics,
    medical_record_number text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    birth_date date,
    sex text,
    email text,
    phone text,
    social_security_number text,
    street_address text,
    city text,
    state_code text,
    postal_code text,
    member_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE scheduling.appointment_types (
    appointment_type_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    code text NOT NULL,
    name text NOT NULL,
    default_minutes int NOT NULL,
    is_telehealth boolean NOT NULL,
    is_active boolean NOT NULL,
    updated_at timestamptz NOT NULL
);

-- When a provider can be booked at a clinic: a weekly template in the clinic's local wall-clock time.
CREATE TABLE scheduling.provider_schedules (
    schedule_id bigint PRIMARY KEY,
    provider_id bigint NOT NULL REFERENCES directory.providers,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    iso_weekday smallint NOT NULL CHECK (iso_weekday BETWEEN 1 AND 7),
    starts_at time NOT NULL,
    ends_at time NOT NULL,              -- exclusive; 00:00 means the end of the day; starts_at later than ends_at
                                        -- (other than 00:00) is not allowed: a night shift is two rows
    slot_minutes int NOT NULL,
    valid_from date NOT NULL,
    valid_to date,                      -- exclusive
    updated_at timestamptz NOT NULL
);

-- When a provider cannot be booked despite the template.
CREATE TABLE scheduling.schedule_exceptions (
    exception_id bigint PRIMARY KEY,
    provider_id bigint NOT NULL REFERENCES directory.providers,
    clinic_id bigint REFERENCES directory.clinics,   -- NULL: at every clinic
    kind text NOT NULL,                 -- pto, admin_block
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,       -- exclusive
    is_cancelled boolean NOT NULL DEFAULT false,
    reason text,
    updated_at timestamptz NOT NULL
);

CREATE TABLE scheduling.appointments (
    appointment_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    provider_id bigint NOT NULL REFERENCES directory.providers,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    appointment_type_id bigint NOT NULL REFERENCES scheduling.appointment_types,
    status text NOT NULL,               -- FHIR: proposed pending booked arrived checked-in fulfilled cancelled noshow entered-in-error waitlist
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    booked_at timestamptz,
    arrived_at timestamptz,
    checked_in_at timestamptz,
    fulfilled_at timestamptz,
    cancelled_at timestamptz,
    cancellation_reason_code text,      -- pat, prov, rescheduled, other
    rescheduled_from_id bigint REFERENCES scheduling.appointments,
    is_telehealth boolean NOT NULL DEFAULT false,
    reason_for_visit text,
    notes text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Append-only: one row for each change of an appointment's status or time.
CREATE TABLE scheduling.appointment_events (
    event_id bigint PRIMARY KEY,
    appointment_id bigint NOT NULL REFERENCES scheduling.appointments,
    from_status text,
    to_status text NOT NULL,
    from_starts_at timestamptz,
    to_starts_at timestamptz NOT NULL,
    actor text NOT NULL,                -- patient, staff, system
    occurred_at timestamptz NOT NULL
);
