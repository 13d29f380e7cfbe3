-- GET /
-- value
SELECT 'probodb version 1.0.0'
