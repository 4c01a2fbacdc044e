"""The pipeline from files to a site and bundles; the command line calls it and nothing calls the command line."""
