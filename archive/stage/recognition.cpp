#include "archive/stage/recognition.hpp"

#include "archive/table/row_key.hpp"
#include "async/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace archive {

using async::failure;

namespace {

struct files_answer {
    held_rows::found seen;
    day_file* holder; // the file that says so
};

files_answer ask_files(day_file& file, std::uint64_t hash, std::uint64_t crc) {
    files_answer said{file.held.take(hash, crc), &file};
    if (said.seen != held_rows::found::same && file.other) {
        const auto there = file.other->held.take(hash, crc);
        // If one of the two files allows no second row of a key, that file decides.
        const bool strict = file.other->adopted || file.other->restored || file.other->doubted;
        if (there == held_rows::found::same || said.seen == held_rows::found::none ||
            (there == held_rows::found::other_content && strict))
            said = {there, file.other.get()};
    }
    return said;
}

async::error changed_while_back(staging_tools& tools, const day_file& holder, std::string_view row) {
    return {failure::integrity,
            fmt::format("row {} of {} was changed while it was back there: '{}' has it with other content",
                        fmt::join(tools.key.fields_of(row), ", "), tools.context.table.name, holder.name),
            "If the table's rows count, run `event-archiver recover --discard FILE`: the file is emptied, and"
            " the rows are archived again. If the file's rows count, delete that row from the table."};
}

async::error written_with_other_types(staging_tools& tools, const day_file& holder, std::string_view row) {
    return {failure::integrity,
            fmt::format("row {} is in '{}' and, written otherwise, in {}, whose columns have had other types"
                        " since: it is not known whether it is the same row",
                        fmt::join(tools.key.fields_of(row), ", "), holder.name, tools.context.table.name),
            "If it is the same row, delete it from the table: the file has it. If it is another, give it"
            " another key, or run `event-archiver recover --keep FILE`: the file's rows are then compared as"
            " rows of today's types."};
}

async::error has_other_content(staging_tools& tools, const day_file& holder, std::string_view row) {
    return {failure::integrity,
            fmt::format("row {} is in '{}' and, with other content, in {}",
                        fmt::join(tools.key.fields_of(row), ", "), holder.name, tools.context.table.name),
            holder.adopted ? "Others wrote the file, or to it, or it was copied without its metadata. If it "
                             "is the same row, it was changed, or is spelt otherwise in the file. Compare "
                             "both, then remove one."
                           : "Somebody put the row back and it was changed, or the database was restored "
                             "or failed over and has since used the key again. Compare both, then remove "
                             "one."};
}

} // namespace

void take_sample(staging_tools& tools, day_file& file, std::string_view row) {
    lake::sampled_row sample;
    std::size_t names = 0;
    for (const auto& key : tools.context.table.keys) {
        sample.key_columns.push_back(key.name);
        names += key.name.size();
    }
    sample.key = tools.key.fields_of(row);
    std::size_t bytes = 0;
    for (const auto& field : sample.key)
        bytes += field.size();
    if (bytes > lake::sample_bytes_max || names > lake::sample_names_max)
        return;
    sample.row_crc = row_crc(row);
    file.sample = std::move(sample);
}

bool recognise_row(staging_tools& tools, day_file& file, std::string_view row) {
    const auto [seen, holder] = ask_files(file, tools.key.hash_of(row), row_crc(row));
    if (seen == held_rows::found::other_content && holder->restored)
        throw changed_while_back(tools, *holder, row);
    const auto& table = tools.context.table;
    const auto types = holder->untouched.types;
    if (seen == held_rows::found::other_content && !holder->doubted && types != 0 &&
        (types != table.types || table.names_in_text))
        throw written_with_other_types(tools, *holder, row);
    if (seen == held_rows::found::other_content && !holder->doubted && !holder->adopted) {
        if (!std::exchange(file.key_again_said, true))
            tools.context.log.warn(
                "day.key_again",
                "a row with the key of an archived one is archived beside it: a file that has a"
                " key twice cannot be restored as a whole",
                {{"day", file.which().text()}, {"blob", holder->name}});
        return false;
    }
    if (seen == held_rows::found::other_content)
        throw has_other_content(tools, *holder, row);
    if (seen == held_rows::found::none)
        return false;
    if (++holder->rows_recognised == 1 && holder->rows == 0)
        take_sample(tools, *holder, row);
    return true;
}

} // namespace archive
