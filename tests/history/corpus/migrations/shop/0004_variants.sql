-- atomic: false
SELECT 'it''s';
