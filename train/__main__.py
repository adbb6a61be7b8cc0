"""The command line: ``python -m train fit`` trains one network, ``publish`` puts it to use."""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from kneeoa.errors import DataError, KneeOAError
from kneeoa.networks import ARCHITECTURES
from kneeoa.published import DEFAULT_MODELS
from train.config import STAGES, TrainConfig, smoke

DEFAULT_SOURCE = Path(__file__).parent / "sources" / "chen2018.json"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 2 with a sentence when something cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        return {"fit": _fit, "publish": _publish}[options.command](options)
    except KneeOAError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2


def _fit(options):
    config = _config(options)
    # Keras takes seconds to import: a wrong option should not have to wait for it.
    from kneeoa.results import check_absent
    from train import dataset, fit, record

    splits = dataset.read_splits(options.data)
    ungraded = {folder.name: dataset.read_ungraded(folder) for folder in options.predict}
    if options.films:
        splits = {name: films.first(options.films) for name, films in splits.items()}
    run = record.run_id(config, dataset.split_hash(splits))
    check_absent(options.out, run)
    print(f"{run}: {len(splits['train'])} training films, {len(splits['val'])} for validation")
    with tempfile.TemporaryDirectory(prefix="kneeoa-") as scratch:
        fitted = fit.fit(config, splits["train"], splits["val"], folder=Path(scratch))
    folder = record.record_run(options.out, config, fitted, splits, ungraded=ungraded)
    best = fitted.history[fitted.best_epoch - 1]
    print(
        f"{folder}: epoch {fitted.best_epoch} kept, validation accuracy "
        f"{best['val_accuracy']:.3f}, {fitted.stopped_because}"
    )
    return 0


def _publish(options):
    from train import dataset, publish

    try:
        source = json.loads(options.source.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"Expected a JSON description of the data. {error}") from None
    splits = dataset.read_splits(options.data)
    hash_of_split = dataset.split_hash(splits)
    run = publish.choose_run(options.results, options.architecture, options.run, hash_of_split)
    folder = publish.publish(run, splits, source, options.models)
    print(f"{run.name} is published in {folder}")
    return 0


def _config(options):
    if options.preset == "smoke":
        config = smoke(options.architecture, seed=options.seed)
    else:
        config = TrainConfig(
            options.architecture, options.init, options.seed, STAGES[options.architecture]
        )
    given = ("batch_size", "dropout", "label_smoothing", "patience")
    changes = {name: getattr(options, name) for name in given}
    return replace(config, **{name: value for name, value in changes.items() if value is not None})


def _parser():
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    fit = commands.add_parser("fit", help="train one network on one machine")
    fit.add_argument("--data", type=Path, required=True, metavar="DIR")
    fit.add_argument("--architecture", choices=ARCHITECTURES, required=True)
    fit.add_argument("--init", default="imagenet", metavar="imagenet|FILE|none")
    fit.add_argument("--seed", type=int, default=0)
    fit.add_argument("--out", type=Path, required=True, metavar="RESULTS")
    fit.add_argument("--preset", choices=("default", "smoke"), default="default")
    fit.add_argument("--batch-size", type=int)
    fit.add_argument("--dropout", type=float)
    fit.add_argument("--label-smoothing", type=float)
    fit.add_argument("--patience", type=int)
    fit.add_argument("--films", type=int, metavar="N", help="rehearse on N films of each split")
    fit.add_argument(
        "--predict",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="also predict this folder of ungraded films; may be given again",
    )

    publish = commands.add_parser("publish", help="export a finished run for the dashboard")
    publish.add_argument("results", type=Path, metavar="RESULTS")
    publish.add_argument("--architecture", choices=ARCHITECTURES, required=True)
    publish.add_argument("--data", type=Path, required=True, metavar="DIR")
    publish.add_argument("--run", default="best", metavar="ID|best", help="best by validation")
    publish.add_argument("--models", type=Path, default=DEFAULT_MODELS, metavar="DIR")
    publish.add_argument(
        "--source", type=Path, default=DEFAULT_SOURCE, metavar="FILE", help="what the data is"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
