"""Models that leak, and models that do not: what the PHI firewall is held to."""

from __future__ import annotations

from dataclasses import dataclass

CONTRACT = """
source: app
objects:
  patient:
    key: [patient_id]
    columns:
      patient_id: phi_direct.patient
      name: phi_direct.name
      email: phi_direct.contact
      birth_date: phi_quasi.birth_date
      postal_code: phi_quasi.postal_code
      city: phi_quasi.geography
      state_code: internal
      note: free_text
      sex: internal
      account_id: internal
      withheld: denied
  visit:
    key: [visit_id]
    columns:
      visit_id: phi_quasi.record
      patient_id: phi_direct.patient
      clinic_id: internal
      status: internal
      minutes: internal
      payload: free_text
      starts_at: phi_quasi.service_time
      ends_at: phi_quasi.service_time
      booked_at: phi_quasi.service_time
  clinic:
    key: [clinic_id]
    columns:
      clinic_id: internal
      name: public
      time_zone: public
      opened_on: internal
"""

EXTERNALS = """
- name: raw_app.patient
  columns: {patient_id: BIGINT, name: TEXT, email: TEXT, birth_date: DATE, postal_code: TEXT, city: TEXT, state_code: TEXT,
            note: TEXT, sex: TEXT, account_id: BIGINT, withheld: TEXT, brand_new: TEXT}
- name: raw_app.visit
  columns: {visit_id: BIGINT, patient_id: BIGINT, clinic_id: BIGINT, status: TEXT, minutes: INT, payload: TEXT,
            starts_at: TIMESTAMP, ends_at: TIMESTAMP, booked_at: TIMESTAMP}
- name: raw_app.clinic
  columns: {clinic_id: BIGINT, name: TEXT, time_zone: TEXT, opened_on: DATE}
- name: raw_app.undeclared
  columns: {anything: TEXT}
- name: reference.zip_area
  columns: {area: TEXT, is_restricted: BOOLEAN}
- name: restricted.pseudonym_key
  columns: {inner_pad: BINARY, outer_pad: BINARY}
"""

BASE = {
    "staging.stg_patient": """
        SELECT @patient_key(patient_id)::BIGINT AS patient_key, account_id::BIGINT AS account_id, sex::VARCHAR AS sex,
          birth_date::DATE AS birth_date, @zip3(postal_code, state_code)::VARCHAR AS zip3 FROM raw_app.patient""",
    "staging.stg_visit": """
        SELECT visit_id::BIGINT AS visit_id, @patient_key(patient_id)::BIGINT AS patient_key, clinic_id::BIGINT AS clinic_id,
          status::VARCHAR AS status, minutes::INT AS minutes, starts_at::TIMESTAMP AS starts_at,
          ends_at::TIMESTAMP AS ends_at, booked_at::TIMESTAMP AS booked_at FROM raw_app.visit""",
    "staging.stg_clinic": """
        SELECT clinic_id::BIGINT AS clinic_id, name::VARCHAR AS clinic_name, time_zone::VARCHAR AS time_zone,
          opened_on::DATE AS opened_on FROM raw_app.clinic""",
    "intermediate.int_visit": "SELECT * FROM staging.stg_visit",
    "core.dim_patient": """
        SELECT patient_key::BIGINT AS patient_key, sex::VARCHAR AS sex, zip3::VARCHAR AS zip3,
          @pooled_birth_year(birth_date, CURRENT_DATE)::INT AS birth_year FROM staging.stg_patient""",
    "core.fct_visit": "SELECT * FROM intermediate.int_visit",
    "core.dim_clinic": "SELECT * FROM staging.stg_clinic",
}
"""Models that all cases may read; none of them leaks."""


@dataclass(frozen=True)
class Case:
    """A model, what it may need beside ``BASE``, and for a leak what the firewall must say."""

    zone: str
    query: str
    says: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()


def _core(query: str, *says: str, **beside: str) -> Case:
    return _case("core", query, says, beside)


