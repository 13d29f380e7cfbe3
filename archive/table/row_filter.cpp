#include "archive/table/row_filter.hpp"

#include "archive/table/condition.hpp"
#include "archive/table/spare_name.hpp"
#include "archive/table/type_definitions.hpp"
#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "db/error.hpp"
#include "db/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace archive {

using async::failure;

namespace {

// Its rows end with the transaction that makes it: poolers may give the next one another session.
constexpr std::string_view stage = "pg_temp.event_archiver_cat";
constexpr std::string_view stage_name = "event_archiver_cat";
// The condition is evaluated with the role's settings, the texts of rows are read with ours.
constexpr std::string_view as_written = "SET LOCAL array_nulls = on; SET LOCAL xmloption = content;"
                                        " SET LOCAL xmlbinary = base64; SET LOCAL lc_monetary = 'C'";

} // namespace

std::string row_filter::statement() const {
    return fmt::format("{}SELECT {} FROM {} WHERE {} ORDER BY 1", untraced, number_, stage,
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
    number_ = spare_name("event_archiver_row", columns);
    create_ = fmt::format("CREATE TEMPORARY TABLE event_archiver_cat ({} pg_catalog.int8", number_);
    columns_ = number_;
    for (const auto& name : columns) {
        const auto quoted = db::connection::identifier(name);
        const auto type = types.find(name);
        create_ += fmt::format(", {} {}", quoted, type == types.end() ? "text" : type->second);
        columns_ += fmt::format(", {}", quoted);
    }
    create_ += ") ON COMMIT DROP";
    typed_.clear();
    read_columns_.clear();
    for (std::size_t at = 0; at < columns.size(); ++at) {
        typed_.push_back({columns[at], {}, text_kind::own_form});
        if (types.contains(columns[at]) && may_read(condition_, columns[at], stage_name))
            read_columns_.push_back(at);
    }
    noted_types_ = 0;
    changes_ = {};
    co_await describe_types(table);
}

// As the run describes the table: with names from pg_catalog alone.
awaitable<void> row_filter::describe_types(const named_table& table) {
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session_, options);
    definitions_ = co_await read_definitions(session_, table.oid);
    here_ = co_await db::database_of(session_);
    const std::string oid = std::to_string(table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto answer = co_await session_.query(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typcategory = 'S',"
        " coalesce((SELECT e.typcategory = 'S' FROM pg_type e WHERE e.oid = t.typelem), false) OR"
        " t.typcategory = 'C' FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped",
        parameters);
    for (int row = 0; row < answer.rows(); ++row) {
        const auto found = std::ranges::find(typed_, answer.text(row, 0), &typed_column::name);
        if (found == typed_.end())
            continue;
        found->type = answer.text(row, 1);
        if (answer.boolean(row, 2))
            found->kind = text_kind::any_string;
        else if (answer.boolean(row, 3))
            found->kind = text_kind::strings_inside;
    }
    const auto places = co_await session_.query(
        "SELECT CASE WHEN attisdropped THEN '' ELSE attname END FROM pg_attribute WHERE attrelid = $1::oid"
        " AND attnum > 0 AND attgenerated = '' ORDER BY attnum",
        parameters);
    places_.clear();
    for (int row = 0; row < places.rows(); ++row)
        places_.push_back({std::string(places.text(row, 0))});
    co_await transaction.rollback();
}

void row_filter::note_types_of(rows_origin from) {
    const auto types = from.types();
    const auto added = types == 0 ? labels_since::the_latest : labels_added(from.written->position, here_);
    if (types == noted_types_ && added == noted_labels_)
        return;
    noted_types_ = types;
    noted_labels_ = added;
    changes_ = types == 0 ? column_changes{} : changes_since(typed_, definitions_, types, added, texts_);
}

void row_filter::refuse_types(std::size_t column, rows_origin from) const {
    const auto& [name, type, kind] = typed_[column];
    throw async::error(
        failure::precondition,
        changes_.only && changes_.only->column == column
            ? fmt::format("column '{}' was of type {} when '{}' was written and is of type {} in {}", name,
                          changes_.only->type, from.name, type, "ARCHIVE_TABLE")
            : fmt::format("'{}' has a value of column '{}' that was not written as type {}, which the column "
                          "has in ARCHIVE_TABLE{}",
                          from.name, name, type,
                          changes_.other_types ? ": columns had other types when the file was written" : ""),
        "A value read as another type may be another value. Give the column the type that it had, or restore "
        "the day into a table of its own with `event-archiver restore --into` and ask there.");
}

void row_filter::must_mean_the_same(rows_origin from) const {
    std::vector<std::string> names;
    for (const auto& each : typed_)
        names.push_back(each.name);
    for (const auto at : read_columns_) {
        const auto& name = typed_[at].name;
        if (from.types() != 0 && may_be_another_column(name, names, places_))
            throw async::error(
                failure::precondition,
                fmt::format("column '{}' of '{}' may be another one than that of ARCHIVE_TABLE: columns were"
                            " renamed since",
                            name, from.name),
                "Give the columns the names that they had, or restore the day into a table of its own with "
                "`event-archiver restore --into` and ask there.");
        const bool labels = definitions_.has(definition_line::kind::label, name);
        const bool attributes = definitions_.has(definition_line::kind::attribute, name);
        if (!changes_.is_unchanged(at) && (labels || attributes))
            throw async::error(
                failure::precondition,
                fmt::format("column '{}' of '{}' has labels or attributes whose names may have meant others"
                            " then: types of columns were changed since",
                            name, from.name),
                "Give the labels and attributes the names that they had, or write a condition that does not "
                "read the column.");
    }
}

awaitable<void> row_filter::compare_texts(const row_batch& rows, rows_origin from) {
    note_types_of(from);
    if (read_columns_.empty())
        co_return;
    must_mean_the_same(from);
    if (changes_.only && std::ranges::count(read_columns_, changes_.only->column) > 0 &&
        typed_[changes_.only->column].kind == text_kind::any_string &&
        !same_strings(changes_.only->type, typed_[changes_.only->column].type))
        refuse_types(changes_.only->column, from);
    auto source = co_await session_.start_copy_out(
        fmt::format("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT csv)",
                    columns_.substr(number_.size() + 2), stage, number_));
    std::size_t number = 0;
    std::optional<async::error> mistake; // the copy is read to its end, so that the session stays in step
    for (bool more = true; more; more = co_await source.wait())
        while (const auto row = source.next()) {
            if (number >= rows.size())
                throw async::error(failure::internal, "PostgreSQL has more rows than it was given");
            if (!mistake)
                try {
                    compare_row(rows.row(number), row->text(), from);
                } catch (const async::error& found) {
                    mistake = found;
                }
            ++number;
        }
    if (mistake)
        throw async::error(*mistake);
    if (number != rows.size())
        throw async::error(failure::internal, "PostgreSQL has fewer rows than it was given");
}

void row_filter::compare_row(std::string_view row, std::string_view as_read, rows_origin from) const {
    const bool strings = changes_.other_types && !changes_.only;
    if (row == as_read && !strings)
        return;
    const auto written = csv::split_row(row);
    const auto read = csv::split_row(as_read);
    for (const auto at : read_columns_)
        if (written.at(at) != read.at(at) ||
            (strings && !changes_.is_unchanged(at) && may_be_of_other_type(written.at(at), typed_[at].kind)))
            refuse_types(at, from);
}

awaitable<std::vector<std::size_t>> row_filter::matching(const row_batch& rows, rows_origin from) {
    try {
        co_return co_await judge(rows, from);
    } catch (const db::error& failed) {
        explain(failed, from.name);
    }
}

awaitable<std::vector<std::size_t>> row_filter::judge(const row_batch& rows, rows_origin from) {
    db::transaction_options options;
    options.runs = db::statements::users;
    auto transaction = co_await db::transaction::begin(session_, options);
    co_await session_.execute(create_ + "; SET TRANSACTION READ ONLY");
    // The condition is checked first, so that a mistake in it is not reported as one of a row.
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
    co_await compare_texts(rows, from);
    co_await session_.execute(role_settings_);
    const auto answer = co_await session_.query(chosen);
    std::vector<std::size_t> numbers;
    for (int row = 0; row < answer.rows(); ++row)
        numbers.push_back(static_cast<std::size_t>(answer.integer(row, 0)));
    co_await transaction.rollback();
    co_return numbers;
}

} // namespace archive
