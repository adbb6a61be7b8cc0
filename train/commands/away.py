"""What comes before a study on another machine: rehearsing it, and packing it; see `parser`.

Imports are late, as in `training`.
"""

from argparse import Namespace

from kneeoa.errors import ConfigError
from train.commands.options import configs_of, machine_options, source_of


def rehearse(options: Namespace) -> int:
    """Try a study in small: its films, weights, room, and every stage for a few steps."""
    configs = configs_of(options, options.architectures)
    dataset = source_of(options).read()
    from train import machine as machines

    machine = machines.prepare(**machine_options(options))
    from train.study import cycles
    from train.study.rehearsal import rehearse as parts
    from train.study.rehearsal import unseen

    cycles.preflight(options.out, configs, dataset, models=2)
    print(f"Films, starting weights and room are there. Trying on {machine}.")
    for config in configs.values():
        for sentence in parts(config, dataset, machine):
            print(sentence, flush=True)
    print(unseen(machine))
    return 0


def pack(options: Namespace) -> int:
    """Pack a study for a machine elsewhere; everything after -- are options of `study`."""
    given = options.study
    if "--out" in given:
        raise ConfigError("Expected no --out: the packed folder has its own results.")
    study = options.parse(["study", *given, "--out", str(options.folder / "results")])
    configs = configs_of(study, study.architectures)
    dataset = source_of(study).read()
    from train.study import cycles
    from train.study.packing import pack as pack_into

    finished = []
    if options.finished:
        jobs = cycles.jobs_of(
            options.finished, configs, study.cycles, dataset.split_hash, keep="none"
        )
        finished = [job.results / "runs" / job.run_id for job in jobs if job.is_finished]
    folder = pack_into(options.folder, given, finished)
    print(f"Packed into {folder}, with {len(finished)} finished runs. There: sh study.sh")
    return 0
