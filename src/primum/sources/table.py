"""Reading a table from a file, without guessing what its symbols mean."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from primum.errors import PanelError

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: str | Path, text: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV or Parquet file.

    Only empty cells count as missing: symbols such as ``x`` or ``NA`` stay as they are, so
    that `Panel.from_frame` can name them instead of losing them.

    Parameters
    ----------
    path
        A file ending in .csv or .parquet.
    text
        Columns of a CSV file that are text even where all of it looks like numbers, such as codes.

    Raises
    ------
    PanelError
        If the file is missing, of another kind, or cannot be read.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise PanelError(str(path), ["there is no such file"])
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        if path.suffix.lower() == ".csv":
            return _read_csv(path, text)
    except UnicodeDecodeError:
        raise PanelError(str(path), ["the file is not UTF-8 text; save it again as CSV UTF-8"]) from None
    except ImportError:
        raise PanelError(str(path), ["reading Parquet files needs pyarrow; install it, or give .csv"]) from None
    except pd.errors.ParserWarning:
        raise PanelError(str(path), ["lines have more values than the header has names; name every column"]) from None
    except (ValueError, OSError) as error:
        raise PanelError(str(path), [f"the file cannot be read: {str(error).strip()}"]) from None
    raise PanelError(str(path), [f"a file ending in '{path.suffix}' cannot be read here; give .csv or .parquet"])


def _read_csv(path: Path, text: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    _check_shape(path)
    with warnings.catch_warnings():
        # pandas drops values beyond the last column with no more than this warning
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path,
            dtype=dict.fromkeys(text, str),
            keep_default_na=False,
            na_values=[""],
            index_col=False,  # or commas at the ends of lines would shift every column by one
            low_memory=False,
            encoding="utf-8-sig",
        )


def _check_shape(path: Path) -> None:
    """Refuse what pandas would mend in silence: columns of one name, and lines that are too short.

    Raises
    ------
    PanelError
        Naming the columns and lines.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        header = next(lines, [])
        short = [lines.line_num for line in lines if 0 < len(line) < len(header)]
    problems = []
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        problems.append(f"several columns have the same name: {', '.join(map(repr, twice))}; rename all but one")
    if short:
        shown = ", ".join(map(str, short[:5])) + (f" and {len(short) - 5} more" if len(short) > 5 else "")
        problems.append(f"lines have fewer values than the header has names: {shown}; was the file cut short?")
    if problems:
        raise PanelError(str(path), problems)
