"""What is computed in a training step: augmentation, network, loss, and the chance they use."""
