"""The archive and the receiver of this server, for the pages that use them."""
