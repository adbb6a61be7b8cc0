"""One file a version; its ``down_revision`` is the version before."""
