-- A disabled user has no way in, and everything that was issued to them rests: since when, in seconds
-- since 1970 in UTC. NULL is the rule.
ALTER TABLE users ADD COLUMN disabled_at INTEGER;
