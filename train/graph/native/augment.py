"""What `train.graph.augment` computes, by PyTorch's own functions: nothing leaves the device.

Constants are copied to the device when an `Augment` is made, so that a call can be captured.
"""

import numpy as np
import torch
import torch.nn.functional as F

from kneeoa.networks import INPUT_SIDE
from train.graph.chance import LOOKS, NOISE_SIDE, WARP, noise_sheet
from train.graph.detail import BINOMIAL, LUMINANCE, cosines, wide_blur


class Augment:
    """``film (N, 224 * 224)`` and what `chance` drew for it -> ``(N, side, side, 1) float32``.

    `warp` is ``(N, 10)``, `look` ``(N, 9)``; output in [0, 255].
    """

    def __init__(
        self,
        side: int,
        *,
        noisy: bool,
        sharpened: bool,
        lossy: bool,
        shaded: bool,
        seed: int,
        device: torch.device,
    ) -> None:
        self._side, self._sharpened = side, sharpened
        self._pixel = torch.arange(side, device=device, dtype=torch.float32)
        self._sheet = _on(noise_sheet(seed), device) if noisy else None
        self._wide = _on(wide_blur(side), device) if shaded else None
        self._basis = _on(cosines(), device) if lossy else None
        self._steps = _on(LUMINANCE[:, None, :], device) if lossy else None

    @torch.no_grad()
    def __call__(self, film: torch.Tensor, warp: torch.Tensor, look: torch.Tensor) -> torch.Tensor:
        """Return the changed films."""
        look = {name: look[:, i][:, None, None] for i, name in enumerate(LOOKS)}
        pixel = self._pixel
        films = self._warp(film.float(), warp)
        films = 255 * (films.clamp(0, 255) / 255) ** look["gamma"]
        if self._wide is not None:
            wide = torch.einsum("ri,nij,cj->nrc", self._wide, films, self._wide)
            films = films + look["shading"] * (wide - films.mean((1, 2), keepdim=True))
        if self._sharpened:
            films = films + look["sharpness"] * (films - _softened(films))
        mean = films.mean((1, 2), keepdim=True)
        films = (films - mean) * look["contrast"] + mean + look["added"]
        if self._sheet is not None:
            # A film larger than half of the sheet goes on at its other end.
            row = (look["noise_row"] + pixel[None, :, None]) % NOISE_SIDE
            column = (look["noise_column"] + pixel[None, None, :]) % NOISE_SIDE
            films = films + look["noise"] * self._sheet[(row * NOISE_SIDE + column).long()]
        if self._basis is not None:
            films = self._compressed(films, look["quantisation"])
        return films.clamp(0, 255)[..., None]

    def _warp(self, film: torch.Tensor, warp: torch.Tensor) -> torch.Tensor:
        source, side = INPUT_SIDE, self._side
        grid = (self._pixel + 0.5) * (source / side) - 0.5

        warp = [warp[:, i][:, None, None] for i in range(WARP)]

        def source_position(
            along_columns: torch.Tensor,
            along_rows: torch.Tensor,
            offset: torch.Tensor,
            first: torch.Tensor,
            last: torch.Tensor,
        ) -> torch.Tensor:
            position = (
                along_columns * grid[None, None, :] + along_rows * grid[None, :, None] + offset
            )
            return torch.minimum(torch.maximum(position, first), last)

        column, row = source_position(*warp[:3], *warp[6:8]), source_position(*warp[3:6], *warp[8:])
        left = column.floor().clamp(max=source - 2)
        top = row.floor().clamp(max=source - 2)
        index = (top * source + left).long().reshape(-1, side * side)

        def at(offset: int) -> torch.Tensor:
            return film.gather(1, index + offset).reshape(-1, side, side)

        right_share, bottom_share = column - left, row - top
        upper = at(0) * (1 - right_share) + at(1) * right_share
        lower = at(source) * (1 - right_share) + at(source + 1) * right_share
        return upper * (1 - bottom_share) + lower * bottom_share

    def _compressed(self, films: torch.Tensor, quantisation: torch.Tensor) -> torch.Tensor:
        side, basis = self._side, self._basis
        blocks = (films - 128).reshape(-1, side // 8, 8, side // 8, 8)
        coefficients = torch.einsum("ui,nricj,vj->nrucv", basis, blocks, basis)
        step = (quantisation.reshape(-1, 1, 1, 1, 1) * self._steps).clamp(1, 255)
        coefficients = torch.round(coefficients / step) * step
        back = torch.einsum("ui,nrucv,vj->nricj", basis, coefficients, basis)
        return torch.where(quantisation > 0, back.reshape(-1, side, side) + 128, films)


def _softened(films: torch.Tensor) -> torch.Tensor:
    side = films.shape[-1]
    padded = F.pad(films[:, None], (2, 2, 2, 2), mode="reflect")[:, 0]
    rows = sum(share * padded[:, i : i + side] for i, share in enumerate(BINOMIAL))
    return sum(share * rows[:, :, i : i + side] for i, share in enumerate(BINOMIAL))


def _on(array: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)
