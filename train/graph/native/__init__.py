"""Training computed by PyTorch's own functions: the network, augmentation, update, whole step."""
