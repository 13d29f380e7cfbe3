#include "archive/table/row_filter.hpp"

#include "archive/table/condition.hpp"
#include "async/error.hpp"
#include "db/error.hpp"
#include "db/transaction.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Its rows end with the transaction that makes it: poolers may give the next one another session.
constexpr std::string_view stage = "pg_temp.event_archiver_cat";
constexpr std::string_view number_column = "event_archiver_row";
// The condition means what the role's settings make of it; the rows mean what was written under ours.
constexpr std::string_view as_written = "SET LOCAL array_nulls = on; SET LOCAL xmloption = content;"
                                        " SET LOCAL xmlbinary = base64; SET LOCAL lc_monetary = 'C'";

} // namespace

std::string row_filter::statement() const {
    return fmt::format("{}SELECT {} FROM {} WHERE {} ORDER BY 1", untraced, number_column, stage,
                       parenthesised(condition_));
}

void row_filter::explain(const db::error& failed, std::string_view file) const {
    const std::string_view state = failed.state();
    const bool hidden = words_ == condition_words::hidden;
    if (state.starts_with("42") && (hidden || state != "42501")) // syntax_error_or_access_rule_violation
        throw async::error(
            failure::usage,
            hidden ? fmt::format("--where, of '{}': {}", file,
                                 sentence_without_words(failed, "EXPLAIN " + statement(), condition_))
                   : fmt::format("--where: {}", failed.message()),
            "Give a condition over the columns of the files, as PostgreSQL's WHERE has it.");
    if (state.starts_with("22") || state.starts_with("23") || state == "P0001")
        throw async::error(
            failure::precondition,
            hidden ? fmt::format("PostgreSQL cannot judge a row of '{}': {}", file,
                                 sentence_without_words(failed, {}, condition_))
                   : fmt::format("PostgreSQL cannot judge a row of '{}': {} (SQLSTATE {})", file,
                                 failed.message(), state),
            fmt::format("A value does not fit the type that its column has in ARCHIVE_TABLE, or --where does "
                        "not fit the value.{}",
                        hidden ? "" : " Rows that came before it may have been printed."));
    if (hidden && !state.empty())
        throw db::error(failed.kind(), sentence_without_words(failed, "EXPLAIN " + statement(), condition_),
                        std::string(state), failed.connection_usable());
    throw failed;
}

void row_batch::add(std::string_view row) {
    text.append(row);
    ends.push_back(text.size());
}

std::string_view row_batch::row(std::size_t number) const noexcept {
    const auto begin = number == 0 ? 0 : ends[number - 1];
    return std::string_view(text).substr(begin, ends[number] - begin);
}

void row_batch::clear() noexcept {
    text.clear();
    ends.clear();
}

awaitable<void> row_filter::describe(const named_table& table, std::vector<std::string> columns) {
    // Type modifiers would round or cut what is to be judged; -1 stands for none.
    const auto answer = co_await session_.query(fmt::format(
        "SELECT a.attname, pg_catalog.format_type(a.atttypid, -1), COALESCE((SELECT pg_catalog.format("
        "' COLLATE %I.%I', n.nspname, c.collname) FROM pg_catalog.pg_collation c JOIN "
        "pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.collnamespace WHERE c.oid OPERATOR(pg_catalog.=) a.attcollation"
        " AND a.attcollation OPERATOR(pg_catalog.<>) t.typcollation), '')"
        " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid"
        " WHERE a.attrelid OPERATOR(pg_catalog.=) {} AND a.attnum OPERATOR(pg_catalog.>) 0"
        " AND NOT a.attisdropped",
        table.oid));
    std::map<std::string, std::string, std::less<>> types;
    for (int row = 0; row < answer.rows(); ++row)
        types.emplace(answer.text(row, 0), fmt::format("{}{}", answer.text(row, 1), answer.text(row, 2)));
    const auto settings = co_await session_.query(
        "SELECT pg_catalog.string_agg(pg_catalog.format('SET LOCAL %s = %L', s.name, s.setting), '; ') FROM"
        " pg_catalog.pg_settings s WHERE s.name OPERATOR(pg_catalog.=) ANY "
        "('{array_nulls,xmloption,xmlbinary,"
        "lc_monetary}'::pg_catalog.text[])");
    role_settings_ = settings.text(0, 0);
    create_ = fmt::format("CREATE TEMPORARY TABLE event_archiver_cat ({} pg_catalog.int8", number_column);
    columns_ = number_column;
    for (const auto& name : columns) {
        const auto quoted = db::connection::identifier(name);
        const auto type = types.find(name);
        create_ += fmt::format(", {} {}", quoted, type == types.end() ? "text" : type->second);
        columns_ += fmt::format(", {}", quoted);
    }
    create_ += ") ON COMMIT DROP";
}

awaitable<std::vector<std::size_t>> row_filter::matching(const row_batch& rows, std::string_view file) {
    try {
        co_return co_await judge(rows);
    } catch (const db::error& failed) {
        explain(failed, file);
    }
}

awaitable<std::vector<std::size_t>> row_filter::judge(const row_batch& rows) {
    db::transaction_options options;
    options.runs = db::statements::users;
    auto transaction = co_await db::transaction::begin(session_, options);
    co_await session_.execute(create_ + "; SET TRANSACTION READ ONLY");
    // The condition first: a mistake in it is then told of it, not of a row.
    const auto chosen = statement();
    co_await session_.query(fmt::format("EXPLAIN {}", chosen));
    co_await session_.execute(as_written);
    auto target =
        co_await session_.start_copy_in(fmt::format("COPY {} ({}) FROM STDIN (FORMAT csv)", stage, columns_));
    std::string numbered;
    constexpr std::size_t piece = std::size_t{64} << 10;
    for (std::size_t number = 0; number < rows.size(); ++number) {
        numbered.append(fmt::format_int(number).c_str()).append(1, ',').append(rows.row(number));
        if (numbered.size() < piece)
            continue;
        co_await target.write(numbered);
        numbered.clear();
    }
    co_await target.write(numbered);
    co_await target.finish();
    co_await session_.execute(role_settings_);
    const auto answer = co_await session_.query(chosen);
    std::vector<std::size_t> numbers;
    for (int row = 0; row < answer.rows(); ++row)
        numbers.push_back(static_cast<std::size_t>(answer.integer(row, 0)));
    co_await transaction.rollback();
    co_return numbers;
}

} // namespace archive
