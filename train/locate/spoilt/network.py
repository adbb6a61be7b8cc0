"""The network that knows spoilt knees, in PyTorch: small enough to add less than a millisecond.

A first convolution of 6 x 6 pixels, each fourth way, keeps what single rows and squares of pixels
show; then pairs of 3 x 3 convolutions. What is seen anywhere counts (the highest values) as well as
what is seen everywhere (the means).
"""

import torch
from torch import nn

from train.locate.network import block

_HIDDEN = 96


class Network(nn.Module):
    """``(N, 1, S, S) float32`` frames -> ``(N, 1)`` log odds of a spoilt one; S is `side`."""

    def __init__(self, side: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        first, second, third, last = widths
        self.side, self.widths = side, tuple(widths)
        self.blocks = nn.Sequential(
            block(1, first, 4, kernel=6),
            block(first, first),
            block(first, second, 2),
            block(second, second),
            block(second, third, 2),
            block(third, third),
            block(third, last, 2),
            block(last, last),
        )
        self.hidden = nn.Linear(2 * last, _HIDDEN)
        self.dropout = nn.Dropout(0.1)
        self.answer = nn.Linear(_HIDDEN, 1)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return the log odds."""
        seen = self.blocks(frames)
        both = torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], dim=1)
        return self.answer(self.dropout(self.hidden(both).relu()))
