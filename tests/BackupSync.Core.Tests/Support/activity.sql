-- A day's work on realistic.sql. Can be run again and again; each time something changes.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;

WITH newcomers AS (
    INSERT INTO users (email, full_name, referred_by)
    SELECT format('newcomer-%s@example.org', gen_random_uuid()), 'Neu ' || n, 1 + n % 50
    FROM generate_series(1, 12) n
    RETURNING id
)
INSERT INTO wallets (id, user_id, balance) SELECT gen_random_uuid(), id, 10 FROM newcomers;

INSERT INTO transactions (wallet_id, amount, memo, at)
SELECT w.id, (random() * 200 - 100)::numeric(18, 4), 'Tagesgeschäft', clock_timestamp()
FROM wallets w ORDER BY random() LIMIT 80;

UPDATE wallets w SET balance = greatest(0, balance + 5) WHERE user_id % 9 = 0;
UPDATE users SET preferences = preferences || jsonb_build_object('seen', clock_timestamp()) WHERE id % 25 = 0;
UPDATE escrows SET state = 'released' WHERE id = (SELECT min(id) FROM escrows WHERE state = 'open');

-- The oldest transactions that no escrow holds, and a few rows without a key.
DELETE FROM transactions WHERE id IN (
    SELECT t.id FROM transactions t WHERE NOT EXISTS (SELECT FROM escrows e WHERE e.current_transaction = t.id) ORDER BY t.id LIMIT 15);
DELETE FROM no_key_duplicates WHERE ctid = (SELECT min(ctid) FROM no_key_duplicates);
INSERT INTO no_key_duplicates VALUES (7, 'new'), (7, 'new');

INSERT INTO events SELECT coalesce(max(id), 0) + 1, timestamptz '2025-12-31 12:00', 'activity', '{"by": "demo"}' FROM events;
UPDATE pictures SET content = lo_from_bytea(0, '\x0102') WHERE id = 1 AND lo_unlink(content) = 1;
SELECT nextval('invoice_number') \g /dev/null

COMMIT;
