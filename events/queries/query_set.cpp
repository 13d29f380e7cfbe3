#include "events/queries/query_set.hpp"

#include "csv/dialect.hpp"
#include "db/connection.hpp"
#include "db/sql/sql_file.hpp"
#include "db/value_settings.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace events {

namespace {

std::string search_path_with(std::vector<std::string> schemas) {
    if (std::ranges::find(schemas, "public") == schemas.end())
        schemas.emplace_back("public");
    std::string path;
    for (const auto& each : schemas)
        path += db::connection::identifier(each) + ", ";
    return path + "pg_catalog, pg_temp";
}

std::string settings_statement(const std::string& search_path, const query_limits& limits) {
    const auto statement_timeout = std::to_string(limits.statement.count());
    auto settings = db::value_settings();
    settings.emplace_back("transaction_read_only", "on");
    settings.emplace_back("statement_timeout", statement_timeout);
    settings.emplace_back("search_path", search_path);
    std::string sql;
    for (const auto& [name, value] : settings)
        sql += fmt::format("{}pg_catalog.set_config('{}', {}, true)", sql.empty() ? "SELECT " : ", ", name,
                           db::connection::literal(value));
    return sql;
}

// Sessions of a pooler are shared by processes: the same name must mean the same statement.
std::string prepared_name(const std::string& search_path, const std::string& statement) {
    const boost::uuids::name_generator_sha1 named(boost::uuids::ns::oid());
    return "event_archiver_" + boost::uuids::to_string(named(search_path + '\n' + statement));
}

// "/a/{b}" and "/a/{c}" are one route.
std::string shape_of_path(std::string_view path) {
    std::string shape;
    bool inside = false;
    for (const char each : path) {
        inside = (inside || each == '{') && each != '}';
        if (!inside || each == '{')
            shape += each;
    }
    return shape;
}

// Relative to the directory of the projection: "builds/api/build.sql".
std::string shown_file(const query_place& place, const std::filesystem::path& file) {
    auto at = file.end();
    for (auto each = file.begin(); each != file.end(); ++each)
        if (*each == place.projection)
            at = each;
    std::filesystem::path behind;
    for (; at != file.end(); ++at)
        behind /= *at;
    return behind.empty() ? file.string() : behind.string();
}

} // namespace

bool same_route(std::string_view one, std::string_view other) {
    return shape_of_path(one) == shape_of_path(other);
}

query_set read_queries(const std::vector<query_place>& places, const query_limits& limits) {
    query_set found;
    std::map<std::string, std::string> files; // by the shape of their path
    for (const auto& place : places) {
        const auto search_path = search_path_with(place.schemas);
        for (const auto& path : place.files) {
            auto made = std::make_unique<query>();
            made->projection = place.projection;
            made->file = shown_file(place, path);
            const auto note = [&](std::string_view clause) {
                found.mistakes.push_back(
                    fmt::format("'{}'{}{}", made->file, clause.starts_with("line") ? ", " : " ", clause));
            };
            const auto text = db::read_sql_file(path);
            if (!text.mistake.empty()) {
                note(text.mistake);
                continue;
            }
            made->read = read_query_file(csv::without_byte_order_mark(text.text));
            if (!made->read.mistake.empty()) {
                note(made->read.mistake);
                continue;
            }
            const auto [taken, fresh] = files.emplace(shape_of_path(made->read.path), made->file);
            if (!fresh) {
                note(fmt::format("line 1: the route GET {} is that of '{}' already", made->read.path,
                                 taken->second));
                continue;
            }
            made->settings = settings_statement(search_path, limits);
            made->name = prepared_name(search_path, made->read.statement);
            found.queries.push_back(std::move(made));
        }
    }
    return found;
}

} // namespace events
