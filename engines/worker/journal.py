"""What the log says about workers: ids, sizes and seconds, never a prompt."""

from __future__ import annotations

import logging
from pathlib import Path

from engines.weights.setup import Source
from engines.worker.messages import Errand, Failed, Job, Note, Ready, Trouble

_log = logging.getLogger("understudy.engines")


def pull(name: str) -> str:
    """The command that brings the weights of an engine, or of ``safety`` or ``guidance``, and replaces broken ones."""
    return f"understudy engines pull {name}"


def mending(name: str, source: Source) -> str:
    """What brings weights: a command, where one can."""
    return f"put them at {source.path}, or name others in engines.toml" if source.local else pull(name)


def starting(device: str, pid: int) -> None:
    """A worker's process has been started."""
    _write(logging.INFO, "worker starting", device=device, pid=pid)


def ready(worker: Ready, seconds: float) -> None:
    """A worker takes jobs, so many seconds after it was started."""
    facts = {"name": worker.name, "budget_megabytes": round(worker.memory / 1e6, 1), "seconds": round(seconds, 2)}
    _write(logging.INFO, "worker ready", device=worker.device, **facts)


def note(device: str, said: Note) -> None:
    """A line that the worker itself wants in the log."""
    _log.log(said.level, said.event, extra={"facts": {"device": device, **dict(said.facts)}})


def failed(device: str, job: Errand, outcome: Failed) -> None:
    """The worker says that it could not do a job."""
    mend = {"mend": _mend(job, outcome.message)} if outcome.trouble is Trouble.WEIGHTS else {}
    facts = {"trouble": outcome.trouble.value, "problem": outcome.message, **mend}
    what = "generation" if isinstance(job, Job) else "analysis"
    _write(logging.ERROR, f"{what} failed", device=device, **_about(job), **facts)


def ended(device: str, pid: int, why: str, job: Errand | None) -> None:
    """A worker's process is gone, and with it the job it was doing."""
    lost = _about(job) if job else {}
    _write(logging.ERROR, "worker ended", device=device, pid=pid, problem=why, **lost)


def missing(name: str, engine_id: str, source: Source, problem: str | None) -> None:
    """A request needs weights that are not on the disk: an engine's own, or ``safety`` or ``guidance``."""
    facts = {"engine": engine_id, "weights": name, "problem": problem, "mend": mending(name, source)}
    _write(logging.ERROR, "weights are missing", **facts)


def unconfigured(task: str) -> None:
    """A request needs an analyst that engines.toml does not name."""
    mend = f"add [analysis.{task}] to engines.toml; understudy engines config shows how"
    _write(logging.ERROR, "an analyst is not configured", engine=task, mend=mend)


def unwritten(path: Path, problem: OSError) -> None:
    """The file about the engines cannot be written."""
    _write(logging.WARNING, "the state of the engines cannot be written", file=str(path), problem=str(problem))


def _mend(job: Errand, problem: str) -> str:
    """What to do about weights that cannot be used: those that the problem names, or else the engine's own."""
    sides = (("safety", job.safety), ("guidance", job.guidance)) if isinstance(job, Job) else ()
    for name, located in sides:
        place = located and (located.folder or located.file)
        if place and str(place) in problem:
            return pull(name)
    return mending(job.setup.engine_id, job.setup.source)


def _about(job: Errand) -> dict[str, object]:
    task = job.request.task if isinstance(job, Job) else job.question.task
    return {"engine": job.setup.engine_id, "task": task.value, "job": job.id}


def _write(level: int, event: str, **facts: object) -> None:
    _log.log(level, event, extra={"facts": facts})
