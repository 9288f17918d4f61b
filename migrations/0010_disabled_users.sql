-- Every protected request asks whether its user is disabled. Almost no user is, so this index is a single
-- page, where the users' own rows would be a lookup in the whole table.
CREATE UNIQUE INDEX ix_users_disabled ON users (id) WHERE disabled_at IS NOT NULL;
