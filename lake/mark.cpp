#include "lake/mark.hpp"

#include "azure/blob/crc64.hpp"
#include "db/position.hpp"
#include "lake/day.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <stdexcept>

namespace lake {

namespace {

// Blob metadata names may hold lowercase letters only, see azure/blob/metadata.hpp.
constexpr std::string_view name_prefix = "archiver";
constexpr std::string_view format_name = "archiverformat";
constexpr std::string_view format_version = "2";
constexpr std::string_view quoted_format = "1"; // of 0.1.0: names as quote_ident wrote them that day
constexpr std::string_view table_name = "archivertable";
constexpr std::string_view pending_name = "archiverpending"; // the transaction, only while its fate is open
constexpr std::string_view rows_name = "archiverrows";
constexpr std::string_view bytes_name = "archiverbytes";
constexpr std::string_view crc_name = "archivercrc";
constexpr std::string_view uncompressed_name = "archiveruncompressed"; // gzip files only
constexpr std::string_view last_name = "archiverlast";                 // who wrote last
constexpr std::string_view base_name = "archiverbase";                 // how to go back
constexpr std::string_view restoring_name = "archiverrestoring"; // the transaction that takes the rows back
constexpr std::string_view restored_name = "archiverrestored";   // the one that took them back
constexpr std::string_view hold_name = "archiverhold";
constexpr std::string_view no_base = "none";

std::uint64_t number(std::string_view text, int base = 10) {
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (failed != std::errc() || end != text.data() + text.size())
        throw std::invalid_argument(fmt::format("'{}' is not a number", text));
    return value;
}

using field_map = std::map<std::string, std::string, std::less<>>;

// "key=value,key=value": values never hold either character.
field_map fields_of(std::string_view text) {
    field_map fields;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const auto field = text.substr(0, comma);
        const auto equals = field.find('=');
        if (equals == std::string_view::npos)
            throw std::invalid_argument(fmt::format("'{}' is not key=value", field));
        fields.emplace(field.substr(0, equals), field.substr(equals + 1));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return fields;
}

std::string_view field(const field_map& fields, std::string_view key) {
    const auto found = fields.find(key);
    if (found == fields.end())
        throw std::invalid_argument(fmt::format("'{}' is missing", key));
    return found->second;
}

// In the ASCII that metadata allows; what is neither a letter of it nor has a meaning here goes as %xx.
std::string encoded(std::string_view text, std::string_view reserved) {
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte > 0x20 && byte < 0x7f && reserved.find(letter) == std::string_view::npos)
            result += letter;
        else
            result += fmt::format("%{:02x}", byte);
    }
    return result;
}

std::string decoded(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        if (text.front() != '%') {
            result += text.front();
            text.remove_prefix(1);
            continue;
        }
        if (text.size() < 3)
            throw std::invalid_argument("a '%' without its two digits");
        result += static_cast<char>(number(text.substr(1, 2), 16));
        text.remove_prefix(3);
    }
    return result;
}

// What may come to stand between ours.
bool is_text(std::string_view bytes) noexcept {
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto lead = static_cast<unsigned char>(bytes[at]);
        const std::size_t size = lead < 0x80   ? 1
                                 : lead < 0xc2 ? 0
                                 : lead < 0xe0 ? 2
                                 : lead < 0xf0 ? 3
                                 : lead < 0xf5 ? 4
                                               : 0;
        if (size == 0 || lead == 0 || size > bytes.size() - at)
            return false;
        std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
        for (std::size_t next = 1; next < size; ++next) {
            const auto byte = static_cast<unsigned char>(bytes[at + next]);
            if ((byte & 0xc0U) != 0x80)
                return false;
            point = point << 6U | (byte & 0x3fU);
        }
        const bool too_long = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
        if (too_long || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return false;
        at += size;
    }
    return true;
}

std::string text_from(std::string_view encoded_text, std::string_view name) {
    auto text = decoded(encoded_text);
    if (!is_text(text))
        throw std::invalid_argument(fmt::format("'{}' is not UTF-8 text", name));
    return text;
}

// Several texts in one value, each encoded.
constexpr std::string_view between_fields = "+";
constexpr std::string_view reserved_in_fields = "%,=+";

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) {
        if (&part != &parts.front())
            text += between_fields;
        text += encoded(part, reserved_in_fields);
    }
    return text;
}

std::vector<std::string> parts_of(std::string_view text, std::string_view name) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(between_fields);
        parts.push_back(text_from(text.substr(0, end), name));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + between_fields.size());
    }
}

