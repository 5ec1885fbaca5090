"""Pages of posts, and of those who employ and those who are served."""
