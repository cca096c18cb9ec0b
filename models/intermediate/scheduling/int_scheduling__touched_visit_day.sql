MODEL (
  name intermediate.int_scheduling__touched_visit_day,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (provider_id, clinic_id, local_date, touched_at),
  tags (
    'layer=intermediate'
  ),
  description 'One row per provider, clinic and local day that a touched appointment lies or lay on.
Use it for: the days of a provider whose visits an interval may have moved. Not for: analysis. Grows by what arrives.'
);

WITH place AS (
  SELECT DISTINCT
    provider_id,
    clinic_id,
    starts_on,
    ends_on
  FROM intermediate.int_scheduling__touched_visit
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), touched AS (
  /* An appointment is at most 24 hours long (rule implausible_length), so that at most one day lies between */
  SELECT
    provider_id,
    clinic_id,
    starts_on AS local_date
  FROM place
  UNION
  SELECT
    provider_id,
    clinic_id,
    ends_on AS local_date
  FROM place
  UNION
  SELECT
    provider_id,
    clinic_id,
    DATEADD(DAY, 1, starts_on)::DATE AS local_date
  FROM place
  WHERE
    DATEADD(DAY, 1, starts_on)::DATE < ends_on
)
SELECT
  provider_id::BIGINT AS provider_id, /* Provider */
  clinic_id::BIGINT AS clinic_id, /* Clinic */
  local_date::DATE AS local_date, /* Day in the clinic's time zone */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the day, UTC */
FROM touched
