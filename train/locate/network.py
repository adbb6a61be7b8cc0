"""The localiser as a PyTorch network; `export` writes it as ONNX.

Five blocks of 3 x 3 convolutions; a heat map of an eighth of the side whose softmax-weighted mean
place, with a small residual, is the box's centre; everything else from what lies at that place and
from the whole film. Outputs are named in `kneeoa.graders.locating.looks`.
"""

import torch
from torch import nn
from torch.nn import functional

from kneeoa.graders.locating.looks import OUTPUTS

_HIDDEN = 160
RESIDUAL = 0.3


def block(inputs: int, outputs: int, stride: int = 1, *, kernel: int = 3) -> nn.Sequential:
    """Return a convolution, a batch norm and a ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Network(nn.Module):
    """``(N, 2, S, S) float32`` looks -> ``(N, sum of OUTPUTS)``; S is a multiple of 32."""

    def __init__(self, side: int, widths: tuple[int, ...] = (16, 32, 64, 96, 128)) -> None:
        super().__init__()
        first, second, third, fourth, last = widths
        self.side, self.widths = side, tuple(widths)
        self.quarter = nn.Sequential(
            block(2, first, 2), block(first, second, 2), block(second, second)
        )
        self.eighth = nn.Sequential(block(second, third, 2), block(third, third))
        self.sixteenth = nn.Sequential(block(third, fourth, 2), block(fourth, fourth))
        self.coarse = nn.Sequential(block(fourth, last, 2), block(last, last))
        self.lateral = nn.Conv2d(fourth + last, third, 1)
        self.mix = block(third, third)
        self.heat = nn.Conv2d(third, 1, 1)
        self.hidden = nn.Linear(third + 2 * last + 2, _HIDDEN)
        self.dropout = nn.Dropout(0.1)
        self.answer = nn.Linear(_HIDDEN, sum(OUTPUTS.values()))
        cells = side // 8
        line = (torch.arange(cells) + 0.5) / cells * 2 - 1
        down, across = torch.meshgrid(line, line, indexing="ij")
        self.register_buffer("places", torch.stack([across.flatten(), down.flatten()], dim=1))

    def forward(self, looks: torch.Tensor) -> torch.Tensor:
        """Return all outputs side by side, in the order of `OUTPUTS`."""
        eighth = self.eighth(self.quarter(looks))
        sixteenth = self.sixteenth(eighth)
        coarse = self.coarse(sixteenth)
        both = torch.cat([sixteenth, functional.interpolate(coarse, scale_factor=2)], dim=1)
        up = functional.interpolate(self.lateral(both), scale_factor=2)
        mixed = self.mix(eighth + up)
        share = self.heat(mixed).flatten(1).softmax(dim=1)
        centre = share @ self.places
        attended = torch.einsum("ncp,np->nc", mixed.flatten(2), share)
        features = [attended, coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3)), centre]
        answer = self.answer(self.dropout(self.hidden(torch.cat(features, dim=1)).relu()))
        moved = centre + RESIDUAL * torch.tanh(answer[:, :2])
        return torch.cat([moved, answer[:, 2:]], dim=1)
