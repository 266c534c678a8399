"""The workers of all devices: one process each, whatever kinds of work it is given."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from engines.worker.process import CHILD, Means
from engines.worker.starts import Patience
from engines.worker.status import DeviceState, StatusFile
from engines.worker.supervisor import Supervisor


class Workers:
    """Families that run on the same devices share them; ``status`` names the file that says what is loaded.

    A worker starts with the first job for its device, and uses ``means``.
    """

    def __init__(
        self,
        devices: Iterable[str],
        means: Means = Means(),  # noqa: B008 -- frozen
        status: Path | None = None,
        *,
        child: str = CHILD,
        patience: Patience | None = None,
    ) -> None:
        self._supervisors = {
            device: Supervisor(device, means, child=child, patience=patience, changed=self._changed)
            for device in dict.fromkeys(devices)
        }
        self._status = StatusFile(status, self.states) if status else None

    def of(self, device: str) -> Supervisor:
        """Whoever looks after the worker of this device, by the name that setups have for it."""
        return self._supervisors[device]

    def warm(self) -> None:
        """Start every worker now."""
        for supervisor in self._supervisors.values():
            supervisor.warm()

    def states(self) -> tuple[DeviceState, ...]:
        """Every device and what its worker holds."""
        return tuple(supervisor.state() for supervisor in self._supervisors.values())

    def close(self) -> None:
        """Cancel every job and end the workers, all at the same time. Doing it again changes nothing."""
        closing = [threading.Thread(target=supervisor.close) for supervisor in self._supervisors.values()]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        if self._status is not None:
            self._status.close()

    def _changed(self) -> None:
        if self._status is not None:
            self._status.changed()
