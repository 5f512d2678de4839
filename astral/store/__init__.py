"""The run store: SQLite under ``.astral/``. What is answered or judged is committed here before anyone hears of it.

Only this package holds SQL. One thread of one process writes (``RunWriter``); what waits goes into one transaction.
Other processes only read (``Store``, ``ResultReader``).
"""

from astral.store.copying import Part, borrowed, write_merged
from astral.store.place import only_writer, store_directory
from astral.store.reading import ResultReader, Store
from astral.store.rows import HASH_ONLY, Direct, Progress, exchange_key, is_withheld, withheld
from astral.store.writing import RunWriter

__all__ = [
    "HASH_ONLY",
    "Direct",
    "Part",
    "Progress",
    "ResultReader",
    "RunWriter",
    "Store",
    "borrowed",
    "exchange_key",
    "is_withheld",
    "only_writer",
    "store_directory",
    "withheld",
    "write_merged",
]
