-- The predecessor had no index to find what is to be voided: the refresh tokens of a user at a reset
-- of the password, and those that have expired. Its tokens are JSON Web Tokens, which begin with
-- `ey`; what is void already leaves the second index.
CREATE INDEX ix_refresh_tokens_user ON refresh_tokens (user_id);

CREATE INDEX ix_refresh_tokens_expires_at ON refresh_tokens (expires_at)
    WHERE refresh_token >= 'ey' AND refresh_token < 'ez';
