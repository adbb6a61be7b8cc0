"""How far a study is: one line for the terminal, one small file for the dashboard."""

import contextlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from kneeoa import files
from kneeoa.errors import DiskFullError
from kneeoa.networks import DISPLAY_NAME
from train.run.progress import Progress

STATUS_SCHEMA_VERSION = 1


@dataclass(slots=True)
class _Row:
    architecture: str
    seed: int
    state: str
    progress: Progress | None = None
    sentence: str = ""
    epochs: int = 0


class Board:
    """The state of every run of a study, shown and written as it changes.

    The file is written at most every two seconds, and whenever a run changes its state.
    """

    def __init__(
        self,
        file: Path | None,
        study_id: str,
        *,
        parallel: int = 1,
        begun_at: str = "",
        quiet: bool = False,
    ) -> None:
        """Show a study; `parallel` runs are trained at a time, which counts for the time left.

        `begun_at` is when it was first begun, by default now.

        A context manager: whatever ends the study, a last status is written.
        """
        self._file, self._study_id, self._parallel = file, study_id, parallel
        self._rows: dict[str, _Row] = {}
        self._written = 0.0
        self._begun = begun_at or datetime.now(UTC).isoformat(timespec="seconds")
        self._quiet, self._terminal = quiet, sys.stderr.isatty()
        live = self._terminal and not quiet
        self._bar = tqdm(total=0, disable=not live, dynamic_ncols=True, bar_format="{desc}")

    def add(self, run_id: str, architecture: str, seed: int, state: str, *, epochs: int) -> None:
        """Take a run in; `epochs` are the most that it can take."""
        self._rows[run_id] = _Row(architecture, seed, state, epochs=epochs)

    def update(self, run_id: str, progress: Progress) -> None:
        """Take note of where a run is."""
        row = self._rows[run_id]
        changed = row.state != "training"
        if progress.note and not self._quiet and (not row.progress or not row.progress.note):
            self._bar.write(f"{run_id}: {progress.note}", file=sys.stderr)
        row.state, row.progress = "training", progress
        self._show(run_id, now=changed)

    def set_state(self, run_id: str, state: str, sentence: str = "") -> None:
        """Take note that a run waits, is finished, failed or was pruned, and why."""
        row = self._rows[run_id]
        row.state, row.sentence = state, sentence
        if sentence and not self._quiet:
            self._bar.write(f"{run_id}: {sentence}", file=sys.stderr)
        self._show(run_id, now=True)

    def __enter__(self) -> "Board":
        """Begin to show."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """Write the last status: ``finished``, ``failed`` or ``stopped`` (by the user)."""
        stopped = kind is not None and issubclass(kind, KeyboardInterrupt)
        failed = kind is not None or self.failed
        self._write("stopped" if stopped else "failed" if failed else "finished")
        self._bar.close()

    @property
    def failed(self) -> dict[str, str]:
        """The sentence of each run that failed."""
        return {name: row.sentence for name, row in self._rows.items() if row.state == "failed"}

    def seconds_left(self) -> float | None:
        """Return the most that is left, from the speed of each network; None before any is known.

        Early stopping makes it less.
        """
        speed = {
            row.architecture: row.progress.seconds_per_epoch
            for row in self._rows.values()
            if row.progress and row.progress.seconds_per_epoch
        }
        if not speed:
            return None
        slowest = max(speed.values())
        left = 0.0
        for row in self._rows.values():
            if row.state in ("waiting", "training"):
                epochs = row.progress.epochs_left if row.progress else row.epochs
                left += epochs * speed.get(row.architecture, slowest)
        return left / self._parallel

    def as_dict(self, state: str) -> dict[str, Any]:
        """Return what the status file holds."""
        finished = sum(row.state == "finished" for row in self._rows.values())
        return {
            "schema_version": STATUS_SCHEMA_VERSION,
            "study_id": self._study_id,
            "state": state,
            "begun_at": self._begun,
            "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "runs_done": finished,
            "runs": len(self._rows),
            "seconds_left_at_most": self.seconds_left(),
            "rows": [
                {
                    "run_id": run_id,
                    "architecture": row.architecture,
                    "seed": row.seed,
                    "state": row.state,
                    "sentence": row.sentence,
                    **(asdict(row.progress) if row.progress else {}),
                }
                for run_id, row in self._rows.items()
            ],
        }

    def line(self, run_id: str) -> str:
        """Return the one line that a terminal shows."""
        finished = sum(row.state == "finished" for row in self._rows.values())
        row = self._rows[run_id]
        parts = [f"cycles {finished}/{len(self._rows)}"]
        if row.progress:
            at = row.progress
            parts.append(f"{DISPLAY_NAME.get(row.architecture, row.architecture)} seed {row.seed}")
            parts.append(f"epoch {at.epoch}/{at.epochs} {at.share:.0%}")
            if at.loss is not None:
                parts.append(f"loss {at.loss:.3f}")
            if at.val_accuracy is not None:
                parts.append(f"validation {at.val_accuracy:.1%}")
            if at.images_per_second:
                parts.append(f"{_speed(at.images_per_second)} images/s")
        if (left := self.seconds_left()) is not None:
            parts.append(f"{_duration(left)} left at most")
        return " | ".join(parts)

    def _show(self, run_id: str, *, now: bool) -> None:
        row = self._rows[run_id]
        if self._terminal:
            self._bar.set_description_str(self.line(run_id))
        elif not self._quiet and (now or (row.progress and row.progress.share == 1)):
            # In a log, a line an epoch; in a terminal, one line that changes.
            print(self.line(run_id), file=sys.stderr, flush=True)
        if now or time.monotonic() - self._written > 2:
            self._write("training")

    def _write(self, state: str) -> None:
        self._written = time.monotonic()
        if self._file is None:
            return
        # A status that cannot be written must not end a training that can go on.
        with contextlib.suppress(OSError, DiskFullError):
            files.replace_file(self._file, json.dumps(self.as_dict(state), indent=1) + "\n")


def _speed(per_second: float) -> str:
    return f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.1f}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
