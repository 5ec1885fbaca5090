"""What was when, who changed it, and what a change would do."""
