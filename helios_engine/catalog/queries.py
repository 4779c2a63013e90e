"""SQL over a catalog: one view a kind of data, in real units, read-only, and with no way out of the catalog.

Views are made from the manifests' files, so that what a manifest no longer names is never read. Prices and
quantities are DOUBLE: the float nearest to the decimal that is kept, which for prices is the float of the vendor's
text. (DECIMAL would overflow at the first `price * quantity`; exact text comes from `data export --to csv`.)
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from helios_engine.catalog.store import Catalog
from helios_engine.catalog.views import VIEWS, make_views
from helios_engine.errors import ConfigError, DataError, NotAvailableError

_CLOSED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
"""No file, no network, no extension, no variable of the caller."""


def sql(catalog: Catalog, query: str) -> pa.Table:
    """The answer to one SELECT, as a table; times named `time` are UTC, floored to microseconds.

    Views: bars, trades, quotes, books, funding, features, issues, instruments. `ts` (ns UTC) is when a row could be
    known; a condition on it reads only the files and row groups that it touches, one on `time` reads all. `side` is
    1 for buy, -1 for sell, 0 for unknown. Raises ConfigError for SQL that is wrong or is no question, DataError for
    files that cannot be read.
    """
    duckdb = _duckdb()
    connection = duckdb.connect(config=_CLOSED)
    try:
        _only_a_question(duckdb, connection, query)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        make_views(connection, catalog)
        connection.execute("SET lock_configuration = true")
        return connection.sql(query).to_arrow_table()
    except duckdb.Error as error:
        raise _told(duckdb, error) from None
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(error) from None
    finally:
        connection.close()


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise NotAvailableError("SQL needs DuckDB, which is not installed: pip install duckdb") from None
    return duckdb


def _only_a_question(duckdb: Any, connection: Any, query: str) -> None:
    allowed = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
    statements = connection.extract_statements(query)
    if len(statements) != 1:
        raise ConfigError(f"expected one SELECT, found {len(statements)} statements")
    if statements[0].type not in allowed:
        name = str(statements[0].type).rpartition(".")[2]
        raise ConfigError(f"the catalog is only read here: expected a SELECT, found {name}. {_known()}")


def _told(duckdb: Any, error: Exception) -> ConfigError | DataError:
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException) and ".parquet" in str(error):
        return _unreadable(error)
    return ConfigError(f"{str(error).strip()}\n{_known()}")


def _unreadable(error: Exception) -> DataError:
    first = str(error).strip().splitlines()[-1]
    return DataError(
        f"a file of the catalog cannot be read: {first}; `data check` names it, then import it again with --replace"
    )


def _known() -> str:
    return f"Views: {', '.join(VIEWS)}; `DESCRIBE bars` shows a view's columns"
