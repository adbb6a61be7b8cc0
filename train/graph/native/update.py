"""What a Keras optimiser does in a step, for all variables at once.

Keras updates them one by one here (our averaging is a class of its own, for which it has no grouped
form), and a GPU then waits for Python. The variables are the optimiser's own, so that its state is
kept and restored as under any backend.
"""

import keras
import torch


class Update:
    """Adam or AdamW with decay, rates and moving averages, as `trainer.build_optimizer` made it.

    `rates` is the learning rate of each step ``(steps + 1,) float32``, on the device. Under float16
    `optimizer` is a ``LossScaleOptimizer``: a step whose gradients are not finite changes nothing
    and halves the scale of the loss, as in Keras.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, rates: torch.Tensor) -> None:
        self._scaling = optimizer if hasattr(optimizer, "inner_optimizer") else None
        inner = optimizer.inner_optimizer if self._scaling else optimizer
        self._inner, self._rates = inner, rates
        variables = inner._trainable_variables
        self.values = [variable.value for variable in variables]
        self._moments = [variable.value for variable in inner._momentums]
        self._squares = [variable.value for variable in inner._velocities]
        decay = inner.weight_decay
        self._decayed = [v.value for v in variables if decay and inner._use_weight_decay(v)]
        averages = inner._model_variables_moving_average if inner.use_ema else ()
        self._averages = [variable.value for variable in averages]

    @property
    def step(self) -> torch.Tensor:
        """How many steps were made, of which those under float16 may have changed nothing."""
        return self._inner._iterations.value

    def scaled(self, loss: torch.Tensor) -> torch.Tensor:
        """Return the loss to take gradients of."""
        return loss * self._scaling.dynamic_scale.value if self._scaling else loss

    @torch.no_grad()
    def __call__(self, gradients: list[torch.Tensor]) -> None:
        """Change variables, moments and averages in place."""
        if self._scaling is None:
            self._apply(gradients)
            return
        scale = self._scaling.dynamic_scale.value
        gradients = torch._foreach_div(gradients, scale)
        finite = torch.stack([gradient.isfinite().all() for gradient in gradients]).all()
        changed = [*self.values, *self._moments, *self._squares, *self._averages, self.step]
        before = [value.clone() for value in changed]
        self._apply(gradients)
        for value, old in zip(changed, before, strict=True):
            value.copy_(torch.where(finite, value, old))
        counter = self._scaling.step_counter.value
        due = finite & (counter + 1 >= self._scaling.dynamic_growth_steps)
        scale.copy_(torch.where(finite, torch.where(due, scale * 2, scale), scale / 2))
        counter.copy_(torch.where(finite & ~due, counter + 1, torch.zeros_like(counter)))

    def _apply(self, gradients: list[torch.Tensor]) -> None:
        inner, step = self._inner, self.step
        row = step.reshape(1).long().clamp(max=len(self._rates) - 1)
        rate = self._rates[row][0]
        count = (step + 1).to(rate.dtype)
        if self._decayed:
            torch._foreach_mul_(self._decayed, 1 - inner.weight_decay * rate)
        torch._foreach_lerp_(self._moments, gradients, 1 - inner.beta_1)
        squared = torch._foreach_mul(gradients, gradients)
        torch._foreach_lerp_(self._squares, squared, 1 - inner.beta_2)
        pace = rate * torch.sqrt(1 - inner.beta_2**count) / (1 - inner.beta_1**count)
        way = torch._foreach_mul(self._moments, pace)
        root = torch._foreach_sqrt(self._squares)
        torch._foreach_add_(root, inner.epsilon)
        torch._foreach_div_(way, root)
        torch._foreach_sub_(self.values, way)
        if self._averages:
            # As `trainer._averaging` says it.
            steps = step.to(rate.dtype)
            momentum = ((1 + steps) / (10 + steps)).clamp(max=inner.ema_momentum)
            way = torch._foreach_sub(self.values, self._averages)
            torch._foreach_mul_(way, 1 - momentum)
            torch._foreach_add_(self._averages, way)
        step.add_(1)
