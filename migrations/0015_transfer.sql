-- How long checking the slowest password hash of another service takes, in milliseconds. Failed logins take
-- as long for everyone. No row without such hashes.
CREATE TABLE slowest_hash (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    milliseconds INTEGER NOT NULL
);

-- The legacy service has bcrypt hashes of cost 12.
INSERT INTO slowest_hash (id, milliseconds) SELECT 1, 450 FROM adoption;
