"""The truth behind a simulated panel, where there is one."""

from __future__ import annotations

from primum.panel import Panel
from primum.sources.simulate import Simulation, Truth, simulate
from primum.spec import Spec


def simulated(spec: Spec) -> Simulation:
    """The simulation that a specification with ``source.simulate`` asks for."""
    return simulate(seed=spec.seed)


def truth_of(spec: Spec, panel: Panel) -> Truth | None:
    """What was simulated, if this panel is the simulation that its specification asks for."""
    if spec.source.simulate is None:
        return None
    simulation = simulated(spec)
    return simulation.truth if simulation.panel.fingerprint == panel.fingerprint else None
