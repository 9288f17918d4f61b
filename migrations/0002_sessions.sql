-- A login is one row. The refresh token is not here: it is the session's id and counter with an
-- HMAC of both. Times are seconds since 1970 in UTC.
CREATE TABLE sessions (
    id VARCHAR NOT NULL PRIMARY KEY, -- UUID, the `sid` of its access tokens
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    counter INTEGER NOT NULL,        -- how often the refresh token was rotated
    created_at INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,     -- when it was rotated last: a retry just after is no reuse
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- A password reset ends all sessions of the user.
CREATE INDEX ix_sessions_user ON sessions (user_id);
