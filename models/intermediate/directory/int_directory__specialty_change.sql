MODEL (
  name intermediate.int_directory__specialty_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (specialty_code, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (specialty_code, commit_lsn, commit_seq)),
    not_null(columns := (specialty_code, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a specialty, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__specialty, specialty_code, @start_ts, @end_ts)
)
SELECT
  arrived.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.specialty_name::VARCHAR AS specialty_name, /* Name of the specialty */
  arrived.specialty_group::VARCHAR AS specialty_group, /* Group of specialties */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; none is defined */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
