#include "archive/table/row_taker.hpp"

#include "archive/table/key_choice.hpp"
#include "async/error.hpp"
#include "csv/field_ends.hpp"
#include "db/array_text.hpp"
#include "db/error.hpp"
#include "db/in_savepoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Fields of the rows from `begin` to `end`, each column as the text of an array.
std::vector<std::string> arrays_of(const row_batch& rows, std::size_t begin, std::size_t end,
                                   std::size_t columns) {
    std::vector<db::array_text> arrays(columns);
    std::vector<std::size_t> ends(columns);
    std::string storage;
    for (auto at = begin; at < end; ++at) {
        const auto row = rows.row(at);
        csv::find_field_ends(row, ends);
        for (std::size_t column = 0; column < columns; ++column) {
            const auto raw = csv::raw_field(row, ends, column);
            if (raw.empty())
                arrays[column].add_null();
            else
                arrays[column].add(csv::unquoted(raw, storage));
        }
    }
    std::vector<std::string> texts;
    for (const auto& array : arrays)
        texts.push_back(array.text());
    return texts;
}

// Of a value that cannot be one of its type, or that a domain or a CHECK refuses by an error. Names that a
// value stands for (regclass) are not found with one of class 42.
bool is_of_a_value(const db::error& failed) {
    const std::string_view state = failed.state();
    return failed.connection_usable() && (state.starts_with("22") || state.starts_with("23") ||
                                          state.starts_with("42") || state.starts_with("P0"));
}

awaitable<void> ask_for(db::connection& session, std::string_view sql,
                        std::span<const db::parameter> parameters, std::optional<db::result>& answer) {
    answer = co_await session.query(sql, parameters);
}

// Whether a value makes the statement fail; if not, it has an answer.
awaitable<bool> is_refused(db::connection& session, std::string_view sql,
                           std::span<const db::parameter> parameters, std::optional<db::result>& answer) {
    const auto failed = co_await db::in_savepoint(session, ask_for(session, sql, parameters, answer));
    if (failed && !is_of_a_value(*failed))
        throw db::error(*failed);
    co_return failed.has_value();
}

// Whether each text is a value of the type and is written as it came.
bool takes_any_text(std::string_view type) { return type == "text" || type == "character varying"; }

} // namespace

awaitable<void> row_taker::describe() {
    columns_.clear();
    checks_.clear();
    unique_.clear();
    const auto oid = std::to_string(table_.named.oid);
    const auto found = co_await session_.query(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, attnum FROM pg_attribute"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        std::string_view(oid));
    std::vector<int> numbers;
    for (int row = 0; row < found.rows(); ++row) {
        columns_.push_back(
            {std::string(found.text(row, 0)), std::string(found.text(row, 1)), found.boolean(row, 2)});
        numbers.push_back(static_cast<int>(found.integer(row, 3)));
    }
    // A generated column is in no file.
    const auto checks = co_await session_.query(
        "SELECT c.conname, pg_get_expr(c.conbin, c.conrelid) FROM pg_constraint c WHERE c.conrelid = $1::oid"
        " AND c.contype = 'c' AND NOT EXISTS (SELECT FROM unnest(c.conkey) AS k (attnum) LEFT JOIN"
        " pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum AND a.attnum > 0 AND"
        " a.attgenerated = '' WHERE a.attnum IS NULL) ORDER BY c.conname",
        std::string_view(oid));
    for (int row = 0; row < checks.rows(); ++row)
        checks_.push_back({std::string(checks.text(row, 0)), std::string(checks.text(row, 1))});
    constexpr int nulls_not_distinct = 150'000; // the server's version that has it
    const auto indexes = co_await session_.query(
        fmt::format(
            "SELECT indkey::text, indnkeyatts, {} FROM pg_index WHERE indrelid = $1::oid AND indisunique"
            " AND indisvalid AND indpred IS NULL AND indexprs IS NULL ORDER BY indisprimary DESC, indexrelid",
            session_.server_version() < nulls_not_distinct ? "false" : "indnullsnotdistinct"),
        std::string_view(oid));
    for (int row = 0; row < indexes.rows(); ++row) {
        unique_columns index;
        index.nulls_are_equal = indexes.boolean(row, 2);
        std::vector<std::string> names;
        const auto of_index =
            columns_of_index(indexes.text(row, 0), static_cast<std::size_t>(indexes.integer(row, 1)));
        for (const auto number : of_index) {
            const auto at = static_cast<std::size_t>(std::ranges::find(numbers, number) - numbers.begin());
            if (at < columns_.size()) {
                index.positions.push_back(at);
                names.push_back(columns_[at].name);
            }
        }
        index.names = fmt::format("{}", fmt::join(names, ", "));
        if (index.positions.size() == of_index.size())
            unique_.push_back(std::move(index));
    }
    statement_ = statement();
}

// One row at most: the number of the first row that the table would not take, and why: a column's number, or
// behind those the number of a CHECK. The casts raise an error for a text that is no value.
std::string row_taker::statement() const {
    // A name that the table or a column of it has as well would be ambiguous.
    std::string ours = "event_archiver_";
    const auto is_taken = [&ours](const std::string& name) { return name.starts_with(ours); };
    while (is_taken(table_.named.relation) || std::ranges::any_of(columns_, is_taken, &column::name))
        ours += '_';
    const auto text_name = [&ours](std::size_t number) { return fmt::format("{}{}", ours, number); };
    std::vector<std::string> arrays;
    std::vector<std::string> texts;
    std::vector<std::string> values;
    std::string verdicts;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        const auto& [name, type, not_null] = columns_[at];
        const auto text = fmt::format("{}texts.{}", ours, text_name(at));
        const auto quoted = db::connection::identifier(name);
        arrays.push_back(fmt::format("${}::text[]", at + 1));
        texts.push_back(text_name(at));
        values.push_back(fmt::format("CAST({} AS {}) AS {}", text, type, quoted));
        if (not_null)
            verdicts += fmt::format(" WHEN {} IS NULL THEN {}", text, at);
        // format() asks the type's own output function, as COPY does; a cast to text may be another.
        if (!takes_any_text(type))
            verdicts += fmt::format(" WHEN {0} IS NOT NULL AND {0} COLLATE \"C\" <> format('%s', {1}.{2})"
                                    " THEN {3}",
                                    text, db::connection::identifier(table_.named.relation), quoted, at);
    }
    // Behind the columns: a CHECK judges values that the columns have taken.
    for (std::size_t at = 0; at < checks_.size(); ++at)
        verdicts += fmt::format(" WHEN ({}) IS FALSE THEN {}", checks_[at].expression, columns_.size() + at);
    return fmt::format("SELECT {5}n, {5}why FROM unnest({0}) WITH ORDINALITY AS {5}texts ({1}, {5}n)"
                       " CROSS JOIN LATERAL (SELECT {2}) AS {3} CROSS JOIN LATERAL (SELECT CASE{4} END)"
                       " AS {5}judged ({5}why) WHERE {5}why IS NOT NULL ORDER BY {5}n LIMIT 1",
                       fmt::join(arrays, ", "), fmt::join(texts, ", "), fmt::join(values, ", "),
                       db::connection::identifier(table_.named.relation),
                       verdicts.empty() ? " WHEN false THEN 0" : verdicts, ours);
}

