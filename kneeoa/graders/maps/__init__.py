"""Maps other than Grad-CAM, and how far maps can be trusted."""
