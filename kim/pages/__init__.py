"""Pages of the ground, and what every page is made of: sections, forms, charts."""