def _case(zone: str, query: str, says: tuple[str, ...], beside: dict[str, str]) -> Case:
    return Case(zone, query, says, tuple((name.replace("__", ".", 1), text) for name, text in beside.items()))


def _staging(query: str, *says: str, **beside: str) -> Case:
    return _case("staging", query, says, beside)


def _mart(query: str, *says: str, **beside: str) -> Case:
    return _case("marts_growth", query, says, beside)


def _deid(query: str, *says: str, **beside: str) -> Case:
    return _case("marts_deid", query, says, beside)


NAME, EMAIL, NOTE = "raw_app.patient.name", "raw_app.patient.email", "raw_app.patient.note"

LEAKS: dict[str, Case] = {
    "as it is": _core("SELECT name::VARCHAR AS name FROM raw_app.patient", NAME),
    "renamed": _core("SELECT name::VARCHAR AS segment FROM raw_app.patient", ".segment", NAME),
    "concatenated": _core("SELECT (sex || ' ' || name)::VARCHAR AS label FROM raw_app.patient", NAME),
    "concat function": _core("SELECT CONCAT(sex, '-', email)::VARCHAR AS label FROM raw_app.patient", EMAIL),
    "substring": _core("SELECT SUBSTRING(name, 1, 3)::VARCHAR AS head FROM raw_app.patient", NAME),
    "upper case": _core("SELECT UPPER(name)::VARCHAR AS name FROM raw_app.patient", NAME),
    "split": _core("SELECT SPLIT_PART(email, '@', 1)::VARCHAR AS part FROM raw_app.patient", EMAIL),
    "regular expression": _core("SELECT REGEXP_REPLACE(note, '[0-9]', '')::VARCHAR AS t FROM raw_app.patient", NOTE),
    "case result": _core("SELECT CASE WHEN sex = 'F' THEN name ELSE 'x' END::VARCHAR AS t FROM raw_app.patient", NAME),
    "case condition": _core("SELECT CASE WHEN name = 'Ada' THEN 1 ELSE 0 END::INT AS t FROM raw_app.patient", NAME),
    "iff condition": _core("SELECT IFF(email LIKE 'a%', 1, 0)::INT AS t FROM raw_app.patient", EMAIL),
    "coalesce": _core("SELECT COALESCE(sex, name)::VARCHAR AS t FROM raw_app.patient", NAME),
    "nullif": _core("SELECT NULLIF(name, '')::VARCHAR AS t FROM raw_app.patient", NAME),
    "cast": _core("SELECT TRY_CAST(email AS INT)::INT AS t FROM raw_app.patient", EMAIL),
    "length": _core("SELECT LENGTH(name)::INT AS t FROM raw_app.patient", NAME),
    "hash without key": _core("SELECT SHA2(email, 256)::VARCHAR AS t FROM raw_app.patient", EMAIL),
    "md5": _core("SELECT MD5(name)::VARCHAR AS t FROM raw_app.patient", NAME),
    "hash of a number": _core(
        "SELECT SHA2(CAST(patient_id AS TEXT), 256)::VARCHAR AS t FROM raw_app.patient", "raw_app.patient.patient_id"
    ),
    "hash with a salt in the text": _core("SELECT SHA2('salt' || email, 256)::VARCHAR AS t FROM raw_app.patient", EMAIL),
    "bare number": _core("SELECT patient_id::BIGINT AS t FROM raw_app.visit", "raw_app.visit.patient_id"),
    "number after arithmetic": _core("SELECT (patient_id * 7 + 3)::BIGINT AS t FROM raw_app.visit", "phi_direct.patient"),
    "min": _core("SELECT MIN(name)::VARCHAR AS t FROM raw_app.patient", NAME),
    "any_value": _core("SELECT sex::VARCHAR AS sex, ANY_VALUE(name)::VARCHAR AS t FROM raw_app.patient GROUP BY sex", NAME),
    "listagg": _core("SELECT LISTAGG(name, ',')::VARCHAR AS t FROM raw_app.patient", NAME),
    "array": _core("SELECT ARRAY_AGG(email) AS t FROM raw_app.patient", EMAIL),
    "object": _core("SELECT OBJECT_CONSTRUCT('n', name) AS t FROM raw_app.patient", NAME),
    "json path": _core("SELECT JSON_EXTRACT_PATH_TEXT(payload, 'who')::VARCHAR AS t FROM raw_app.visit", "raw_app.visit.payload"),
    "first_value": _core(
        "SELECT FIRST_VALUE(name) OVER (PARTITION BY sex ORDER BY account_id)::VARCHAR AS t FROM raw_app.patient", NAME
    ),
    "lag": _core("SELECT LAG(name) OVER (ORDER BY account_id)::VARCHAR AS t FROM raw_app.patient", NAME),
    "min_by": _core("SELECT MIN_BY(name, account_id)::VARCHAR AS t FROM raw_app.patient", NAME),
    "union, second branch": _core(
        "SELECT sex::VARCHAR AS t FROM raw_app.patient UNION ALL SELECT name FROM raw_app.patient", NAME
    ),
    "union, third branch": _core(
        "SELECT sex::VARCHAR AS t FROM raw_app.patient UNION ALL SELECT status FROM raw_app.visit "
        "UNION ALL SELECT email FROM raw_app.patient",
        EMAIL,
    ),
    "except": _core("SELECT name::VARCHAR AS t FROM raw_app.patient EXCEPT SELECT status FROM raw_app.visit", NAME),
    "nested cte": _core(
        "WITH a AS (WITH b AS (SELECT name AS x FROM raw_app.patient) SELECT x AS y FROM b), c AS (SELECT y AS z FROM a) "
        "SELECT z::VARCHAR AS t FROM c",
        NAME,
    ),
    "recursive cte": _core(
        "WITH RECURSIVE r(a, b) AS (SELECT sex, name FROM raw_app.patient UNION ALL SELECT b, a FROM r) "
        "SELECT a::VARCHAR AS t FROM r",
        NAME,
    ),
    "star": _core("SELECT * FROM raw_app.patient", NAME, EMAIL, NOTE),
    "star through a cte": _core("WITH a AS (SELECT * FROM raw_app.patient) SELECT a.* FROM a", NAME),
    "star without some": _core("SELECT * EXCLUDE (email) FROM raw_app.patient", NAME),
    "star renamed": _core("SELECT * RENAME (name AS nom) FROM raw_app.patient", ".nom", NAME),
    "scalar subquery": _core("SELECT clinic_id::BIGINT AS c, (SELECT MAX(name) FROM raw_app.patient)::VARCHAR AS t FROM raw_app.visit", NAME),
    "correlated subquery": _core(
        "SELECT v.clinic_id::BIGINT AS c, (SELECT MAX(p.email) FROM raw_app.patient AS p WHERE p.account_id = v.clinic_id)"
        "::VARCHAR AS t FROM raw_app.visit AS v",
        EMAIL,
    ),
    "derived table": _core("SELECT d.x::VARCHAR AS t FROM (SELECT name AS x FROM raw_app.patient) AS d", NAME),
    "using": _core(
        "SELECT patient_id::BIGINT AS t FROM raw_app.patient JOIN raw_app.visit USING (patient_id)", "phi_direct.patient"
    ),
    "through three models": _mart(
        "SELECT tag::VARCHAR AS tag FROM core.carrier",
        "marts_growth.", "core.carrier.tag", "intermediate.carrier.tag", "staging.carrier.tag", NAME,
        staging__carrier="SELECT LOWER(name)::VARCHAR AS tag FROM raw_app.patient",
        intermediate__carrier="SELECT tag::VARCHAR AS tag FROM staging.carrier",
        core__carrier="SELECT tag::VARCHAR AS tag FROM intermediate.carrier",
    ),
    "stops at staging already": _staging("SELECT name::VARCHAR AS t FROM raw_app.patient", NAME),
    "approved transform of something else": _core(
        "SELECT @zip3(name, state_code)::VARCHAR AS t FROM raw_app.patient", NAME
    ),
    "key macro of a name": _core("SELECT @patient_key(name)::BIGINT AS patient_key FROM raw_app.patient", NAME),
    "beside an approved transform": _core(
        "SELECT (@zip3(postal_code, state_code) || postal_code)::VARCHAR AS t FROM raw_app.patient", "postal_code"
    ),
    "what the key macro does, by hand": _core(
        "SELECT SHA2((SELECT outer_pad FROM restricted.pseudonym_key) || SHA2_BINARY((SELECT inner_pad FROM "
        "restricted.pseudonym_key) || TO_BINARY(CAST(patient_id AS TEXT), 'UTF-8'), 256), 256)::VARCHAR AS t "
        "FROM raw_app.patient",
        "restricted.pseudonym_key has no contract", "raw_app.patient.patient_id",
    ),
    "pseudonym under another name": _core(
        "SELECT patient_key::BIGINT AS member FROM staging.stg_patient", "must end with patient_key"
    ),
    "pseudonym in a mart": _mart("SELECT patient_key::BIGINT AS patient_key FROM core.dim_patient", "pseudonym"),
    "visit number in a mart": _mart("SELECT visit_id::BIGINT AS visit_id FROM core.fct_visit", "phi_quasi.record"),
    "time of a visit in a mart": _mart("SELECT MAX(starts_at)::TIMESTAMP AS last_at FROM core.fct_visit", "service_time"),
    "time as seconds in a mart": _mart(
        "SELECT DATE_PART(epoch_second, starts_at)::BIGINT AS s FROM core.fct_visit", "service_time"
    ),
    "time as a difference to a fixed day": _mart(
        "SELECT DATEDIFF(SECOND, '2000-01-01'::TIMESTAMP, starts_at)::BIGINT AS s FROM core.fct_visit", "service_time"
    ),
    "time as a difference to a known day": _mart(
        "SELECT DATEDIFF(SECOND, c.opened_on, v.starts_at)::BIGINT AS s FROM core.fct_visit AS v "
        "JOIN core.dim_clinic AS c ON c.clinic_id = v.clinic_id",
        "service_time",
    ),
    "day of a visit in a release": _deid("SELECT starts_at::DATE AS d, COUNT(*)::INT AS n FROM core.fct_visit GROUP BY 1", "service_date"),
    "month of a visit in a release": _deid(
        "SELECT DATE_TRUNC('month', starts_at)::DATE AS m, COUNT(*)::INT AS n FROM core.fct_visit GROUP BY 1", "service_date"
    ),
    "birth date in core": _core("SELECT birth_date::DATE AS d FROM staging.stg_patient", "phi_quasi.birth_date"),
    "birth year without pooling": _core("SELECT YEAR(birth_date)::INT AS y FROM staging.stg_patient", "phi_quasi.birth_date"),
    "age by subtraction": _core(
        "SELECT DATEDIFF(YEAR, birth_date, CURRENT_DATE)::INT AS y FROM staging.stg_patient", "phi_quasi.birth_date"
    ),
    "age in days at a visit": _core(
        "SELECT DATEDIFF(DAY, p.birth_date, v.starts_at)::INT AS y FROM staging.stg_patient AS p "
        "JOIN staging.stg_visit AS v ON v.patient_key = p.patient_key",
        "phi_quasi.birth_date",
    ),
    "three digits without the list": _core("SELECT SUBSTRING(postal_code, 1, 3)::VARCHAR AS z FROM raw_app.patient", "postal_code"),
    "city": _core("SELECT city::VARCHAR AS c FROM raw_app.patient", "phi_quasi.geography"),
    "filter by a name": _mart("SELECT COUNT(*)::INT AS n FROM raw_app.patient WHERE name = 'Ada'", "WHERE", NAME),
    "join by an e-mail": _mart(
        "SELECT COUNT(*)::INT AS n FROM core.dim_clinic AS c JOIN raw_app.patient AS p ON p.email = c.clinic_name",
        "JOIN", EMAIL,
    ),
    "group by a number": _mart("SELECT COUNT(*)::INT AS n FROM raw_app.visit GROUP BY patient_id", "GROUP", "patient_id"),
    "having": _mart("SELECT COUNT(*)::INT AS n FROM raw_app.patient GROUP BY sex HAVING MIN(name) > 'M'", "HAVING", NAME),
    "filter in a subquery": _mart(
        "SELECT COUNT(*)::INT AS n FROM core.dim_clinic WHERE clinic_id IN (SELECT account_id FROM raw_app.patient "
        "WHERE email = 'ada@example.com')",
        "WHERE", EMAIL,
    ),
    "exists": _mart(
        "SELECT clinic_id::BIGINT AS c FROM core.dim_clinic AS d WHERE EXISTS (SELECT 1 FROM raw_app.patient AS p "
        "WHERE p.name = d.clinic_name)",
        NAME,
    ),
    "window over a name": _mart(
        "SELECT COUNT(*) OVER (PARTITION BY name)::INT AS n FROM raw_app.patient", "OVER", NAME
    ),
    "qualify": _mart(
        "SELECT sex::VARCHAR AS sex FROM raw_app.patient QUALIFY ROW_NUMBER() OVER (ORDER BY name) = 1", "OVER", NAME
    ),
    "a column without a class": _staging("SELECT brand_new::VARCHAR AS t FROM raw_app.patient", "brand_new has no class"),
    "a denied column": _staging("SELECT withheld::VARCHAR AS t FROM raw_app.patient", "withheld is denied"),
    "a denied column in a filter": _staging("SELECT sex::VARCHAR AS t FROM raw_app.patient WHERE withheld = 'x'", "withheld is denied"),
    "a count of a column without a class": _staging("SELECT COUNT(brand_new)::INT AS n FROM raw_app.patient", "brand_new has no class"),
    "a table without a contract": _staging("SELECT anything::VARCHAR AS t FROM raw_app.undeclared", "has no contract"),
    "a table that nobody declared": _staging("SELECT x::VARCHAR AS t FROM raw_app.nowhere", "neither a model nor declared"),
    "a star of unknown columns": _staging("SELECT * FROM raw_app.nowhere", "not known"),
    "object of a whole row": _core("SELECT OBJECT_CONSTRUCT(*) AS t FROM raw_app.patient", NAME),
    "pivot": _core(
        "SELECT * FROM (SELECT sex, account_id, name FROM raw_app.patient) PIVOT (MAX(name) FOR sex IN ('F', 'M')) AS p",
        "cannot be told",
    ),
    "lateral subquery": _core("SELECT f.x::VARCHAR AS t FROM raw_app.patient AS p, LATERAL (SELECT p.name AS x) AS f", NAME),
    "alias used again": _core("SELECT name::VARCHAR AS a, (a || '!')::VARCHAR AS b FROM raw_app.patient", ".b ", NAME),
    "order and limit": _core("SELECT sex::VARCHAR AS sex FROM raw_app.patient ORDER BY email LIMIT 1", "ORDER", EMAIL),
    "cte with the name of a clean model": _core(
        "WITH stg_clinic AS (SELECT name AS clinic_name FROM raw_app.patient) SELECT clinic_name::VARCHAR AS t FROM stg_clinic",
        NAME,
    ),
}  # fmt: skip

