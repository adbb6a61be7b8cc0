"""Your own films: how a hospital's readers grade, learnt from films that they graded."""
