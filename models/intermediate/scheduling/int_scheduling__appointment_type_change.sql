MODEL (
  name intermediate.int_scheduling__appointment_type_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (appointment_type_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (appointment_type_id, commit_lsn, commit_seq)),
    not_null(columns := (appointment_type_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an appointment type, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__appointment_type, appointment_type_id, @start_ts, @end_ts)
)
SELECT
  arrived.appointment_type_id::BIGINT AS appointment_type_id, /* Appointment type, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_id::BIGINT AS account_id, /* Account that defined it */
  arrived.type_code::VARCHAR AS type_code, /* Code of the type */
  arrived.type_name::VARCHAR AS type_name, /* Name of the type */
  arrived.default_minutes::INT AS default_minutes, /* Usual length, minutes */
  arrived.is_telehealth::BOOLEAN AS is_telehealth, /* Whether visits of this type are remote */
  arrived.is_active::BOOLEAN AS is_active, /* Whether it can be booked */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; none is defined */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
