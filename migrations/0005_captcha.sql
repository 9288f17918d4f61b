-- Challenges of the built-in captcha that were solved: each is good once. Those that are still to
-- be solved are nowhere: a signature says that they are ours.
CREATE TABLE used_challenges (
    nonce VARCHAR NOT NULL PRIMARY KEY, -- 16 random bytes in hexadecimal
    expires_at INTEGER NOT NULL         -- in seconds since 1970 in UTC
) WITHOUT ROWID;

-- What nobody would take any more is cleared away.
CREATE INDEX ix_used_challenges_expires_at ON used_challenges (expires_at);
