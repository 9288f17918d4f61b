-- When the user was disabled, in seconds since 1970 in UTC; NULL if the user is enabled. A disabled user
-- cannot log in, and all their sessions and tokens are suspended.
ALTER TABLE users ADD COLUMN disabled_at INTEGER;

-- When legacy data was adopted: legacy access tokens, which name no session, are valid for one lifetime
-- from then. No row without legacy data, which is detected by refresh tokens or bcrypt hashes.
CREATE TABLE adoption (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    adopted_at INTEGER NOT NULL -- in seconds since 1970 in UTC
);

INSERT INTO adoption (id, adopted_at)
SELECT 1, unixepoch()
WHERE EXISTS (SELECT 1 FROM refresh_tokens)
    OR EXISTS (SELECT 1 FROM users WHERE hashed_password LIKE '$2%');

-- The SHA-256 of a used legacy refresh token, in hexadecimal, to detect reuse.
ALTER TABLE refresh_tokens ADD COLUMN used_digest VARCHAR;

-- The session that replaced the token; empty if it was logged out. If that session no longer exists, the
-- user's legacy access tokens are invalid.
ALTER TABLE refresh_tokens ADD COLUMN session_id VARCHAR;

CREATE UNIQUE INDEX ix_refresh_tokens_used_digest ON refresh_tokens (used_digest)
    WHERE used_digest IS NOT NULL;

-- A user keeps the hundred newest sessions.
CREATE INDEX ix_sessions_user_created ON sessions (user_id, created_at);

DROP INDEX ix_sessions_user;