std::string row_taker::describe_verdict(std::size_t verdict) const {
    if (verdict >= columns_.size())
        return fmt::format("it violates the constraint '{}' of {}", checks_[verdict - columns_.size()].name,
                           table_.name);
    const auto& [name, type, not_null] = columns_[verdict];
    return fmt::format("its value of column '{}' is not as type {} writes it", name, type);
}

awaitable<row_taker::attempt> row_taker::ask(const row_batch& rows, std::size_t begin, std::size_t end) {
    const auto arrays = arrays_of(rows, begin, end, columns_.size());
    const std::vector<db::parameter> parameters(arrays.begin(), arrays.end());
    std::optional<db::result> answer;
    attempt result;
    result.refused = co_await is_refused(session_, statement_, parameters, answer);
    if (answer && answer->rows() > 0)
        result.found = unfit_row{begin + static_cast<std::size_t>(answer->integer(0, 0)) - 1,
                                 describe_verdict(static_cast<std::size_t>(answer->integer(0, 1)))};
    co_return result;
}

awaitable<std::optional<unfit_row>> row_taker::first_unfit(const row_batch& rows) {
    const auto whole = co_await ask(rows, 0, rows.size());
    if (!whole.refused)
        co_return whole.found;
    // An error does not name a row. Without rows, no value can have caused it.
    const auto nothing = co_await ask(rows, 0, 0);
    if (nothing.refused)
        throw async::error(
            failure::internal,
            fmt::format("PostgreSQL cannot be asked whether {} would take a row", table_.name));
    co_return co_await search(rows, 0, rows.size());
}

// In a range that was refused: halves it until one row is left.
awaitable<std::optional<unfit_row>> row_taker::search(const row_batch& rows, std::size_t begin,
                                                      std::size_t end) {
    while (end - begin > 1) {
        const auto middle = begin + (end - begin) / 2;
        const auto left = co_await ask(rows, begin, middle);
        if (!left.refused && left.found)
            co_return left.found;
        if (left.refused)
            end = middle;
        else
            begin = middle;
    }
    auto description = co_await explain(rows.row(begin));
    co_return unfit_row{begin, std::move(description)};
}

// Of a row that raises an error: which column has it.
awaitable<std::string> row_taker::explain(std::string_view row) {
    row_batch one;
    one.add(row);
    const auto arrays = arrays_of(one, 0, 1, columns_.size());
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        const auto sql = fmt::format("SELECT CAST(event_archiver_texts.event_archiver_0 AS {}) FROM"
                                     " unnest($1::text[]) AS event_archiver_texts (event_archiver_0)",
                                     columns_[at].type);
        const std::vector<db::parameter> parameters{db::parameter(arrays[at])};
        std::optional<db::result> answer;
        const bool refused = co_await is_refused(session_, sql, parameters, answer);
        if (refused)
            co_return fmt::format("its value of column '{}' is not one of type {}", columns_[at].name,
                                  columns_[at].type);
    }
    co_return fmt::format("a constraint of {} cannot judge it", table_.name);
}

} // namespace archive
