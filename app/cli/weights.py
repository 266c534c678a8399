"""What has become of the weights of each engine: not downloaded, on the disk, or loaded by the running server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import click

from app.cli.show import write_table
from app.settings import Settings
from engines.weights.disk import Disk
from engines.weights.pull import readable
from engines.weights.setup import AnalystSetup, EngineSetup, Source, Workshop
from engines.worker.status import DeviceState, read

STATUS = "engines-status.json"
"""In the home folder; the running server writes it."""
VAIN = {"safety": "every request", "guidance": "every request with a guidance preset"}
"""What cannot be answered without the weights that serve all engines."""
NEWLINE = "\n"


@dataclass(frozen=True, slots=True)
class EngineState:
    """How far an engine is from drawing."""

    source: str
    state: str
    device: str
    memory: int | None
    """Bytes of weights on the device, while it is loaded."""
    disk: int | None
    """Bytes of the files that it is read from, where they are there."""
    problem: str | None
    """What is missing, where something is."""

    def plain(self) -> dict[str, Any]:  # JSON
        """For scripts."""
        return {name: getattr(self, name) for name in ("source", "state", "device", "memory", "disk", "problem")}


def states(workshop: Workshop, settings: Settings) -> dict[str, EngineState]:
    """The state of every engine and every analyst of a workshop, by its id."""
    disk = Disk(settings.weights)
    status = read(_status_file(settings.home))
    devices = status.devices if status else ()
    return {setup.engine_id: _state(setup, disk, devices) for setup in workshop.setups}


def extras(workshop: Workshop) -> dict[str, Source]:
    """The weights that serve all engines, where they are configured: the safety checker's and CLIP's."""
    named = {"safety": workshop.safety, "guidance": workshop.guidance}
    return {name: source for name, source in named.items() if source}


def _state(setup: EngineSetup | AnalystSetup, disk: Disk, devices: Sequence[DeviceState]) -> EngineState:
    located = disk.locate(setup.source)
    held = [
        (device.device, holding.memory)
        for device in devices
        for holding in device.engines
        if holding.engine_id == setup.engine_id
    ]
    device, memory = held[0] if held else (setup.device, None)
    return EngineState(
        source=setup.source.label,
        state="loaded" if held else "on disk" if located else "unusable" if setup.source.local else "not downloaded",
        device=device,
        memory=memory,
        disk=disk.size(located) if located else None,
        problem=disk.problem(setup.source),
    )


def write_states(rows: Sequence[tuple[str, str, EngineState, str]]) -> None:
    """A table of engines: id, tasks, state, price; below it what is incomplete, with the command that mends it."""
    table = [
        (id_, tasks, _short(state.source), state.state, state.device, _size(state.memory), _size(state.disk), price)
        for id_, tasks, state, price in rows
    ]
    headers = ("Engine", "Tasks", "Source", "State", "Device", "Memory", "Disk", "Credits")
    write_table(headers, table, right=("Memory", "Disk", "Credits"))
    broken = {state.problem for _, _, state, _ in rows if state.problem and "is not downloaded" not in state.problem}
    for problem in sorted(broken):
        click.echo(f"! {problem}")
    if any(state.state == "not downloaded" for _, _, state, _ in rows):
        click.echo("\nWhat is not downloaded is not offered; `understudy engines pull ID` downloads it.")


def write_extras(workshop: Workshop, settings: Settings) -> None:
    """A line for each of the safety checker and CLIP, where they are configured."""
    disk = Disk(settings.weights)
    for number, (name, source) in enumerate(extras(workshop).items()):
        problem = disk.problem(source)
        state = f"{problem}; {VAIN[name]} fails until it is there" if problem else f"{_short(source.label)}, on disk"
        click.echo(f"{'' if number else NEWLINE}{name}: {state}")


def write_devices(settings: Settings) -> None:
    """A line for each device of the running server: what it holds, and how long its queue is."""
    status = read(_status_file(settings.home))
    for number, device in enumerate(status.devices if status else ()):
        click.echo(f"{'' if number else NEWLINE}{_device(device)}")


def _device(device: DeviceState) -> str:
    if not device.name:
        return f"{device.device}: its worker has not started, which the log tells more of, {device.waiting} waiting"
    budget = f" of {readable(device.budget)}" if device.budget else ""
    name = f" ({device.name})" if device.name else ""
    work = f"{device.running} at step {device.step} of {device.steps}" if device.running else "idle"
    return f"{device.device}{name}: {readable(device.memory)}{budget} of weights, {work}, {device.waiting} waiting"


def _short(source: str) -> str:
    """An address of the web as the file's name and the host, which is what fits into a column."""
    address = urlsplit(source)
    return f"{PurePosixPath(address.path).name} ({address.netloc})" if address.netloc else source


def _size(size: int | None) -> str:
    return "" if size is None else readable(size)


def _status_file(home: Path) -> Path:
    return home / STATUS
