-- Solved challenges of the built-in captcha, because each is valid once. Open challenges are not stored:
-- their signature proves that they are ours.
CREATE TABLE used_challenges (
    nonce VARCHAR NOT NULL PRIMARY KEY, -- 16 random bytes in hexadecimal
    expires_at INTEGER NOT NULL         -- in seconds since 1970 in UTC
) WITHOUT ROWID;

-- Expired challenges are deleted.
CREATE INDEX ix_used_challenges_expires_at ON used_challenges (expires_at);
