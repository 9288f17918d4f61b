-- A disabled user has no way in, and everything that was issued to them rests: since when, in
-- seconds since 1970 in UTC. NULL is the rule.
ALTER TABLE users ADD COLUMN disabled_at INTEGER;

-- When the data of a predecessor was taken over: its access tokens, which name no session, are good
-- for one lifetime from then. There is no row where there was no predecessor, which would have left
-- refresh tokens or bcrypt hashes.
CREATE TABLE adoption (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    adopted_at INTEGER NOT NULL -- in seconds since 1970 in UTC
);

INSERT INTO adoption (id, adopted_at)
SELECT 1, unixepoch()
WHERE EXISTS (SELECT 1 FROM refresh_tokens)
    OR EXISTS (SELECT 1 FROM users WHERE hashed_password LIKE '$2%');

-- What became of a refresh token of the predecessor. One that is used again is known by its
-- SHA-256, in hexadecimal.
ALTER TABLE refresh_tokens ADD COLUMN used_digest VARCHAR;

-- The session that it became; empty where it was logged out. A session that is no longer there ends
-- the access tokens that name none.
ALTER TABLE refresh_tokens ADD COLUMN session_id VARCHAR;

CREATE UNIQUE INDEX ix_refresh_tokens_used_digest ON refresh_tokens (used_digest)
    WHERE used_digest IS NOT NULL;

-- A user keeps the newest hundred sessions.
CREATE INDEX ix_sessions_user_created ON sessions (user_id, created_at);

DROP INDEX ix_sessions_user;
