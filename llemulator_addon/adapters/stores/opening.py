"""The one place that opens a store by its address."""

from typing import assert_never

from llemulator_addon.adapters.stores.address import BadStore, StoreAddress
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Beginnings, Limits, OpenStore, Store


def opening(address: StoreAddress, ttl: float | None) -> OpenStore:
    """Return what opens a store, and raises `BadStore`. `ttl`: seconds after which a session that is not used goes."""

    def open_sqlite(beginnings: Beginnings, limits: Limits) -> Store:
        # Who keeps sessions in memory does not wait for this.
        from llemulator_addon.adapters.stores.shared import SharedStore  # noqa: PLC0415
        from llemulator_addon.adapters.stores.sqlite import CannotOpen, SqliteBackend  # noqa: PLC0415

        try:
            return SharedStore(SqliteBackend(address.file, limits, ttl), beginnings)
        except CannotOpen as error:
            raise BadStore(f"{address}: {error}") from None

    def open_redis(beginnings: Beginnings, limits: Limits) -> Store:
        from llemulator_addon.adapters.stores.redis import RedisBackend  # noqa: PLC0415
        from llemulator_addon.adapters.stores.shared import SharedStore  # noqa: PLC0415

        return SharedStore(RedisBackend(address, limits, ttl), beginnings)

    match address.kind:
        case "memory":
            return MemoryStore
        case "sqlite":
            return open_sqlite
        case "redis" | "redis+sentinel" | "redis+cluster":
            return open_redis
        case never:
            assert_never(never)
