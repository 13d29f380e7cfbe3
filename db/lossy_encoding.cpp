#include "db/lossy_encoding.hpp"

#include <fmt/format.h>

namespace db {

awaitable<std::string> lossy_encoding(connection& session) {
    const auto asked = co_await session.query("SELECT pg_catalog.current_setting('server_encoding')");
    std::string encoding(asked.text(0, 0));
    // In the last of these, two characters together may be one of UTF-8 that has a code of its own.
    if (encoding != "EUC_JP" && encoding != "EUC_TW" && encoding != "EUC_JIS_2004")
        encoding.clear();
    co_return encoding;
}

std::string comes_back_otherwise(std::string_view row, std::string_view encoding) {
    return fmt::format("pg_catalog.convert_from(pg_catalog.convert_to(({0}.*)::pg_catalog.text, {1}), {1})"
                       " COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.<>) ({0}.*)::pg_catalog.text",
                       row, connection::literal(encoding));
}

std::string usual_codes_hint(std::string_view rows) {
    return fmt::format("Write the usual code: UPDATE each text column with convert_from(convert_to(column,"
                       " 'UTF8'), 'UTF8'). These rows have it: SELECT * FROM {} AS r WHERE convert_from("
                       "convert_to(r::text, 'UTF8'), 'UTF8') <> r::text.",
                       rows);
}

} // namespace db
