#include "lake/mark/mark_record.hpp"

#include "async/number.hpp"
#include "azure/blob/metadata.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace lake {

namespace {

using namespace mark_text;

std::string text_of(std::string_view run, std::string_view transaction, const db::server_position& at) {
    auto text = fmt::format("run={},xid={},cluster={},database={},timeline={},lsn={}", run, transaction,
                            at.cluster, at.database, at.timeline, at.lsn);
    if (at.started != 0)
        text += fmt::format(",started={}", at.started);
    return text;
}

// A file_record or a transaction_mark.
template <typename Record>
void read_into(Record& record, const field_map& fields) {
    record.run = field(fields, "run");
    record.transaction = field(fields, "xid");
    record.position.cluster = field(fields, "cluster");
    record.position.database = field(fields, "database");
    const auto timeline = async::number_from<std::uint32_t>(field(fields, "timeline"));
    if (!timeline)
        throw std::invalid_argument(fmt::format("'{}' is not a timeline", field(fields, "timeline")));
    record.position.timeline = *timeline;
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

} // namespace

std::string transaction_text(const db::transaction_mark& author) {
    return text_of(author.run, author.transaction, author.position);
}

std::string writer_text(const file_record& record) {
    auto text =
        fmt::format("{},blocks={},header={:016x}", text_of(record.run, record.transaction, record.position),
                    record.blocks, record.header);
    if (record.csv_crc != 0)
        text += fmt::format(",csvcrc={:016x}", record.csv_crc);
    if (record.types != 0)
        text += fmt::format(",types={:016x}", record.types);
    if (record.identity != 0)
        text += fmt::format(",identity={:016x}", record.identity);
    if (record.ids != 0)
        text += fmt::format(",ids={:016x}", record.ids);
    if (record.dry_run)
        text += ",dry=1";
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

db::transaction_mark transaction_from(const mark_text::field_map& fields) {
    db::transaction_mark author;
    read_into(author, fields);
    return author;
}

void read_writer(file_record& record, const mark_text::field_map& fields, bool quoted) {
    read_into(record, fields);
    record.blocks = number(field(fields, "blocks"));
    record.header = number(field(fields, "header"), 16);
    if (fields.contains("csvcrc"))
        record.csv_crc = number(field(fields, "csvcrc"), 16);
    if (fields.contains("types"))
        record.types = number(field(fields, "types"), 16);
    if (fields.contains("identity"))
        record.identity = number(field(fields, "identity"), 16);
    if (fields.contains("ids"))
        record.ids = number(field(fields, "ids"), 16);
    record.dry_run = fields.contains("dry");
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

file_record base_from(std::string_view text, bool quoted) {
    const auto fields = fields_of(text);
    file_record base;
    base.rows = number(field(fields, "rows"));
    base.bytes = number(field(fields, "bytes"));
    base.crc = number(field(fields, "crc"), 16);
    if (fields.contains("uncompressed"))
        base.uncompressed = number(field(fields, "uncompressed"));
    if (fields.contains("tier")) {
        base.tier = field(fields, "tier");
        if (!base.tier->empty() && !azure::is_online_tier(*base.tier))
            throw std::invalid_argument("'tier' is not one");
    }
    read_writer(base, fields, quoted);
    return base;
}

} // namespace lake
