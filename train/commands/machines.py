"""Where a study or a search trains: here, in several processes of this machine, or on a cluster."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from kneeoa.errors import ConfigError
from kneeoa.networks import Architecture
from train.config import TrainConfig

if TYPE_CHECKING:
    from train.machine import Machine
    from train.study.cluster import Cluster
    from train.study.sharing import Sharing


class Asked(Protocol):
    """What a command has to say of where it trains: `options.Machine` and `options.Cluster`."""

    @property
    def device(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def cluster(self) -> str | None: ...

    @property
    def cpus_per_run(self) -> int: ...


class AskedStudy(Asked, Protocol):
    """What a study has to say, too."""

    @property
    def cycles(self) -> int: ...

    @property
    def at_once(self) -> int | None: ...


def made_by(command: Asked, machine: "Machine", *, elsewhere: bool) -> str:
    """Return backend and precision of a command's runs, or nothing where only machines can tell."""
    from train.machine import backend

    if not elsewhere:
        return machine.made_by
    return "" if command.precision == "auto" else f"{backend()}, {command.precision}"


def sharing_of(
    command: AskedStudy, configs: Mapping[Architecture, TrainConfig]
) -> "Sharing | None":
    """Return how cycles share this machine, or None where one trains at a time, or elsewhere."""
    from train.study.sharing import expect_ray, sharing_here

    if command.cluster:
        if command.at_once:
            raise ConfigError(
                "Expected --at-once or --cluster, not both: a cluster trains as many as it holds."
            )
        expect_ray("--cluster")
        return None
    device, asked = command.device, command.at_once
    shared = sharing_here(configs.values(), command.cycles, device=device, asked=asked)
    if shared.gpu and shared.at_once == 1 and asked is None:
        print(
            "Note: one cycle trains at a time, which does not fill a large GPU. More need Ray "
            "(pip install --require-hashes -r requirements-cluster.lock) and KERAS_BACKEND=torch."
        )
    if shared.at_once == 1:
        return None
    expect_ray(f"--at-once {shared.at_once}")
    return shared


@contextlib.contextmanager
def cluster_of(command: Asked, shared: "Sharing | None" = None) -> Iterator["Cluster | None"]:
    """Give the cluster to train on, or None to train in this process."""
    if shared:
        from train.study.cluster import Cluster
        from train.study.sharing import on_one_machine

        with on_one_machine(shared) as (sharing, how), Cluster.here(sharing) as cluster:
            if how:
                print(f"Cycles share the GPU {how}.")
            yield cluster
    elif command.cluster:
        from train.study.cluster import Cluster

        gpus = {"cpu": 0, "gpu": 1, "auto": None}[command.device]
        with Cluster.join(command.cluster, cpus=command.cpus_per_run, gpus=gpus) as cluster:
            yield cluster
    else:
        yield None
