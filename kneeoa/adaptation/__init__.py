"""A hospital's own graded films -> a profile: how its readers grade, learnt by the last layer."""
