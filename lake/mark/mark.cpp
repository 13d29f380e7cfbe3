#include "lake/mark/mark.hpp"

#include "azure/blob/crc64.hpp"
#include "lake/mark/mark_record.hpp"
#include "lake/mark/mark_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace lake {

namespace {

using namespace mark_text;

// Blob metadata names may hold lowercase letters only, see azure/blob/metadata.hpp.
constexpr std::string_view name_prefix = "archiver";
constexpr std::string_view format_name = "archiverformat";
constexpr std::string_view format_version = "2";
constexpr std::string_view quoted_format = "1"; // of 0.1.0: names as quote_ident wrote them
constexpr std::string_view table_name = "archivertable";
constexpr std::string_view pending_name = "archiverpending"; // the transaction, only while its fate is open
constexpr std::string_view rows_name = "archiverrows";
constexpr std::string_view bytes_name = "archiverbytes";
constexpr std::string_view crc_name = "archivercrc";
constexpr std::string_view uncompressed_name = "archiveruncompressed"; // gzip files only
constexpr std::string_view last_name = "archiverlast";                 // the last writer
constexpr std::string_view base_name = "archiverbase";                 // how to go back
constexpr std::string_view restoring_name = "archiverrestoring"; // the transaction that takes the rows back
constexpr std::string_view restored_name = "archiverrestored";   // the one that took them back
constexpr std::string_view hold_name = "archiverhold";
constexpr std::string_view no_base = "none";

// The mark of an export names a task in place of a table: "export/TASK". No unquoted name of a table begins
// so.
constexpr std::string_view export_prefix = "export/";

// As table_in_mark writes it today.
std::string table_from(std::string_view value, bool quoted) {
    if (value.empty())
        throw std::invalid_argument(fmt::format("'{}' is missing", table_name));
    if (!quoted || value.starts_with(export_prefix))
        return std::string(value);
    const auto names = plain_names(text_from(value, table_name));
    return names.size() == 2 ? table_in_mark(names.front(), names.back()) : table_in_mark(value);
}

std::string moment_or_nothing(std::string_view hold) {
    if (!hold.empty() && !is_moment(hold))
        throw std::invalid_argument(fmt::format("'{}' is not YYYY-MM-DDThh:mm:ssZ", hold_name));
    return std::string(hold);
}

std::string day_rows_text(std::optional<std::uint64_t> rows) {
    return rows ? fmt::format(",day={}", *rows) : std::string();
}

std::optional<std::uint64_t> day_rows_from(const field_map& fields) {
    return fields.contains("day") ? std::optional(number(field(fields, "day"))) : std::nullopt;
}

std::string restored_text(const restored_mark& restored) {
    return fmt::format("{},rows={}{}{}{}", transaction_text(restored.author), restored.rows,
                       restored.ends ? ",ends=1" : "",
                       restored.held_until ? fmt::format(",hold={}", *restored.held_until) : std::string(),
                       day_rows_text(restored.day_rows));
}

} // namespace

read_mark mark_from(const azure::metadata& values) {
    const auto value = [&values](std::string_view name) -> std::string_view {
        const auto found = values.find(std::string(name));
        return found == values.end() ? std::string_view() : std::string_view(found->second);
    };
    if (value(format_name).empty()) {
        const bool ours = std::ranges::any_of(
            values, [](const auto& entry) { return entry.first.starts_with(name_prefix); });
        return ours ? read_mark{{}, fmt::format("its metadata cannot be read: '{}' is missing", format_name)}
                    : read_mark{};
    }
    const bool quoted = value(format_name) == quoted_format;
    if (!quoted && value(format_name) != format_version)
        return {{},
                fmt::format("its metadata is of format '{}', written by a newer event-archiver",
                            value(format_name))};
    try {
        file_mark mark;
        mark.table = table_from(value(table_name), quoted);
        mark.now.rows = number(value(rows_name));
        mark.now.bytes = number(value(bytes_name));
        mark.now.crc = number(value(crc_name), 16);
        if (!value(uncompressed_name).empty())
            mark.now.uncompressed = number(value(uncompressed_name));
        read_writer(mark.now, fields_of(value(last_name)), quoted);
        mark.pending = !value(pending_name).empty();
        if (mark.pending && value(pending_name) != mark.now.transaction)
            throw std::invalid_argument("the pending transaction is not the last writer's");
        if (const auto base = value(base_name); mark.pending && base != no_base)
            mark.base = base_from(base, quoted);
        if (!value(restoring_name).empty()) {
            if (mark.pending)
                throw std::invalid_argument("it is marked as pending and as being restored at the same time");
            const auto fields = fields_of(value(restoring_name));
            mark.restoring = transaction_from(fields);
            mark.restoring_rows = day_rows_from(fields);
        }
        if (!value(restored_name).empty()) {
            const auto fields = fields_of(value(restored_name));
            mark.restored = restored_mark{transaction_from(fields), number(field(fields, "rows")),
                                          fields.contains("ends")};
            if (fields.contains("hold"))
                mark.restored->held_until = moment_or_nothing(field(fields, "hold"));
            mark.restored->day_rows = day_rows_from(fields);
        }
        mark.held_until = moment_or_nothing(value(hold_name));
        return {mark, {}};
    } catch (const std::invalid_argument& mistake) {
        return {{}, fmt::format("its metadata cannot be read: {}", mistake.what())};
    }
}

azure::metadata without_mark(const azure::metadata& values) {
    azure::metadata rest = values;
    std::erase_if(rest, [](const auto& entry) { return entry.first.starts_with(name_prefix); });
    return rest;
}

azure::metadata metadata_with(const file_mark& mark, const azure::metadata& others) {
    azure::metadata values = without_mark(others);
    const auto set = [&values](std::string_view name, std::string value) {
        values.insert_or_assign(std::string(name), std::move(value));
    };
    set(format_name, std::string(format_version));
    set(table_name, mark.table);
    set(rows_name, std::to_string(mark.now.rows));
    set(bytes_name, std::to_string(mark.now.bytes));
    set(crc_name, fmt::format("{:016x}", mark.now.crc));
    if (mark.now.uncompressed > 0)
        set(uncompressed_name, std::to_string(mark.now.uncompressed));
    set(last_name, writer_text(mark.now));
    if (mark.pending) {
        set(pending_name, mark.now.transaction);
        set(base_name, mark.base ? base_text(*mark.base) : std::string(no_base));
    }
    if (mark.restoring)
        set(restoring_name, transaction_text(*mark.restoring) + day_rows_text(mark.restoring_rows));
    if (mark.restored)
        set(restored_name, restored_text(*mark.restored));
    if (!mark.held_until.empty())
        set(hold_name, mark.held_until);
    return values;
}

std::string table_in_mark(std::string_view name) { return encoded(name, "%"); }

std::string table_in_mark(std::string_view schema, std::string_view name) {
    return fmt::format("{}.{}", encoded(schema, "%."), encoded(name, "%."));
}

std::uint64_t crc_of_ids(std::span<const std::string> ids) noexcept {
    std::uint64_t crc = 0;
    for (const auto& id : ids)
        crc = azure::crc64(crc, std::as_bytes(std::span(id)));
    return crc;
}

} // namespace lake