// public."Event" as the plain names it stands for.
std::vector<std::string> plain_names(std::string_view quoted) {
    std::vector<std::string> names;
    for (;;) {
        std::string name;
        if (quoted.starts_with('"')) {
            quoted.remove_prefix(1);
            for (;;) {
                const auto quote = quoted.find('"');
                if (quote == std::string_view::npos)
                    throw std::invalid_argument("a quoted name has no end");
                name += quoted.substr(0, quote);
                quoted.remove_prefix(quote + 1);
                if (!quoted.starts_with('"'))
                    break;
                name += '"';
                quoted.remove_prefix(1);
            }
        } else {
            const auto end = std::min(quoted.find('.'), quoted.size());
            name = quoted.substr(0, end);
            quoted.remove_prefix(end);
        }
        names.push_back(std::move(name));
        if (quoted.empty())
            return names;
        if (!quoted.starts_with('.'))
            throw std::invalid_argument("names are not separated by a dot");
        quoted.remove_prefix(1);
    }
}

// The table of an export's mark is a task, and no name of a table begins so unquoted.
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

// 2026-12-24T02:00:00Z, which compares as text.
bool is_moment(std::string_view text) {
    constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:ddZ";
    const auto fits = [](char letter, char wanted) {
        return wanted == 'd' ? letter >= '0' && letter <= '9' : letter == wanted;
    };
    return std::ranges::equal(text, pattern, fits) && day::from_text(text.substr(0, 10)) &&
           text.substr(11, 2) < "24" && text.substr(14, 2) < "60" && text.substr(17, 2) < "60";
}

// 2025-11-20T02:00:00.123, in UTC. It becomes part of a statement.
bool is_timestamp(std::string_view text) {
    constexpr std::size_t whole_seconds = 19;
    constexpr std::size_t microseconds = 26;
    if (text.size() < whole_seconds || text.size() > microseconds || text[10] != 'T')
        return false;
    const auto fraction = text.substr(whole_seconds);
    const bool digits =
        fraction.empty() || (fraction.size() > 1 && fraction.front() == '.' &&
                             fraction.find_first_not_of("0123456789", 1) == std::string_view::npos);
    return digits && is_moment(fmt::format("{}Z", text.substr(0, whole_seconds)));
}

std::string transaction_text(std::string_view run, std::string_view transaction,
                             const db::server_position& at) {
    auto text = fmt::format("run={},xid={},cluster={},database={},timeline={},lsn={}", run, transaction,
                            at.cluster, at.database, at.timeline, at.lsn);
    if (at.started != 0)
        text += fmt::format(",started={}", at.started);
    return text;
}

std::string writer_text(const file_record& record) {
    auto text = fmt::format("{},blocks={},header={:016x}",
                            transaction_text(record.run, record.transaction, record.position), record.blocks,
                            record.header);
    if (record.types != 0)
        text += fmt::format(",types={:016x}", record.types);
    if (record.ids != 0)
        text += fmt::format(",ids={:016x}", record.ids);
    if (!record.time_column.empty())
        text += fmt::format(",time={}", encoded(record.time_column, "%,=+"));
    if (!record.before.empty())
        text += fmt::format(",before={}T{}", record.before.substr(0, 10), record.before.substr(11));
    if (record.sample) {
        text +=
            fmt::format(",key={},sample={}", joined(record.sample->key_columns), joined(record.sample->key));
        if (record.sample->row_crc)
            text += fmt::format(",rowcrc={:016x}", *record.sample->row_crc);
    }
    return text;
}

std::string base_text(const file_record& base) {
    auto text = fmt::format("rows={},bytes={},crc={:016x},", base.rows, base.bytes, base.crc);
    if (base.uncompressed > 0)
        text += fmt::format("uncompressed={},", base.uncompressed);
    if (base.tier)
        text += fmt::format("tier={},", *base.tier);
    return text + writer_text(base);
}

// Into a file_record or a transaction_mark.
template <typename Record>
void read_transaction(Record& record, const field_map& fields) {
    record.run = field(fields, "run");
    record.transaction = field(fields, "xid");
    record.position.cluster = field(fields, "cluster");
    record.position.database = field(fields, "database");
    const auto timeline = number(field(fields, "timeline"));
    if (timeline > std::numeric_limits<std::uint32_t>::max())
        throw std::invalid_argument(fmt::format("'{}' is not a timeline", timeline));
    record.position.timeline = static_cast<std::uint32_t>(timeline);
    record.position.lsn = number(field(fields, "lsn"));
    if (fields.contains("started"))
        record.position.started = number(field(fields, "started"));
}

sampled_row sample_from(const field_map& fields, bool quoted) {
    sampled_row sample;
    const auto names = field(fields, "key");
    const auto values = field(fields, "sample");
    if (quoted) {
        sample.key_columns = plain_names(text_from(names, "key"));
        sample.key = {text_from(values, "sample")};
        if (values.empty())
            throw std::invalid_argument("'sample' is empty");
    } else {
        sample.key_columns = parts_of(names, "key");
        sample.key = parts_of(values, "sample");
        if (fields.contains("rowcrc"))
            sample.row_crc = number(field(fields, "rowcrc"), 16);
    }
    if (sample.key.size() != sample.key_columns.size())
        throw std::invalid_argument("'sample' has another number of fields than 'key'");
    return sample;
}

