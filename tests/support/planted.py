"""Text that asks for pictures, links and icons, in every field of every kind of file."""

import json
from pathlib import Path

import pandas as pd

from kneeoa.records import notes
from tests.support.research import (
    SPLIT_HASH,
    drawn_predictions,
    write_robustness,
    write_run,
    write_search,
    write_study,
)

HOST = "evil.example"
PLANTED = (
    f"![a](https://{HOST}/a.png) <img src='https://{HOST}/b.png'> [l](https://{HOST}/c) "
    f"https://{HOST}/d www.{HOST} me@{HOST} &#104;ttps://{HOST}/e $x$ :smile: :material/home: "
    ":red[red] :streamlit: `code` **bold** -> <b>tag</b> %{x}"
)
SHORT = "![a](//evil.example/x)"
"""What fits into a nickname."""
NAME = "![a](x) [l](y) :smile: <img src=z>"
"""What can be the name of a file or a folder, too."""


def plant(folder: Path) -> None:
    """Write results in whose every text something is planted."""
    names = write_study(folder, cycles=2, study_id=NAME)
    table = drawn_predictions(3)
    table["image_id"] = [f"{name} {PLANTED}" for name in table["image_id"]]
    texts = {"device": PLANTED, "precision": PLANTED, "stopped_because": PLANTED}
    write_run(folder, "mobilenet", 90, predictions=table, config={"preset": PLANTED}, **texts)
    noted = write_run(folder, "mobilenet", 91, split_hash=PLANTED)
    notes.write(folder / "runs" / noted, PLANTED, ["<img src=x>", "![a](//x)", ":smile:"])
    write_run(folder, "mobilenet", 92, config={PLANTED: PLANTED})
    (folder / "runs" / names[0]).rename(folder / "runs" / f"{NAME} of its own")
    for column, run_id in (("trainable_from", names[1]), ("stage", names[2])):
        file = folder / "runs" / run_id / "history.csv"
        history = pd.read_csv(file).astype({column: object})
        history[column] = PLANTED
        history.to_csv(file, index=False)
    _plant_study(folder)
    _plant_split(folder)
    _plant_tables(folder)


def _plant_study(folder):
    place = folder / "studies" / NAME
    rows = [{"run_id": PLANTED, "state": "training", "sentence": PLANTED}]
    rows += [{"run_id": "mobilenet-seed0-00000000", "state": PLANTED, "sentence": PLANTED}]
    status = {"state": "training", "runs": 3, "runs_done": 1, "rows": rows}
    (place / "status.json").write_text(json.dumps(status))
    record = json.loads((place / "study.json").read_text())
    record["run_ids"].append(f"mobilenet-{PLANTED}")
    record["preset"] = PLANTED
    (place / "study.json").write_text(json.dumps(record))


def _plant_split(folder):
    rows = drawn_predictions(0)[["image_id", "patient_id", "split"]].assign(
        side=PLANTED, grade=0, pixels=PLANTED, patient_id=PLANTED
    )
    place = folder / "splits"
    place.mkdir()
    rows.to_csv(place / f"{SPLIT_HASH[:16]}.csv", index=False)
    facts = {
        "split_from": PLANTED,
        "ignored": [PLANTED],
        "unreadable": {PLANTED: PLANTED},
        "warnings": [PLANTED],
    }
    (place / f"{SPLIT_HASH[:16]}.json").write_text(json.dumps(facts))


def _plant_tables(folder):
    table = write_robustness(folder)
    table.assign(change=table["change"] + PLANTED, unit=PLANTED, model=PLANTED).to_csv(
        folder / "robustness.csv", index=False
    )
    place = write_search(folder, study_id=f"{NAME} search")
    for name, columns in (("trials", ("state", "depth")), ("importance", ("setting",))):
        read = pd.read_csv(place / f"{name}.csv")
        for column in columns:
            read[column] = PLANTED
        read.rename(columns={"batch_size": PLANTED}).to_csv(place / f"{name}.csv", index=False)
    best = json.loads((place / "best.json").read_text())
    (place / "best.json").write_text(json.dumps(best | {"params": {PLANTED: PLANTED}}))
    tried = {name: [0.5] for name in ("accuracy", "quadratic_kappa", "mean_absolute_error")}
    tried |= {name: [0.5] for name in ("cross_entropy", "accuracy_sd", "cross_entropy_sd")}
    tried |= {"seeds": [1], "minutes": [1], "network": [PLANTED], "changed": [PLANTED]}
    pd.DataFrame(tried | {"runs": [PLANTED]}).to_csv(folder / "tried.csv", index=False)
