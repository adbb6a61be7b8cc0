"""A stand-in for CUDA graphs on a CPU, to try a step before there is a GPU.

It records every operation that PyTorch carries out, below the gradients, and replays them on the
very same memory. As with a graph, what Python computed in between is not seen again: a number that
should change from step to step but does not, an allocation that should have been kept, or a loop
over something random shows as another result. What a graph cannot hold is refused.
"""

from typing import Any

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from train.graph.native.capture import WARM_UP, Step

_aten = torch.ops.aten
_NUMBER = "it reads a number from the device (item, float, bool)"
_SHAPE = "the shape of a result depends on numbers"
_HOST = "it brings numbers from the host (torch.tensor, as_tensor, from_numpy)"
_CHANCE = "chance is drawn by NumPy"
_BY_TAG = {
    torch.Tag.data_dependent_output: _NUMBER,
    torch.Tag.dynamic_output_shape: _SHAPE,
    torch.Tag.nondeterministic_seeded: _CHANCE,
}
"""What PyTorch itself says of an operation -> why it is refused."""


def cpu_graph(step: Step) -> Step:
    """Return a replay of `step`; raise `RuntimeError` where a CUDA graph could not hold it."""
    for _ in range(WARM_UP):
        step()
    recording = _Recording()
    with recording:
        step()
    return recording.replay


class _Recording(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple, dict, list]] = []

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if why := _refused(func, args):
            raise RuntimeError(f"A graph cannot hold {func.overloadpacket}: {why}.")
        result = func(*args, **kwargs)
        self.calls.append((func, args, kwargs, _tensors(result)))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        """Do what was recorded again; every result lands where it landed before."""
        for func, args, kwargs, results in self.calls:
            for old, new in zip(results, _tensors(func(*args, **kwargs)), strict=True):
                # A view or a change in place is there already.
                if old.data_ptr() != new.data_ptr():
                    old.copy_(new)


def _refused(func: Any, args: tuple[Any, ...]) -> str:
    """Return why a CUDA graph could not hold a call, or nothing where it could."""
    if func.overloadpacket is _aten.lift_fresh:
        return _HOST
    if func.overloadpacket in (_aten.index, _aten.index_put_):
        # Its shape depends on numbers where a mask is turned into places.
        return _SHAPE if any(map(_is_mask, args[1])) else ""
    return next((why for tag, why in _BY_TAG.items() if tag in func.tags), "")


def _is_mask(index: torch.Tensor | None) -> bool:
    return index is not None and index.dtype in (torch.bool, torch.uint8)


def _tensors(result: object) -> list[torch.Tensor]:
    return [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]