FINE: dict[str, Case] = {
    "pseudonym in core": _core("SELECT patient_key::BIGINT AS patient_key FROM staging.stg_patient"),
    "pseudonym of another role": _core("SELECT patient_key::BIGINT AS first_patient_key FROM staging.stg_visit"),
    "open columns": _core("SELECT sex::VARCHAR AS sex, account_id::BIGINT AS account_id FROM raw_app.patient"),
    "public name": _mart("SELECT clinic_name::VARCHAR AS clinic_name FROM core.dim_clinic"),
    "same name, other table": _core("SELECT name::VARCHAR AS name FROM raw_app.clinic"),
    "times in core": _core("SELECT visit_id::BIGINT AS visit_id, starts_at::TIMESTAMP AS starts_at FROM intermediate.int_visit"),
    "birth date in intermediate": _case("intermediate", "SELECT birth_date::DATE AS birth_date FROM staging.stg_patient", (), {}),
    "zip3": _core("SELECT @zip3(postal_code, state_code)::VARCHAR AS zip3 FROM raw_app.patient"),
    "zip3 with a name": _core("SELECT @zip3(postal_code := postal_code, state_code := state_code)::VARCHAR AS z FROM raw_app.patient"),
    "age at a visit": _core(
        "SELECT @age_at(p.birth_date, v.starts_at::DATE)::INT AS age FROM staging.stg_patient AS p "
        "JOIN staging.stg_visit AS v ON v.patient_key = p.patient_key"
    ),
    "age band of an age": _core("SELECT @age_band(@age_at(birth_date, CURRENT_DATE))::VARCHAR AS b FROM staging.stg_patient"),
    "pooled birth year": _core("SELECT @pooled_birth_year(birth_date, CURRENT_DATE)::INT AS y FROM staging.stg_patient"),
    "whether there is an e-mail": _core("SELECT (email IS NOT NULL)::BOOLEAN AS has_email FROM raw_app.patient"),
    "patients counted": _mart("SELECT COUNT(DISTINCT patient_key)::INT AS patients FROM core.fct_visit"),
    "names counted": _core("SELECT COUNT(DISTINCT name)::INT AS n FROM raw_app.patient"),
    "visits counted by condition": _mart("SELECT COUNT_IF(starts_at < booked_at)::INT AS n FROM core.fct_visit"),
    "sum by condition on time": _mart("SELECT SUM(IFF(starts_at > '2026-01-01'::TIMESTAMP, minutes, 0))::INT AS n FROM core.fct_visit"),
    "duration": _mart("SELECT SUM(DATEDIFF(SECOND, starts_at, ends_at))::BIGINT AS s FROM core.fct_visit"),
    "median lead time": _mart("SELECT MEDIAN(DATEDIFF(HOUR, booked_at, starts_at))::INT AS h FROM core.fct_visit"),
    "duration within a day": _mart(
        "SELECT SUM(DATEDIFF(SECOND, GREATEST(starts_at, starts_at::DATE::TIMESTAMP), LEAST(ends_at, booked_at)))::BIGINT AS s "
        "FROM core.fct_visit"
    ),
    "day in a mart": _mart("SELECT starts_at::DATE AS d, COUNT(*)::INT AS n FROM core.fct_visit GROUP BY starts_at::DATE"),
    "local day in a mart": _mart(
        "SELECT @local_time(v.starts_at, c.time_zone)::DATE AS d, COUNT(*)::INT AS n FROM core.fct_visit AS v "
        "JOIN core.dim_clinic AS c ON c.clinic_id = v.clinic_id GROUP BY 1"
    ),
    "month in a mart": _mart("SELECT DATE_TRUNC('month', starts_at)::DATE AS m, COUNT(*)::INT AS n FROM core.fct_visit GROUP BY 1"),
    "weekday in a mart": _mart("SELECT DAYOFWEEKISO(starts_at)::INT AS w, COUNT(*)::INT AS n FROM core.fct_visit GROUP BY 1"),
    "year in a release": _deid("SELECT YEAR(starts_at)::INT AS y, COUNT(*)::INT AS n FROM core.fct_visit GROUP BY 1"),
    "year by part in a release": _deid("SELECT DATE_PART('year', starts_at)::INT AS y FROM core.fct_visit GROUP BY 1"),
    "first day of the year in a release": _deid("SELECT DATE_TRUNC('year', starts_at)::DATE AS y FROM core.fct_visit GROUP BY 1"),
    "zip3 in a release": _deid("SELECT zip3::VARCHAR AS zip3, COUNT(*)::INT AS n FROM core.dim_patient GROUP BY zip3"),
    "join by pseudonym in a mart": _mart(
        "SELECT p.sex::VARCHAR AS sex, COUNT(*)::INT AS n FROM core.fct_visit AS v JOIN core.dim_patient AS p "
        "ON p.patient_key = v.patient_key GROUP BY p.sex"
    ),
    "group by pseudonym, then count": _mart(
        "WITH a AS (SELECT patient_key, COUNT(*) AS n FROM core.fct_visit GROUP BY patient_key) "
        "SELECT n::INT AS visits, COUNT(*)::INT AS patients FROM a GROUP BY n"
    ),
    "filter by time in a mart": _mart("SELECT COUNT(*)::INT AS n FROM core.fct_visit WHERE starts_at >= '2026-01-01'::TIMESTAMP"),
    "exists by pseudonym": _mart(
        "SELECT COUNT(*)::INT AS n FROM core.fct_visit AS v WHERE EXISTS (SELECT 1 FROM core.fct_visit AS w "
        "WHERE w.patient_key = v.patient_key AND w.starts_at > v.starts_at)"
    ),
    "numbered visits": _mart(
        "WITH a AS (SELECT clinic_id, ROW_NUMBER() OVER (PARTITION BY patient_key ORDER BY starts_at) AS n FROM core.fct_visit) "
        "SELECT n::INT AS visit_no, COUNT(*)::INT AS visits FROM a GROUP BY n"
    ),
    "returning patients": _mart(
        "SELECT clinic_id::BIGINT AS clinic_id, COUNT(DISTINCT IFF(status = 'fulfilled', patient_key, NULL))::INT AS n "
        "FROM core.fct_visit GROUP BY clinic_id"
    ),
    "union of open columns": _core("SELECT sex::VARCHAR AS t FROM raw_app.patient UNION ALL SELECT status FROM raw_app.visit"),
    "union beside a pseudonym": _core(
        "SELECT patient_key::BIGINT AS patient_key, sex::VARCHAR AS t FROM staging.stg_patient "
        "UNION ALL SELECT -1::BIGINT, 'unknown'::VARCHAR"
    ),
    "star of a clean model": _core("SELECT * FROM staging.stg_clinic"),
    "star without the identifiers": _core(
        "SELECT * EXCLUDE (patient_id, name, email, birth_date, postal_code, city, note, withheld, brand_new) FROM raw_app.patient"
    ),
    "star replaced": _core(
        "SELECT * REPLACE (0 AS minutes) FROM staging.stg_visit"
    ),
    "unused column of a cte": _core("WITH a AS (SELECT name, sex FROM raw_app.patient) SELECT sex::VARCHAR AS sex FROM a"),
    "recursive cte of numbers": _core(
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT n::INT AS n FROM r"
    ),
    "constants": _core("SELECT 1::INT AS one, 'x'::VARCHAR AS x"),
    "values": _core("SELECT v.a::INT AS a FROM (VALUES (1), (2)) AS v(a)"),
    "generator": _core("SELECT ROW_NUMBER() OVER (ORDER BY NULL)::INT AS n FROM TABLE(GENERATOR(ROWCOUNT => 10))"),
    "scalar subquery of a clean column": _mart("SELECT (SELECT MAX(minutes) FROM core.fct_visit)::INT AS longest"),
    "cte with the name of a source": _core(
        "WITH patient AS (SELECT sex AS name FROM raw_app.patient) SELECT name::VARCHAR AS t FROM patient"
    ),
    "null test in a filter": _core("SELECT sex::VARCHAR AS sex FROM raw_app.patient WHERE NOT email IS NULL"),
    "case over times": _mart(
        "SELECT CASE WHEN starts_at < booked_at THEN 'backdated' ELSE 'booked' END::VARCHAR AS kind, COUNT(*)::INT AS n "
        "FROM core.fct_visit GROUP BY 1"
    ),
}  # fmt: skip
