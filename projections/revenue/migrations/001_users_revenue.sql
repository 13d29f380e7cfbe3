-- What is there already is taken as it is.
CREATE TABLE IF NOT EXISTS users_revenue (
    user_id varchar(255) PRIMARY KEY,
    revenue integer
);

-- For others who change revenues; apply.sql does not call it.
DO $$
BEGIN
    IF to_regprocedure('upsert_user_revenue(varchar, numeric)') IS NULL THEN
        CREATE FUNCTION upsert_user_revenue(p_user_id varchar(255), p_revenue numeric) RETURNS void
        LANGUAGE sql AS $body$
            INSERT INTO users_revenue AS known (user_id, revenue) VALUES (p_user_id, p_revenue)
            ON CONFLICT (user_id) DO UPDATE SET revenue = known.revenue + excluded.revenue
        $body$;
    END IF;
END
$$;
