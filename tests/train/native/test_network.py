"""Networks computed by PyTorch's own functions, layer by layer."""

import keras
import pytest

from train.machine import backend

if backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, as in `make test`", allow_module_level=True)

import torch

from train.graph.native import network as native_network


@pytest.mark.parametrize(("stride", "exact"), [(2, True), (1, False)])
def test_on_a_cpu_only_strided_depthwise_layers_leave_bfloat16(stride, exact):
    layer = keras.layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)
    layer.build((None, 16, 16, 8))
    films = torch.rand(4, 8, 16, 16, dtype=torch.bfloat16, requires_grad=True)
    kernel = layer.kernel.value
    with torch.autocast("cpu", torch.bfloat16):
        result = native_network._convolve(layer, films)
    assert result.dtype == torch.bfloat16
    film_gradient, kernel_gradient = torch.autograd.grad(result.float().sum(), [films, kernel])
    expected = native_network._convolve(layer, films.float())
    by_float32 = torch.autograd.grad(expected.sum(), [films, kernel])
    torch.testing.assert_close(film_gradient, by_float32[0], atol=0.05, rtol=0.02)
    torch.testing.assert_close(kernel_gradient, by_float32[1], atol=0.05, rtol=0.02)
    assert torch.equal(kernel_gradient, by_float32[1]) == exact
