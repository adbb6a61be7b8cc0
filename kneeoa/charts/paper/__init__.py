"""Our figures on paper: the same Plotly figure as SVG and as PDF, drawn by ReportLab.

Plotly itself needs a whole browser for that (kaleido); ReportLab is here for result sheets anyway.
It draws what our figures are made of: one pair of axes with heat maps, lines, markers with error
bars, bars, shapes and annotations.
"""
