-- GET /userEvents/{userId}
-- rows
SELECT user_id, revenue FROM users_revenue WHERE user_id = $1
