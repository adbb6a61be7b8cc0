"""The published networks: radiograph -> reading, with exact Grad-CAM."""
