-- The networks that a user has logged in from: guesses from elsewhere do not lock the user out there.
-- A network is an IPv4 address or an IPv6 /64, of which only a keyed hash is kept.
CREATE TABLE known_networks (
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network VARCHAR NOT NULL,
    seen_at INTEGER NOT NULL, -- the last login from there, to the day, in seconds since 1970 in UTC
    PRIMARY KEY (user_id, network)
) WITHOUT ROWID;

-- Guesses at passwords from networks that are not known, by the digest of the name that was typed,
-- whether a user has it or not.
CREATE TABLE password_guesses (
    account VARCHAR NOT NULL PRIMARY KEY,
    full_at INTEGER NOT NULL,  -- as in throttle
    in_a_row INTEGER NOT NULL, -- since the last login or reset
    forget_at INTEGER NOT NULL -- when the row may be deleted, unless it locks strangers out
) WITHOUT ROWID;

CREATE INDEX ix_password_guesses_forget_at ON password_guesses (forget_at);

-- When the log last warned of a setting: instances come and go by the hundred.
CREATE TABLE warnings (
    variable VARCHAR NOT NULL PRIMARY KEY,
    logged_at INTEGER NOT NULL -- in seconds since 1970 in UTC
) WITHOUT ROWID;
