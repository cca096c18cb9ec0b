MODEL (
  name core.dim_date,
  kind VIEW,
  owner analytics_engineering,
  grain date_day,
  tags (
    'layer=core'
  ),
  audits (unique_values(columns := date_day), not_null(columns := (date_day, iso_year, iso_week))),
  description 'One row per day from 2015 to 2039, the Gregorian calendar with ISO weeks.
Use it for: grouping days. Not for: holidays; clinics have their own closures.'
);

SELECT
  calendar_date::DATE AS date_day, /* The day */
  DATE_TRUNC('MONTH', calendar_date)::DATE AS month_start, /* First day of its month */
  DATE_TRUNC('QUARTER', calendar_date)::DATE AS quarter_start, /* First day of its quarter */
  DATE_PART('YEAR', calendar_date)::INT AS calendar_year, /* Year */
  DATE_PART('QUARTER', calendar_date)::INT AS calendar_quarter, /* Quarter, 1 to 4 */
  DATE_PART('MONTH', calendar_date)::INT AS calendar_month, /* Month, 1 to 12 */
  DATE_PART('DAY', calendar_date)::INT AS day_of_month, /* Day of the month */
  YEAROFWEEKISO(calendar_date)::INT AS iso_year, /* Year that the ISO week belongs to */
  WEEKISO(calendar_date)::INT AS iso_week, /* ISO week, 1 to 53 */
  DAYOFWEEKISO(calendar_date)::INT AS iso_weekday, /* 1 Monday to 7 Sunday */
  (
    DAYOFWEEKISO(calendar_date) >= 6
  )::BOOLEAN AS is_weekend /* Saturday or Sunday */
FROM reference.calendar_date
