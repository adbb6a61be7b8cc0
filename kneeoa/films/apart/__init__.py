"""Decoders in processes of their own, with limits of time and memory.

A file from a stranger may make a decoder loop, swell or crash. `pool` keeps workers warm; `worker`
is what runs in one, and a film past its limits ends it; `template` is the process that all of them
are copies of, `processes` how both are begun, asked and watched. `wire` is what they say to each
other, `settings` the limits.
"""
