"""What the DICOM objects of a report are made of: the film behind them, their codes and numbers."""
