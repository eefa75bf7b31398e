"""DuckDB over files of records, within a bound of memory."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from primum.errors import InputError, PrimumError, SourceError
from primum.panel.read import column_hint
from primum.panel.rows import list_some
from primum.sources.records.fields import literal, quoted

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}


@dataclass(frozen=True)
class Engine:
    """A connection that reads one set of files."""

    connection: DuckDBPyConnection
    subject: str
    memory: float

    def frame(self, sql: str) -> pd.DataFrame:
        """The rows of a query.

        Raises
        ------
        SourceError
            If the files cannot be read, or the memory does not suffice.
        """
        import duckdb

        try:
            return self.connection.execute(sql).df()
        except duckdb.OutOfMemoryException:
            advice = "give it more, or make fewer and larger cells"
            raise SourceError(self.subject, [f"{self.memory:g} GiB of memory do not suffice; {advice}"]) from None
        except duckdb.Error as error:
            raise SourceError(self.subject, [_plain(str(error))]) from None

    def split(self, sql: str, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The rows of a query where a column is null, without it, and the others.

        Apart, whole numbers that only the others lack stay whole numbers.
        """
        name = quoted(column)
        self.frame(f"CREATE TEMP TABLE split AS {sql}")
        without = self.frame(f"SELECT * EXCLUDE ({name}) FROM split WHERE {name} IS NULL")
        return without, self.frame(f"SELECT * FROM split WHERE {name} IS NOT NULL")

    def examples(self, sql: str) -> dict[str, object]:
        """The one row of a query, without what is null."""
        return {str(name): value for name, value in self.frame(sql).iloc[0].dropna().items()}


@contextmanager
def engine(subject: str, memory: float, threads: int | None) -> Iterator[Engine]:
    """Start DuckDB for a while, with what does not fit its memory in a folder that goes away again.

    Raises
    ------
    InputError
        If memory or threads are not above 0.
    PrimumError
        If DuckDB is not installed.
    """
    bounds = {"memory": memory, "threads": threads}
    wrong = [f"{name}: {bound:g} must be above 0" for name, bound in bounds.items() if bound is not None and bound <= 0]
    if wrong:
        raise InputError("the settings of memory and threads", wrong)
    try:
        import duckdb
    except ImportError:
        raise PrimumError(
            "records are read with DuckDB, which is not installed: run `pip install primum[records]`"
        ) from None
    with tempfile.TemporaryDirectory(prefix="primum-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory:g}GiB",
            "temp_directory": folder,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,  # nothing is fetched from anywhere
            "autoload_known_extensions": False,
            **({} if threads is None else {"threads": threads}),
        }
        with duckdb.connect(config=settings) as connection:
            yield Engine(connection, subject, memory)


def source_of(running: Engine, paths: Sequence[Path], names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Files as a table in SQL, and the types of the columns that are wanted.

    Raises
    ------
    SourceError
        With every problem found: files that are missing or of several kinds, columns that are missing,
        ambiguous, or of other types in other files.
    """
    problems = _file_problems(paths)
    headers = {} if problems else {path: _header(path) for path in paths}
    for path, header in headers.items():
        problems += [f"{path}: {problem}" for problem in _header_problems(header, names)]
    if problems:
        raise SourceError(running.subject, problems)
    first, *others = headers
    if first.suffix.lower() == ".csv":
        odd = [str(path) for path in others if headers[path] != headers[first]]
        if odd:
            raise SourceError(running.subject, [f"{list_some(odd)}: columns are not those of {first}, in that order"])
        return _table(paths, headers[first]), dict.fromkeys(names, "VARCHAR")
    types = {path: _types(running, path, names) for path in paths}
    problems = [
        f"{path}: column '{name}' holds {types[path][name]}, but {types[first][name]} in {first}"
        for path in others
        for name in names
        if types[path][name] != types[first][name]
    ]
    if problems:
        raise SourceError(running.subject, problems)
    return _table(paths, headers[first]), types[first]


def _file_problems(paths: Sequence[Path]) -> list[str]:
    if not paths:
        return ["no file is given"]
    problems = [f"{path}: there is no such file" for path in paths if not path.is_file()]
    problems += [
        f"{path}: a file ending in '{path.suffix}' cannot be read here; give .parquet or .csv"
        for path in paths
        if path.suffix.lower() not in _READERS
    ]
    if len({path.suffix.lower() for path in paths}) > 1 and not problems:
        problems.append("files are of several kinds; give .parquet or .csv, not both")
    return problems


def _header(path: Path) -> list[str]:
    """Names of a file's columns as they stand in it; DuckDB would rename those that are alike.

    Raises
    ------
    SourceError
        If the file is not what its name says.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix.lower() == ".parquet":
            return list(pq.read_schema(path).names)
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except UnicodeDecodeError:
        raise SourceError(str(path), ["the file is not UTF-8 text; save it again as CSV UTF-8"]) from None
    except (pa.ArrowException, OSError) as error:
        raise SourceError(str(path), [f"the file cannot be read: {str(error).strip()}"]) from None


def _header_problems(header: Sequence[str], names: Sequence[str]) -> list[str]:
    problems = [f"there is no column '{name}'; {column_hint(name, header)}" for name in names if name not in header]
    alike = Counter(name.casefold() for name in header)
    problems += [
        f"several columns are named '{name}', or differ from it in capitals only; rename all but one"
        for name in names
        if name in header and alike[name.casefold()] > 1
    ]
    return problems


def _table(paths: Sequence[Path], header: Sequence[str]) -> str:
    files = ", ".join(literal(str(path)) for path in paths)
    if paths[0].suffix.lower() == ".parquet":
        return f"read_parquet([{files}], union_by_name=true)"
    columns = ", ".join(f"{literal(name or f'unnamed {k}')}: 'VARCHAR'" for k, name in enumerate(header))
    # everything is said, as what is not would be guessed from the first lines
    return (
        f"read_csv([{files}], auto_detect=false, columns={{{columns}}}, header=true, delim=',', quote='\"', "
        "escape='\"', comment='', nullstr='', strict_mode=true, null_padding=false, ignore_errors=false)"
    )


def _types(running: Engine, path: Path, names: Sequence[str]) -> dict[str, str]:
    wanted = ", ".join(map(quoted, names))
    found = running.frame(f"DESCRIBE SELECT {wanted} FROM {_table([path], [])}")
    return dict(zip(names, map(str, found["column_type"]), strict=True))


def _plain(message: str) -> str:
    """What went wrong, without DuckDB's advice about its own options."""
    lines = [line.strip() for line in message.splitlines()]
    told = lines[: next((i for i, line in enumerate(lines) if line.startswith("Possible")), 3)]
    return "the records cannot be read: " + "; ".join(line for line in told if line).removeprefix(
        "Invalid Input Error: "
    )
