"""Graded films -> splits by patient and arrays, decoded once; no Keras."""
