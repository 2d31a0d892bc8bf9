"""The database, and the only place that knows a SQL dialect. Higher floors say `store.write(...)`."""

from app.store.database import (
    Changes,
    TransactionLost,
    Write,
    WriteOutsideOperation,
    claim_folder,
    close_center,
    connect,
    connected,
    db,
    disconnect,
    is_open,
    listen,
    open_center,
    release_folder,
    uuid7,
    write,
)

__all__ = [
    "Changes",
    "TransactionLost",
    "Write",
    "WriteOutsideOperation",
    "claim_folder",
    "close_center",
    "connect",
    "connected",
    "db",
    "disconnect",
    "is_open",
    "listen",
    "open_center",
    "release_folder",
    "uuid7",
    "write",
]
