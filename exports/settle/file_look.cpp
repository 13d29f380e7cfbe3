#include "exports/settle/file_look.hpp"

#include "csv/dialect.hpp"
#include "csv/field_ends.hpp"
#include "csv/file_scanner.hpp"
#include "db/each_row.hpp"
#include "db/error.hpp"
#include "db/in_savepoint.hpp"
#include "lake/content/content_digest.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

namespace exports {

namespace {

constexpr std::size_t rows_per_question = 200;

std::size_t place_of(const std::vector<std::string>& all, const std::string& name) {
    return static_cast<std::size_t>(std::ranges::find(all, name) - all.begin());
}

std::string_view without_end(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

// What is known while the file is read.
struct look_state {
    explicit look_state(const file_evidence& known)
        : rows(known) {}

    file_rows rows;
    bool all_are_there = true;

    [[nodiscard]] bool is_over() const noexcept { return !all_are_there || !rows.readable(); }
};

awaitable<void> ask(db::connection& session, const file_evidence& known, look_state& state) {
    const auto wanted = std::exchange(state.rows.taken(), {});
    if (wanted.empty() || state.is_over())
        co_return;
    std::set<std::uint64_t> there;
    const db::row_function note = [&there](std::string_view row) { there.insert(lake::content_hash(row)); };
    co_await db::for_each_row(session, look_sql(known, wanted), note);
    state.all_are_there =
        std::ranges::all_of(wanted, [&there](const row_evidence& row) { return there.contains(row.crc); });
}

// False once there are no more rows in what the scanner was given.
bool step(csv::file_scanner& scanner, look_state& state) {
    try {
        return !state.is_over() && scanner.step();
    } catch (const std::invalid_argument&) { // it is not the file that was written
        state.all_are_there = false;
    }
    return false;
}

awaitable<void> look_at_all(db::connection& session, const file_evidence& known, const file_reader& read,
                            look_state& state) {
    co_await session.execute("SET LOCAL TimeZone = " + db::connection::literal(known.time_zone));
    csv::file_scanner scanner(
        true, [&state](std::string_view line) { state.rows.take(line); }, csv::line_ends::lf_or_crlf,
        std::numeric_limits<std::uint64_t>::max());
    const stored_bytes take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        if (state.is_over())
            co_return;
        scanner.give(bytes);
        while (step(scanner, state))
            if (state.rows.taken().size() >= rows_per_question)
                co_await ask(session, known, state);
    };
    co_await read(take);
    try {
        scanner.finish();
    } catch (const std::invalid_argument&) {
        state.all_are_there = false;
    }
    co_await ask(session, known, state);
}

} // namespace

bool file_rows::begin(const std::vector<std::string>& fields) {
    const auto is_there = [&fields](const std::string& name) {
        return place_of(fields, name) < fields.size();
    };
    const bool is_header = std::ranges::all_of(known_.columns, is_there);
    readable_ = is_header || fields.size() == known_.columns.size();
    const auto& in_a_row = is_header ? fields : known_.columns;
    for (const auto& name : known_.columns)
        positions_.push_back(place_of(in_a_row, name));
    for (const auto& name : known_.key)
        key_.push_back(place_of(in_a_row, name));
    ends_.resize(readable_ ? std::ranges::max(positions_) + 1 : 0);
    return is_header;
}

void file_rows::take(std::string_view line) {
    if (!readable_)
        return;
    if (!std::exchange(begun_, true) && begin(csv::split_row(without_end(line))))
        return;
    line = without_end(line);
    if (!readable_ || csv::find_field_ends(line, ends_) < ends_.size()) {
        readable_ = false;
        return;
    }
    std::string text;
    for (const auto& position : positions_)
        text.append(&position == &positions_.front() ? "" : ",")
            .append(csv::raw_field(line, ends_, position));
    row_evidence row;
    row.crc = lake::content_hash(text);
    std::string storage;
    for (const auto position : key_)
        row.key.emplace_back(csv::unquoted(csv::raw_field(line, ends_, position), storage));
    taken_.push_back(std::move(row));
    ++count_;
}

awaitable<bool> has_each_row(db::connection& session, std::string evidence, file_reader read,
                             std::uint64_t rows) {
    const auto known = readable_evidence(evidence);
    if (!known)
        co_return false;
    look_state state(*known);
    const auto refused =
        co_await db::in_savepoint(session, look_at_all(session, *known, read, state), db::tried::undone);
    // 22: a value that the column's type no longer takes. 42: no such table or column, or no right to it.
    if (refused && !refused->state().starts_with("22") && !refused->state().starts_with("42"))
        throw db::error(*refused);
    co_return !refused && !state.is_over() && state.rows.count() == rows;
}

} // namespace exports
