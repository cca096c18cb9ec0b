-- The daily work around visits: staff, rooms, messages, tasks, and the log of who looked at what.

CREATE SCHEMA office;
CREATE SCHEMA audit;

CREATE TABLE directory.regions (
    region_code text PRIMARY KEY,
    name text NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE directory.account_plan_changes (
    account_plan_change_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    from_plan_code text,
    to_plan_code text NOT NULL,
    changed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE directory.users (
    user_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    email text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    is_active boolean NOT NULL,
    last_login_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE directory.user_clinic_roles (
    user_id bigint NOT NULL REFERENCES directory.users,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    role text NOT NULL,
    granted_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, clinic_id, role)
);

CREATE TABLE directory.provider_clinics (
    provider_id bigint NOT NULL REFERENCES directory.providers,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    is_home boolean NOT NULL,
    since date NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, clinic_id)
);

CREATE TABLE directory.provider_licenses (
    provider_license_id bigint PRIMARY KEY,
    provider_id bigint NOT NULL REFERENCES directory.providers,
    license_number text NOT NULL,
    state_code text,
    country char(2) NOT NULL,
    issued_on date NOT NULL,
    expires_on date NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE directory.rooms (
    room_id bigint PRIMARY KEY,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    name text NOT NULL,
    kind text NOT NULL,                 -- exam, procedure, video
    is_active boolean NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE patients.patient_contacts (
    patient_contact_id bigint PRIMARY KEY,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    relationship text NOT NULL,
    full_name text NOT NULL,
    phone text,
    is_emergency boolean NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON patients.patient_contacts (patient_id);

CREATE TABLE patients.patient_consents (
    patient_consent_id bigint PRIMARY KEY,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    kind text NOT NULL,                 -- treatment, messaging, research
    is_granted boolean NOT NULL,
    signed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON patients.patient_consents (patient_id);

-- One row for each pair found to be one person; the row of the merged patient is deleted.
CREATE TABLE patients.patient_merges (
    patient_merge_id bigint PRIMARY KEY,
    surviving_patient_id bigint NOT NULL,
    merged_patient_id bigint NOT NULL,
    merged_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE scheduling.waitlist_entries (
    waitlist_entry_id bigint PRIMARY KEY,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    appointment_type_id bigint NOT NULL REFERENCES scheduling.appointment_types,
    status text NOT NULL,               -- waiting, offered, booked, withdrawn
    preferred_from date NOT NULL,
    note text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON scheduling.waitlist_entries (patient_id);

CREATE TABLE scheduling.appointment_reminders (
    appointment_id bigint NOT NULL REFERENCES scheduling.appointments,
    reminder_number int NOT NULL,
    channel text NOT NULL,              -- sms, email, voice
    status text NOT NULL,               -- delivered, bounced
    sent_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (appointment_id, reminder_number)
);

CREATE TABLE office.referrals (
    referral_id bigint PRIMARY KEY,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    from_provider_id bigint NOT NULL REFERENCES directory.providers,
    to_specialty_code text NOT NULL REFERENCES directory.specialties,
    status text NOT NULL,               -- sent, accepted, completed, declined
    reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON office.referrals (patient_id);

CREATE TABLE office.tasks (
    task_id bigint PRIMARY KEY,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    patient_id bigint REFERENCES patients.patients,
    assigned_user_id bigint REFERENCES directory.users,
    title text NOT NULL,
    status text NOT NULL,               -- open, done
    due_on date,
    completed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON office.tasks (patient_id);
CREATE INDEX ON office.tasks (task_id) WHERE status = 'open';

CREATE TABLE office.messages (
    message_id bigint PRIMARY KEY,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    provider_id bigint REFERENCES directory.providers,
    direction text NOT NULL,            -- in, out
    body text NOT NULL,
    read_at timestamptz,
    sent_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON office.messages (patient_id);

CREATE TABLE audit.audit_log (
    audit_log_id bigint PRIMARY KEY,
    user_id bigint REFERENCES directory.users,
    action text NOT NULL,               -- view, update, export
    object_type text NOT NULL,
    object_id bigint NOT NULL,
    ip_address inet,
    details jsonb,
    occurred_at timestamptz NOT NULL
);
