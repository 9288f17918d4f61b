-- Attempts, counted by the generic cell rate algorithm: one row per limit and client or account.
CREATE TABLE throttle (
    key VARCHAR NOT NULL PRIMARY KEY, -- the limit, then an address or the digest of an account
    -- The time at which the full burst is allowed again, in seconds since 1970 in UTC.
    full_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Rows in the past have no effect and are deleted.
CREATE INDEX ix_throttle_full_at ON throttle (full_at);
