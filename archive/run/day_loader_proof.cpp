// The proof of a restore: COPY of the table returns the bytes of the files. It is the last step before
// COMMIT, once all triggers and constraints have run.
// Tested by tests/integration/test_restore_proof.py.

#include "archive/run/day_loader.hpp"
#include "archive/settle/look_at_rows.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"
#include "csv/day_prefix.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"
#include "db/each_row.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace archive {

using async::failure;

namespace {

constexpr std::string_view texts = "pg_temp.event_archiver_texts";

// "3 are not there, columns 'a', 'b' differ". `sums`: of rows that are missing, from column 1; behind it, of
// each column.
std::string how_it_differs(const db::result& sums, const std::vector<std::string>& names) {
    std::vector<std::string> columns;
    for (std::size_t at = 0; at < names.size(); ++at)
        if (sums.integer(0, static_cast<int>(at) + 2) > 0)
            columns.push_back(names[at]);
    std::string how;
    if (sums.integer(0, 1) > 0)
        how = fmt::format("{} are not there", sums.text(0, 1));
    if (!columns.empty())
        how += fmt::format("{}{} '{}' differ{}", how.empty() ? "" : ", ",
                           columns.size() == 1 ? "column" : "columns", fmt::join(columns, "', '"),
                           columns.size() == 1 ? "s" : "");
    return how;
}

} // namespace

// The rows of the table that belong to rows of the files, each with its day, in any order. Other rows that
// the table has on these days are left out.
awaitable<void> day_loader::prove() {
    if (staged_.empty())
        co_return;
    const auto sql = fmt::format(
        "COPY (SELECT t.{0}::date - date '1970-01-01', {1} FROM {2} t WHERE {5} AND EXISTS"
        " (SELECT FROM {3} s WHERE {4})) TO STDOUT (FORMAT csv)",
        target_.time_column, column_list("t."), target_.name, stage, same_row(), own_rows(target_, "t."));
    std::map<lake::day, lake::content_digest> found;
    csv::day_splitter days;
    const db::row_function add = [&found, &days](std::string_view line) {
        const auto dated = days.split(line);
        if (const auto which = dated.day ? lake::day::from_number(*dated.day) : std::nullopt)
            found[*which].add(dated.row);
    };
    co_await db::for_each_row(session_, sql, add);
    for (const auto& staged : staged_)
        if (found[staged.which] != expected_[staged.which])
            co_await explain(staged);
}

// Reads the file once more, into a table of texts. Rows are numbered as in the stage.
awaitable<void> day_loader::stage_texts(const staged_file& staged) {
    const auto& file = *staged.file;
    std::vector<std::string> names;
    for (std::size_t at = 0; at < shape_.columns.size(); ++at)
        names.push_back(fmt::format("c{}", at));
    co_await session_.execute(
        fmt::format("CREATE TEMPORARY TABLE event_archiver_texts (n bigint, {} text) ON COMMIT DROP",
                    fmt::join(names, " text, ")));
    auto number = staged.first_row;
    std::string rows;
    bool header_next = true;
    csv::file_scanner scanner(
        file.compressed(),
        [&](std::string_view row) {
            if (std::exchange(header_next, false))
                return;
            row.remove_suffix(csv::ends_in_crlf(row) ? 2 : row.ends_with('\n') ? 1 : 0);
            rows.append(fmt::format_int(number++).c_str()).append(1, ',').append(row).push_back('\n');
        },
        csv::line_ends::lf_or_crlf, lake_.row_limit(file));
    auto target = co_await session_.start_copy_in(fmt::format("COPY {} FROM STDIN (FORMAT csv)", texts));
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        for (scanner.give(bytes); scanner.step();) {
            co_await target.write(rows);
            rows.clear();
        }
    };
    co_await lake_.read(file.properties.name, file.properties.etag, 0, take);
    scanner.finish();
    co_await target.write(rows);
    (void)co_await target.finish();
    co_await session_.execute(fmt::format("ANALYZE {}", texts));
}

// Something differs: finds the columns and the rows. Each text of the file is compared with what the column's
// type writes.
awaitable<void> day_loader::explain(const staged_file& staged) {
    const auto& file = *staged.file;
    std::vector<std::string> differs;
    for (std::size_t at = 0; at < shape_.columns.size(); ++at) {
        const auto column = db::connection::identifier(shape_.columns[at]);
        // format() asks the type's own output function, as COPY does; a cast to text may be another.
        differs.push_back(
            fmt::format("(x.c{0} COLLATE \"C\" IS DISTINCT FROM CASE WHEN t.{1} IS DISTINCT FROM NULL THEN"
                        " pg_catalog.format('%s', t.{1}) END)",
                        at, column));
    }
    co_await stage_texts(staged);

    std::vector<std::string> counts;
    for (std::size_t at = 0; at < shape_.columns.size(); ++at)
        counts.push_back(
            fmt::format("count(*) FILTER (WHERE t.{} IS NOT NULL AND {})", target_.time_column, differs[at]));
    const auto joined = fmt::format("FROM {} x JOIN {} s ON s.{} = x.n LEFT JOIN {} t ON {}", texts, stage,
                                    number_, target_.name, same_row());
    const auto wrong = fmt::format("t.{} IS NULL OR {}", target_.time_column, fmt::join(differs, " OR "));
    const auto sums = co_await session_.query(
        fmt::format("SELECT count(*) FILTER (WHERE {}), count(*) FILTER (WHERE t.{} IS NULL), {} {}", wrong,
                    target_.time_column, fmt::join(counts, ", "), joined));
    std::vector<std::string> key_texts;
    std::vector<std::string> key_columns;
    for (const auto& key : target_.keys) {
        key_texts.push_back(fmt::format("s.{}", key.quoted));
        key_columns.push_back(key.quoted);
    }
    const auto keys =
        co_await session_.query(fmt::format("SELECT concat_ws('/', {}) {} WHERE {} LIMIT {}",
                                            fmt::join(key_texts, ", "), joined, wrong, keys_shown));

    std::vector<std::string> shown;
    for (int row = 0; row < keys.rows(); ++row)
        shown.emplace_back(keys.text(row, 0));
    const auto how = how_it_differs(sums, shape_.columns);
    const std::string_view hint =
        "A row of the same key is there already with other content, a column's type has changed since, or a"
        " trigger or rule changes or keeps rows. Restore with --into TABLE to look at them. Nothing was"
        " restored.";
    if (shown.empty())
        throw async::error(
            failure::integrity,
            fmt::format("the rows of '{}' are not in {} as the file has them: some are there"
                        " more often or less often",
                        file.properties.name, target_.name),
            "Another file of the day (.csv beside .csv.gz) may have the same rows, which `verify`"
            " names; or a trigger or rule adds or keeps rows. Nothing was restored.");
    throw async::error(failure::integrity,
                       fmt::format("{} rows of '{}' are not in {} as the file has them ({}): {} {}{}",
                                   sums.text(0, 0), file.properties.name, target_.name, how,
                                   fmt::join(key_columns, ", "), fmt::join(shown, ", "),
                                   sums.integer(0, 0) > keys.rows() ? ", …" : ""),
                       std::string(hint));
}

} // namespace archive
