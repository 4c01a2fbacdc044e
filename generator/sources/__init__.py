"""Sources: bytes to values of core, with every fault named by its place; only the ``read_`` functions open files."""
