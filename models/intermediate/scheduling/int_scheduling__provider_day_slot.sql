MODEL (
  name intermediate.int_scheduling__provider_day_slot,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, local_date)
  ),
  owner data_engineering,
  clustered_by local_date,
  grain (provider_id, clinic_id, local_date),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, local_date),
      condition := @touched(intermediate.int_scheduling__touched_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    ),
    slots_balance(
      condition := @touched(intermediate.int_scheduling__touched_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    )
  ),
  description 'One row per provider, clinic and local day: bookable slots, and how many of them appointments overlap.
Use it for: core.fct_provider_day. Not for: minutes; a slot that is partly booked counts whole. Recomputed for touched days only.'
);

WITH day AS (
  @touched_days(intermediate.int_scheduling__touched_day, @start_ts, @end_ts)
), session AS (
  SELECT
    provider_id,
    clinic_id,
    local_date,
    starts_at,
    slot_minutes,
    FLOOR(DATEDIFF(SECOND, starts_at, ends_at) / (
      slot_minutes * 60
    )) AS slot_count
  FROM (
    @sessions_of(day)
  )
), slot AS (
  SELECT DISTINCT
    session.provider_id,
    session.clinic_id,
    session.local_date,
    DATEADD(MINUTE, session.slot_minutes * place.slot_no, session.starts_at) AS starts_at,
    DATEADD(MINUTE, session.slot_minutes * (
      place.slot_no + 1
    ), session.starts_at) AS ends_at
  FROM session
  JOIN reference.slot_number AS place
    ON place.slot_no < session.slot_count
), block AS (
  @blocks_of(day)
), visit AS (
  @visits_of(day)
), filled AS (
  SELECT
    slot.provider_id,
    slot.clinic_id,
    slot.local_date,
    slot.starts_at,
    slot.ends_at,
    MAX(IFF(visit.starts_at IS NULL, 0, 1)) AS is_booked
  FROM slot
  LEFT JOIN visit
    ON visit.provider_id = slot.provider_id
    AND visit.clinic_id = slot.clinic_id
    AND visit.local_date = slot.local_date
    AND visit.starts_at < slot.ends_at
    AND slot.starts_at < visit.ends_at
  LEFT JOIN block
    ON block.provider_id = slot.provider_id
    AND block.clinic_id = slot.clinic_id
    AND block.local_date = slot.local_date
    AND block.starts_at < slot.ends_at
    AND slot.starts_at < block.ends_at
  WHERE
    block.provider_id IS NULL
  GROUP BY
    slot.provider_id,
    slot.clinic_id,
    slot.local_date,
    slot.starts_at,
    slot.ends_at
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  COUNT(filled.starts_at)::BIGINT AS available_slots, /* Whole slots of sessions that no block overlaps */
  COALESCE(SUM(filled.is_booked), 0)::BIGINT AS booked_slots /* Of these, slots that an appointment overlaps */
FROM day
LEFT JOIN filled
  USING (provider_id, clinic_id, local_date)
GROUP BY
  day.provider_id,
  day.clinic_id,
  day.local_date
