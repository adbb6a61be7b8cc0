"""The width of the joint space of a frontal knee, proposed from one film, with its doubt.

`width.measure` finds the edges of femur and tibia and the narrowest place of each compartment;
`profiles.widths` does the same in another way, for validation. `change` compares two films.
"""
