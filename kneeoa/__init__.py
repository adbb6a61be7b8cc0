"""Kellgren-Lawrence grading of knee radiographs: the domain library behind the dashboard.

No Streamlit and no training code in here. Only `graders.architectures` needs Keras.
"""
