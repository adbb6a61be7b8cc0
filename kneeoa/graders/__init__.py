"""The networks, as graphs and as published: radiograph -> reading, with exact Grad-CAM."""
