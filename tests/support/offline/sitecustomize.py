"""Read by every Python process that a test starts, since this folder is on its path."""

import no_network

no_network.install()
