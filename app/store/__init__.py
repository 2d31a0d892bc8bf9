"""The database, and the only place that knows a SQL dialect. Higher floors say `store.write(...)`."""

from app.store.database import (
    Changes,
    TransactionLost,
    Write,
    WriteOutsideOperation,
    by_id,
    close_center,
    connect,
    connected,
    data_folder,
    db,
    disconnect,
    is_open,
    listen,
    relax_for_new_file,
    uuid7,
    write,
)
from app.store.opening import claim_folder, keep_new_file, noticed, open_center, release_folder
from app.store.recovery import know as know_code

__all__ = [
    "Changes",
    "TransactionLost",
    "Write",
    "WriteOutsideOperation",
    "by_id",
    "claim_folder",
    "close_center",
    "connect",
    "connected",
    "data_folder",
    "db",
    "disconnect",
    "is_open",
    "keep_new_file",
    "know_code",
    "listen",
    "noticed",
    "open_center",
    "relax_for_new_file",
    "release_folder",
    "uuid7",
    "write",
]
