-- What insurers are asked for and what they pay.  Amounts are in the currency's minor unit.

CREATE SCHEMA insurance;

CREATE TABLE insurance.policies (
    policy_id bigint PRIMARY KEY,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    payer_id bigint NOT NULL REFERENCES billing.payers,
    member_number text NOT NULL,
    group_number text,
    relationship text NOT NULL,         -- self, spouse, child
    valid_from date NOT NULL,
    valid_to date,                      -- exclusive
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON insurance.policies (patient_id);

CREATE TABLE insurance.claims (
    claim_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    policy_id bigint NOT NULL REFERENCES insurance.policies,
    payer_id bigint NOT NULL REFERENCES billing.payers,
    invoice_id bigint NOT NULL REFERENCES billing.invoices,
    claim_number text NOT NULL,
    status text NOT NULL,               -- submitted, paid, denied
    currency char(3) NOT NULL,
    billed_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    denial_code text,
    submitted_at timestamptz NOT NULL,
    adjudicated_at timestamptz,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON insurance.claims (invoice_id);
CREATE INDEX ON insurance.claims (patient_id);

CREATE TABLE insurance.claim_lines (
    claim_line_id bigint PRIMARY KEY,
    claim_id bigint NOT NULL REFERENCES insurance.claims,
    line_number int NOT NULL,
    appointment_id bigint REFERENCES scheduling.appointments,
    procedure_code text NOT NULL,
    diagnosis_code text,
    service_date date NOT NULL,
    billed_minor bigint NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON insurance.claim_lines (claim_id);
CREATE INDEX ON insurance.claim_lines (appointment_id);

CREATE TABLE insurance.remittances (
    remittance_id bigint PRIMARY KEY,
    claim_id bigint NOT NULL REFERENCES insurance.claims,
    payer_id bigint NOT NULL REFERENCES billing.payers,
    payment_id bigint REFERENCES billing.payments,
    trace_number text NOT NULL,
    currency char(3) NOT NULL,
    paid_minor bigint NOT NULL,
    received_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
