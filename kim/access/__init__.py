"""Rules, the scope of a request, one effect for each form, long work."""
