"""Forms of money and of posts that are paid."""