void read_writer(file_record& record, const field_map& fields, bool quoted) {
    read_transaction(record, fields);
    record.blocks = number(field(fields, "blocks"));
    record.header = number(field(fields, "header"), 16);
    if (fields.contains("types"))
        record.types = number(field(fields, "types"), 16);
    if (fields.contains("ids"))
        record.ids = number(field(fields, "ids"), 16);
    if (fields.contains("time"))
        record.time_column = text_from(field(fields, "time"), "time");
    if (fields.contains("before")) {
        record.before = field(fields, "before");
        if (!is_timestamp(record.before))
            throw std::invalid_argument("'before' is not a time");
        record.before[10] = ' ';
    }
    if (fields.contains("key") || fields.contains("sample"))
        record.sample = sample_from(fields, quoted);
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
        if (const auto base = value(base_name); mark.pending && base != no_base) {
            const auto fields = fields_of(base);
            mark.base.emplace();
            mark.base->rows = number(field(fields, "rows"));
            mark.base->bytes = number(field(fields, "bytes"));
            mark.base->crc = number(field(fields, "crc"), 16);
            if (fields.contains("uncompressed"))
                mark.base->uncompressed = number(field(fields, "uncompressed"));
            if (fields.contains("tier")) {
                mark.base->tier = field(fields, "tier");
                if (!mark.base->tier->empty() && !azure::is_online_tier(*mark.base->tier))
                    throw std::invalid_argument("'tier' is not one");
            }
            read_writer(*mark.base, fields, quoted);
        }
        if (!value(restoring_name).empty()) {
            if (mark.pending)
                throw std::invalid_argument("it is pending and being restored at once");
            mark.restoring.emplace();
            read_transaction(*mark.restoring, fields_of(value(restoring_name)));
        }
        if (!value(restored_name).empty()) {
            const auto fields = fields_of(value(restored_name));
            mark.restored.emplace();
            read_transaction(mark.restored->by, fields);
            mark.restored->rows = number(field(fields, "rows"));
            mark.restored->ends = fields.contains("ends");
        }
        mark.held_until = value(hold_name);
        if (!mark.held_until.empty() && !is_moment(mark.held_until))
            throw std::invalid_argument(fmt::format("'{}' is not YYYY-MM-DDThh:mm:ssZ", hold_name));
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
        set(restoring_name,
            transaction_text(mark.restoring->run, mark.restoring->transaction, mark.restoring->position));
    if (const auto& back = mark.restored)
        set(restored_name,
            fmt::format("{},rows={}{}",
                        transaction_text(back->by.run, back->by.transaction, back->by.position), back->rows,
                        back->ends ? ",ends=1" : ""));
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

std::optional<db::transaction_mark> awaited(const file_mark& mark) {
    if (mark.pending)
        return db::transaction_mark{mark.now.run, mark.now.transaction, mark.now.position};
    return mark.restoring;
}

file_mark settled(const file_mark& mark) {
    file_mark result = mark;
    result.pending = false;
    result.base.reset();
    // A part of the day may be in the table still: too many files marked restored do no harm, too few do.
    if (result.restored && result.restored->ends)
        result.restored.reset();
    return result;
}

file_mark not_restored(const file_mark& mark) {
    file_mark result = mark;
    result.restoring.reset();
    if (!result.restored) // an earlier restore, that came to something
        result.held_until.clear();
    return result;
}

file_mark moved_back(const file_mark& mark) {
    file_mark result = mark.pending ? settled(mark) : mark;
    result.restored = restored_mark{awaited(mark).value(), mark.now.rows};
    result.restoring.reset();
    return result;
}

file_mark archived_again(const file_mark& mark) {
    file_mark result = mark;
    result.restored.reset();
    result.held_until.clear();
    return result;
}

bool has_empty_tail(const file_mark& mark) noexcept {
    return mark.pending && mark.base && mark.base->bytes == mark.now.bytes;
}

file_mark emptied(const file_mark& mark, const file_record& header) {
    file_mark result = mark;
    result.now = header;
    auto by = mark.restoring || !mark.restored ? mark.restoring : mark.restored->by;
    if (mark.pending)
        by = awaited(mark);
    if (by) {
        result.now.run = by->run;
        result.now.transaction = by->transaction;
        result.now.position = by->position;
    }
    result.pending = false;
    result.base.reset();
    result.restoring.reset();
    result.restored.reset();
    return result;
}

file_mark taken_back(const file_mark& mark) {
    file_mark result = mark;
    result.now = mark.base.value_or(file_record{});
    result.now.tier.reset();
    result.pending = false;
    if (result.restored)
        result.restored->ends = false;
    result.base.reset();
    return result;
}

} // namespace lake
