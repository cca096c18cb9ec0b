"""An application at work: concurrent transactions of every kind that is hard to follow."""

from __future__ import annotations

import random
import threading
from types import TracebackType
from typing import Any

import psycopg

TABLES = tuple(f"t{number}" for number in range(5))


def create_tables(connection: psycopg.Connection[Any], names: tuple[str, ...] = TABLES) -> None:
    """Tables with a column that is stored out of line."""
    for name in names:
        connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, v text, n numeric(12, 2), big text)")
        connection.execute(f"ALTER TABLE {name} ALTER big SET STORAGE EXTERNAL")


class Traffic:
    """Writers that go on, whatever becomes of the server, until the context ends."""

    def __init__(self, dsn: str, writers: int = 3, seed: int = 1) -> None:
        self._dsn = dsn
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(seed * 100 + n,)) for n in range(writers)]
        self.transactions = 0

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, seed: int) -> None:
        dice = random.Random(seed)
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._dsn) as connection:
                    while not self._stop.is_set():
                        self._transaction(connection, dice)
            except psycopg.Error:
                self._stop.wait(0.05)  # a deadlock, a conflict, or the server is down

    def _transaction(self, connection: psycopg.Connection[Any], dice: random.Random) -> None:
        for _ in range(dice.randrange(1, 10)):
            table, key, chance = dice.choice(TABLES), dice.randrange(300), dice.random()
            if chance < 0.45:
                connection.execute(
                    f"INSERT INTO {table} (id, v, n, big) VALUES (%s, %s, %s, repeat(md5(random()::text), 80)) "
                    "ON CONFLICT (id) DO UPDATE SET v = excluded.v, n = excluded.n",
                    [key, str(dice.random()), dice.randrange(10**6) / 100],
                )
            elif chance < 0.75:
                connection.execute(f"UPDATE {table} SET v = %s WHERE id = %s", [str(dice.random()), key])
            elif chance < 0.85:
                connection.execute(f"DELETE FROM {table} WHERE id = %s", [key])
            elif chance < 0.99:
                connection.execute(
                    f"UPDATE {table} SET id = id + 1000, v = %s WHERE id = %s "
                    f"AND NOT EXISTS (SELECT FROM {table} WHERE id = %s)",
                    [str(dice.random()), key, key + 1000],
                )
            else:
                connection.execute(f"TRUNCATE {table}")
        if dice.random() < 0.9:
            connection.commit()
        else:
            connection.rollback()
        self.transactions += 1
        self._stop.wait(0.01)
