-- The networks that a user has logged in from, where guesses from elsewhere do not lock the user out. A
-- network is an IPv4 address or an IPv6 /64; only a keyed hash is stored.
CREATE TABLE known_networks (
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network VARCHAR NOT NULL,
    seen_at INTEGER NOT NULL, -- the last login, rounded to days, in seconds since 1970 in UTC
    PRIMARY KEY (user_id, network)
) WITHOUT ROWID;

-- Failed logins from unknown networks, by the digest of the entered name, whether such a user exists or
-- not.
CREATE TABLE password_guesses (
    account VARCHAR NOT NULL PRIMARY KEY,
    full_at INTEGER NOT NULL,  -- as in throttle
    in_a_row INTEGER NOT NULL, -- since the last login or reset
    forget_at INTEGER NOT NULL -- when the row may be deleted, unless it blocks strangers
) WITHOUT ROWID;

CREATE INDEX ix_password_guesses_forget_at ON password_guesses (forget_at);

-- When a warning about a setting was last logged, so that not every new instance repeats it.
CREATE TABLE warnings (
    variable VARCHAR NOT NULL PRIMARY KEY,
    logged_at INTEGER NOT NULL -- in seconds since 1970 in UTC
) WITHOUT ROWID;
