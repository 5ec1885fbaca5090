"""Documents of every kind: figures in text, release, PDF, Word."""
