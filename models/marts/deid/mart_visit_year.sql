MODEL (
  name marts_deid.mart_visit_year,
  kind VIEW,
  owner analytics_engineering,
  cron '@daily',
  grain (visit_year, zip3, specialty_group, age_band),
  tags ('layer=mart', 'subject=deid', 'zone=released', 'cadence=daily'),
  audits (
    unique_combination_of_columns(columns := (visit_year, zip3, specialty_group, age_band)),
    not_null(columns := (visit_year, zip3, specialty_group, age_band, is_suppressed)),
    small_cells_suppressed(threshold := @small_cell_threshold)
  ),
  description 'One row per year, ZIP3, group of specialties and age band of fulfilled visits, and one per year and ZIP3 over
all of both. De-identified by Safe Harbor (45 CFR 164.514(b)(2)): no key, no date but the year, ZIP3 of more than 20,000 people.
Use it for: release outside the company. Not for: adding up cells; suppressed ones are missing from the sum.
Counts of fewer than small_cell_threshold patients are NULL, and so is the next cell where the total would give the one away.'
);

WITH visit AS (
  SELECT
    visit.visit_year,
    COALESCE(visit.zip3, '000') AS zip3,
    COALESCE(provider.specialty_group, 'unknown') AS specialty_group,
    @age_band(visit.age_at_visit) AS age_band,
    visit.patient_key
  FROM core.fct_visit_demographic AS visit
  JOIN core.dim_provider AS provider
    ON provider.provider_id = visit.provider_id AND @as_of(provider, visit.starts_at)
), cell AS (
  SELECT
    visit_year,
    zip3,
    specialty_group,
    age_band,
    COUNT(*) AS visits,
    COUNT(DISTINCT patient_key) AS patients
  FROM visit
  GROUP BY
    visit_year,
    zip3,
    specialty_group,
    age_band
), ranked AS (
  SELECT
    cell.*,
    MIN(patients) OVER (PARTITION BY visit_year, zip3) AS fewest,
    ROW_NUMBER() OVER (PARTITION BY visit_year, zip3 ORDER BY patients, visits, specialty_group, age_band) AS size_no,
    SUM(visits) OVER (
      PARTITION BY visit_year, zip3
      ORDER BY patients, visits, specialty_group, age_band
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS smaller_visits
  FROM cell
), marked AS (
  SELECT
    ranked.*,
    patients < @small_cell_threshold
    OR (
      fewest < @small_cell_threshold AND (
        size_no = 2 OR smaller_visits < @small_cell_threshold
      )
    ) AS is_suppressed
  FROM ranked
  UNION ALL
  SELECT
    visit_year,
    zip3,
    'all',
    'all',
    COUNT(*),
    COUNT(DISTINCT patient_key),
    NULL,
    NULL,
    NULL,
    COUNT(DISTINCT patient_key) < @small_cell_threshold
  FROM visit
  GROUP BY
    visit_year,
    zip3
)
SELECT
  visit_year::INT AS visit_year, /* Year of the visit in the clinic's time zone */
  zip3::VARCHAR AS zip3, /* First three digits of the patient's ZIP code; 000 for areas of few people and all others */
  specialty_group::VARCHAR AS specialty_group, /* Group of the provider's specialty as of the visit; all for the total */
  age_band::VARCHAR AS age_band, /* Age at the visit, 90 and over pooled; all for the total */
  IFF(is_suppressed, NULL, visits)::BIGINT AS visits, /* Fulfilled visits; NULL when suppressed */
  IFF(is_suppressed, NULL, patients)::BIGINT AS patients, /* Patients with such a visit; NULL when suppressed */
  is_suppressed::BOOLEAN AS is_suppressed /* Whether the counts are withheld because few patients stand behind them */
FROM marked
