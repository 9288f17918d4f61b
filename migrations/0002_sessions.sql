-- One row per login. Refresh tokens are not stored: a token is the session's id and counter with an HMAC
-- of both. Times are seconds since 1970 in UTC.
CREATE TABLE sessions (
    id VARCHAR NOT NULL PRIMARY KEY, -- UUID, the `sid` of its access tokens
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    counter INTEGER NOT NULL,        -- the number of rotations of the refresh token
    created_at INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,     -- the last rotation: a retry just after it is not reuse
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- A password reset ends all sessions of the user.
CREATE INDEX ix_sessions_user ON sessions (user_id);
