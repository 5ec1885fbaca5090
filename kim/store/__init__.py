"""PostgreSQL: its login roles, its policies and triggers, who acts, backup."""
