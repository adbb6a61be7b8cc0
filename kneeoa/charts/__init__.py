"""Tables and arrays -> Plotly figures. Nothing here computes a statistic, shows, or saves.

One module per kind of picture; `style` is what they share.
"""
