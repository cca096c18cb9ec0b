MODEL (
  name reference.zip_area,
  kind SEED (
    path '$root/seeds/zip_area.csv'
  ),
  owner data_engineering,
  grain area,
  tags (
    'layer=reference'
  ),
  columns (
    area VARCHAR,
    population INT,
    census_year INT,
    is_restricted BOOLEAN
  ),
  column_descriptions (
    area = 'State and first three digits of its ZIP codes, such as MA021; as one text, since digits alone would lose their leading zeros when the seed is read',
    population = 'People who live there, NULL where the census counts no area of its own',
    census_year = 'Census that counted them',
    is_restricted = 'Whether the three digits may not be shown: at most 20,000 people, or on the list of HHS from the census of 2000'
  ),
  audits (
    unique_values(columns := area),
    not_null(columns := (area, is_restricted)),
    forall(criteria := (
      is_restricted OR population > 20000
    ))
  ),
  description 'One row per three-digit ZIP area of the fifty states and DC. Restricted is the union of what the census of 2010
gives and of the 17 areas that HHS names from the census of 2000; areas that are not here count as restricted too.
Use it for: macro zip3. Not for: where patients live; areas cross counties.'
)
