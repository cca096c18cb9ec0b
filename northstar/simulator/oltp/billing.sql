-- Billing of patients by the clinics.  Amounts are in the currency's minor unit.

CREATE TABLE billing.payers (
    payer_id bigint PRIMARY KEY,
    payer_code text NOT NULL UNIQUE,
    name text NOT NULL,
    kind text NOT NULL,                 -- commercial, medicare, medicaid, self_pay
    is_active boolean NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE billing.fee_schedules (
    fee_schedule_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    appointment_type_id bigint NOT NULL REFERENCES scheduling.appointment_types,
    procedure_code text NOT NULL,
    currency char(3) NOT NULL,
    amount_minor bigint NOT NULL,
    valid_from date NOT NULL,
    valid_to date,                      -- exclusive
    updated_at timestamptz NOT NULL
);

CREATE TABLE billing.account_subscriptions (
    account_subscription_id bigint PRIMARY KEY,
    account_id bigint NOT NULL UNIQUE REFERENCES directory.accounts,
    plan_code text NOT NULL,
    provider_seats int NOT NULL,
    status text NOT NULL,               -- trial, active, past_due, suspended, churned
    started_on date NOT NULL,
    ended_on date,
    updated_at timestamptz NOT NULL
);

CREATE TABLE billing.invoices (
    invoice_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    clinic_id bigint NOT NULL REFERENCES directory.clinics,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    invoice_number text NOT NULL,
    status text NOT NULL,               -- draft, open, paid, void, uncollectible
    currency char(3) NOT NULL,
    subtotal_minor bigint NOT NULL,     -- sum of the lines' amount_minor
    tax_minor bigint NOT NULL,          -- sum of the lines' tax_minor
    total_minor bigint NOT NULL,        -- subtotal + tax
    amount_paid_minor bigint NOT NULL,  -- sum of payment_allocations; refunds do not lower it
    amount_credited_minor bigint NOT NULL,  -- sum of credit_notes
    due_on date,                        -- NULL while a draft
    opened_at timestamptz,              -- finalized: from here on it is revenue
    paid_at timestamptz,
    voided_at timestamptz,
    uncollectible_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON billing.invoices (status, invoice_id) WHERE status IN ('draft', 'open');
CREATE INDEX ON billing.invoices (paid_at) WHERE paid_at IS NOT NULL;
CREATE INDEX ON billing.invoices (patient_id);

CREATE TABLE billing.invoice_lines (
    invoice_line_id bigint PRIMARY KEY,
    invoice_id bigint NOT NULL REFERENCES billing.invoices,
    line_number int NOT NULL,
    appointment_id bigint REFERENCES scheduling.appointments,
    procedure_code text NOT NULL,
    description text,
    service_date date NOT NULL,         -- local date of the clinic
    quantity int NOT NULL,
    unit_amount_minor bigint NOT NULL,
    amount_minor bigint NOT NULL,       -- quantity x unit amount, before tax
    tax_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON billing.invoice_lines (invoice_id);
CREATE INDEX ON billing.invoice_lines (appointment_id);

CREATE TABLE billing.payments (
    payment_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    payer_id bigint REFERENCES billing.payers,  -- NULL: the patient pays
    method text NOT NULL,               -- card, cash, check, ach, insurance
    status text NOT NULL,               -- succeeded, failed
    failure_code text,
    currency char(3) NOT NULL,
    amount_minor bigint NOT NULL,
    processor_fee_minor bigint NOT NULL,
    received_at timestamptz,            -- NULL for a failed one
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON billing.payments (patient_id);

CREATE TABLE billing.payment_allocations (
    payment_allocation_id bigint PRIMARY KEY,
    payment_id bigint NOT NULL REFERENCES billing.payments,
    invoice_id bigint NOT NULL REFERENCES billing.invoices,
    amount_minor bigint NOT NULL,
    allocated_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON billing.payment_allocations (invoice_id);

CREATE TABLE billing.refunds (
    refund_id bigint PRIMARY KEY,
    payment_id bigint NOT NULL REFERENCES billing.payments,
    invoice_id bigint NOT NULL REFERENCES billing.invoices,
    currency char(3) NOT NULL,
    amount_minor bigint NOT NULL,
    reason_code text NOT NULL,          -- duplicate, service_not_rendered, goodwill
    refunded_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON billing.refunds (invoice_id);

CREATE TABLE billing.credit_notes (
    credit_note_id bigint PRIMARY KEY,
    invoice_id bigint NOT NULL REFERENCES billing.invoices,
    currency char(3) NOT NULL,
    amount_minor bigint NOT NULL,
    reason_code text NOT NULL,          -- contractual_adjustment, billing_error, courtesy
    issued_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON billing.credit_notes (invoice_id);

CREATE TABLE billing.patient_statements (
    patient_statement_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES directory.accounts,
    patient_id bigint NOT NULL REFERENCES patients.patients,
    invoice_id bigint NOT NULL REFERENCES billing.invoices,
    currency char(3) NOT NULL,
    balance_minor bigint NOT NULL,      -- open balance of the invoice when the statement was issued
    issued_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ON billing.patient_statements (patient_id);
