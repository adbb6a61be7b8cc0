"""Kellgren-Lawrence grading of knee radiographs: the domain library behind the dashboard.

No Streamlit and no training code in here. Modules that need Keras or TensorFlow import it late.
"""
