"""Seconds of every stage of the demonstration, as JSON."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

laps: dict[str, float] = {}
_last = time.perf_counter()


def lap(name: str) -> None:
    """Note the seconds since the last lap."""
    global _last
    now = time.perf_counter()
    laps[name] = round(now - _last, 3)
    _last = now


def main() -> None:
    """Run the demonstration's steps one by one."""
    import primum as pr
    from primum.sources.demo import DEMO

    spec = pr.Spec.read(DEMO)
    lap("import primum, read the specification")
    panel = pr.simulate(seed=spec.seed).panel
    lap("simulate, make the panel")
    from primum.fit.compile import compile_ahead, program_of

    families = [each.family for each in spec.outcomes]
    compile_ahead(families)
    for family in families:
        program_of(family)
    lap("compile, or load, machine code")
    from primum.fit.draws import nutpie_module

    nutpie_module()
    lap("import nutpie")
    fit = pr.fit(spec, panel, show_progress=False)
    lap("fit")
    laps["  of which sampling"] = round(sum(fit[each.name].attrs["seconds_sample"] for each in spec.outcomes), 3)
    effects = pr.effects(fit)
    harm = pr.harm(effects)
    lap("effects and harm")
    with tempfile.TemporaryDirectory() as folder:
        fit.save(Path(folder) / "fit.nc")
        lap("save")
        pr.write_report(fit, effects, harm, Path(folder))
        lap("report")
    laps["total"] = round(sum(value for name, value in laps.items() if not name.startswith(" ")), 3)
    print(json.dumps(laps))


if __name__ == "__main__":
    main()
