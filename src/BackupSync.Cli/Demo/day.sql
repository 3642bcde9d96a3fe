-- A day's work: it can be done again and again, and each time the content changes.
WITH newcomers AS (
    INSERT INTO users (email, full_name, country)
        SELECT 'user-' || gen_random_uuid() || '@example.org', 'Newcomer ' || n, 'FR' FROM generate_series(1, 12) n
        RETURNING id)
INSERT INTO wallets (user_id, balance) SELECT id, 10 FROM newcomers;

INSERT INTO transactions (wallet_id, amount, memo)
    SELECT id, 5 + row_number() OVER (ORDER BY id) % 90, 'today' FROM wallets ORDER BY random() LIMIT 80;
UPDATE wallets SET balance = balance + 5 WHERE user_id % 9 = 0;
UPDATE escrows SET state = 'released' WHERE id IN (SELECT id FROM escrows WHERE state = 'funded' ORDER BY id LIMIT 5);
INSERT INTO audit_log (what, details) SELECT 'login', jsonb_build_object('user', n) FROM generate_series(1, 40) n;

-- What is too old goes.
DELETE FROM transactions WHERE id IN (SELECT id FROM transactions ORDER BY at LIMIT 15);
