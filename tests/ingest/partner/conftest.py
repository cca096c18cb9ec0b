"""A bucket and a warehouse for each test of the partner source."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from partner_warehouse import PartnerWarehouse

from northstar.simulator.partner import FaultyServer, PartnerBucket

_numbers = itertools.count(1)


@pytest.fixture
def bucket(s3: FaultyServer) -> PartnerBucket:
    return PartnerBucket(s3, f"feeds-{next(_numbers)}")


@pytest.fixture
def warehouse(bucket: PartnerBucket, tmp_path: Path) -> Iterator[PartnerWarehouse]:
    made = PartnerWarehouse(bucket, tmp_path)
    yield made
    made.sink.close()
