-- Tables as they are met in life, each awkward in its own way.  All but the first three can be replicated.

CREATE SCHEMA legacy;
CREATE SCHEMA "Legacy CRM";

-- Without a primary key: updates and deletes of these cannot be replicated.
CREATE TABLE legacy.fax_log (sent_at timestamptz, sender text, pages int, note text);
CREATE TABLE legacy.import_lines (file_name text, line_number int, line text, loaded_at timestamptz);
CREATE TABLE legacy."TempNotes" ("noteText" text, "enteredBy" text, "enteredAt" timestamp);

-- Without a key too, but the whole old row is logged.
CREATE TABLE legacy.price_history (
    item_code text NOT NULL, price numeric(12, 2), currency char(3), note text, updated_at timestamptz NOT NULL
);
ALTER TABLE legacy.price_history REPLICA IDENTITY FULL;

CREATE TABLE legacy.device_readings (
    reading_id bigint NOT NULL,
    measured_at timestamptz NOT NULL,
    device_code text NOT NULL,
    value double precision,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (reading_id, measured_at)
) PARTITION BY RANGE (measured_at);
CREATE TABLE legacy.device_readings_old PARTITION OF legacy.device_readings
    FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:00:00+00');
CREATE TABLE legacy.device_readings_2026 PARTITION OF legacy.device_readings
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
CREATE TABLE legacy.device_readings_rest PARTITION OF legacy.device_readings DEFAULT;

CREATE TABLE legacy.account_settings (
    account_id bigint NOT NULL,
    setting_key text NOT NULL,
    setting_value text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, setting_key)
);

CREATE TYPE legacy.urgency AS ENUM ('routine', 'soon', 'urgent', 'stat');
CREATE TABLE legacy.callbacks (
    callback_id bigint PRIMARY KEY,
    urgency legacy.urgency NOT NULL,
    patient_phone text,
    reason text,
    updated_at timestamptz NOT NULL
);

CREATE TABLE legacy.answer_sheets (
    answer_sheet_id bigint PRIMARY KEY,
    patient_id bigint,
    answers text[],
    scores int[],
    weights numeric(6, 3)[],
    grid int[][],
    details jsonb,
    old_details json,
    updated_at timestamptz NOT NULL
);

CREATE TABLE legacy.thumbnails (
    thumbnail_id uuid PRIMARY KEY,
    mime_type text NOT NULL,
    image bytea,
    updated_at timestamptz NOT NULL
);

CREATE TABLE legacy.tax_lines (
    tax_line_id bigint PRIMARY KEY,
    net_minor bigint NOT NULL,
    rate numeric(5, 4) NOT NULL,
    tax_minor bigint GENERATED ALWAYS AS (round(net_minor * rate)) STORED,
    updated_at timestamptz NOT NULL
);

-- The letter is kept out of line and uncompressed: an update of the status alone does not log it.
CREATE TABLE legacy.letters (
    letter_id bigint PRIMARY KEY,
    patient_id bigint,
    status text NOT NULL,
    body text NOT NULL,
    updated_at timestamptz NOT NULL
);
ALTER TABLE legacy.letters ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE "Legacy CRM"."Customer Note" (
    "Note Id" bigint PRIMARY KEY,
    "Customer" text,
    "select" text,
    "Ümlaut, comma" text,
    "UpdatedAt" timestamp NOT NULL
);

CREATE DOMAIN legacy.percentage AS numeric CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE legacy.odd_types (
    odd_type_id int PRIMARY KEY,
    duration interval,
    stay daterange,
    share legacy.percentage,
    anything numeric,
    network cidr,
    hardware macaddr,
    bits bit varying(12),
    letter "char",
    long_decimal numeric(38, 10),
    valid_until timestamptz,            -- infinity: for ever
    updated_at timestamptz NOT NULL
);

CREATE TABLE legacy.never_used (
    never_used_id bigint PRIMARY KEY,
    note text,
    updated_at timestamptz
);
