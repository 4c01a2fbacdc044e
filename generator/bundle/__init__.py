"""What merchants receive: people collapsed to tokens, classes, the manifest, the encrypted target."""
