"""Who may read which zones, written down once more by hand: a change of account.yaml must be meant."""

from northstar.access.account import ZONES

READS = {
    "LOADER": {"raw", "ops"},
    "TRANSFORMER": set(ZONES),
    "DATA_ENGINEER": {"ops", "reference", "staging", "intermediate", "core", "marts", "deid", "physical"},
    "PHI_OFFICER": {"raw", "ops"},
    "CORE_ANALYST": {"reference", "core", "marts", "deid"},
    "BI_READER": {"reference", "marts", "deid"},
    "RELEASE_READER": {"deid"},
    "PUBLIC": set(),
}
