"""The run store: SQLite under ``.astral/``. What is answered or judged is committed here before anyone hears of it.

Only this package holds SQL. One thread of one process writes (``RunWriter``); what waits goes into one transaction.
Other processes only read (``Store``, ``ResultReader``).
"""

from astral.store.canaries import Planted
from astral.store.copying import Part, borrowed, write_merged
from astral.store.labels import Labelling, counting_labels, import_labels, label_histories, write_label
from astral.store.place import only_writer, store_directory
from astral.store.reading import Store
from astral.store.rows import HASH_ONLY, Direct, Progress, exchange_key, is_withheld, withheld
from astral.store.waiting import ResultReader
from astral.store.writing import RunWriter

__all__ = [
    "HASH_ONLY",
    "Direct",
    "Labelling",
    "Part",
    "Planted",
    "Progress",
    "ResultReader",
    "RunWriter",
    "Store",
    "borrowed",
    "counting_labels",
    "exchange_key",
    "import_labels",
    "is_withheld",
    "label_histories",
    "only_writer",
    "store_directory",
    "withheld",
    "write_label",
    "write_merged",
]
