-- Attempts, counted by the generic cell rate algorithm: one row per limit and whom it holds back.
CREATE TABLE throttle (
    key VARCHAR NOT NULL PRIMARY KEY, -- limit, then an address, or the digest of an account
    -- When all attempts so far would be allowed again, in seconds since 1970 in UTC.
    full_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What lies in the past holds nobody back and is cleared away.
CREATE INDEX ix_throttle_full_at ON throttle (full_at);
