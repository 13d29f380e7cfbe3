#include "lake/ledger/ledger_entry.hpp"

#include "async/number.hpp"
#include "db/position.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <utility>

namespace lake {

namespace {

// The value of a member of a flat object whose strings need no escapes.
std::optional<std::string_view> member(std::string_view line, std::string_view name) {
    const auto key = fmt::format("\"{}\":", name);
    const auto at = line.find(key);
    if (at == std::string_view::npos)
        return std::nullopt;
    auto rest = line.substr(at + key.size());
    const bool quoted = rest.starts_with('"');
    rest.remove_prefix(quoted ? 1 : 0);
    const auto end = rest.find_first_of(quoted ? "\"" : ",}");
    if (end == std::string_view::npos)
        return std::nullopt;
    return rest.substr(0, end);
}

template <typename Number>
bool read_count(std::string_view line, std::string_view name, Number& into, int base = 10) {
    const auto found = async::number_from<Number>(member(line, name).value_or(""), base);
    into = found.value_or(into);
    return found.has_value();
}

// Drops what a JSON string would have to escape.
std::string without_escapes(std::string text) {
    std::erase_if(text, [](unsigned char c) { return c == '"' || c == '\\' || c < ' '; });
    return text;
}

// Ids of runs begin with the time, UUID version 7.
bool began_before(std::string_view one, std::string_view other) noexcept {
    constexpr std::size_t length = 36;
    constexpr std::size_t version_at = 14;
    const auto has_time = [](std::string_view run) { return run.size() == length && run[version_at] == '7'; };
    return has_time(one) && has_time(other) && one < other;
}

// Whether a write that no line of the ledger tells of came before another one. The positions of two clusters,
// or of two databases, cannot be compared: after a migration only the time tells.
bool was_before(const file_record& one, const file_record& other) noexcept {
    const auto stands = db::compare_histories(other.position, one.position);
    return stands == db::history::foreign ? began_before(one.run, other.run) : stands == db::history::behind;
}

} // namespace

bool same_write(const file_record& one, const file_record& other) noexcept {
    return one.run == other.run && one.transaction == other.transaction;
}

ledger_entry entry_of(std::string_view blob, const file_mark& mark, azure::etag etag, std::string word) {
    ledger_entry entry;
    entry.file = name_alone(blob);
    entry.now.rows = mark.now.rows;
    entry.now.bytes = mark.now.bytes;
    entry.now.crc = mark.now.crc;
    entry.now.uncompressed = mark.now.uncompressed;
    entry.now.csv_crc = mark.now.csv_crc;
    entry.now.run = mark.now.run;
    entry.now.transaction = mark.now.transaction;
    entry.now.position = mark.now.position;
    entry.etag = std::move(etag);
    entry.restored = mark.restoring || settled(mark).restored;
    entry.word = std::move(word);
    return entry;
}

bool is_decision(const ledger_entry& entry) noexcept {
    return entry.word == ledger_word::taken_back || entry.word == ledger_word::removed ||
           entry.word == ledger_word::emptied || entry.word == ledger_word::kept ||
           entry.word == ledger_word::moved;
}

std::string ledger_line(const ledger_entry& entry, std::string_view time) {
    const auto etag = without_escapes(entry.etag);
    const auto by =
        entry.by.empty() ? std::string() : fmt::format(",\"by\":\"{}\"", without_escapes(entry.by));
    const std::string_view restored = entry.restored ? ",\"restored\":1" : "";
    const auto& now = entry.now;
    const auto csv = now.csv_crc == 0
                         ? std::string()
                         : fmt::format(",\"csv\":{},\"csvcrc\":\"{:016x}\"", now.uncompressed, now.csv_crc);
    return fmt::format(
        "{{\"time\":\"{}\",\"what\":\"{}\",\"file\":\"{}\",\"rows\":{},\"bytes\":{},\"crc\":\"{:016x}\","
        "\"run\":\"{}\",\"xid\":\"{}\",\"cluster\":\"{}\",\"database\":\"{}\",\"timeline\":{},\"lsn\":{},"
        "\"etag\":\"{}\"{}{}{}}}\n",
        time, entry.word, entry.file, now.rows, now.bytes, now.crc, now.run, now.transaction,
        now.position.cluster, now.position.database, now.position.timeline, now.position.lsn, etag, by, csv,
        restored);
}

std::optional<ledger_entry> entry_from(std::string_view line) {
    ledger_entry entry;
    auto& now = entry.now;
    const auto file = member(line, "file");
    const auto run = member(line, "run");
    const auto transaction = member(line, "xid");
    if (!line.ends_with('}') || !file || file->empty() || !run || !transaction ||
        !read_count(line, "rows", now.rows) || !read_count(line, "bytes", now.bytes) ||
        !read_count(line, "crc", now.crc, 16) || !read_count(line, "timeline", now.position.timeline) ||
        !read_count(line, "lsn", now.position.lsn))
        return std::nullopt;
    if (!read_count(line, "csv", now.uncompressed) || !read_count(line, "csvcrc", now.csv_crc, 16))
        now.uncompressed = now.csv_crc = 0;
    entry.file = *file;
    now.run = *run;
    now.transaction = *transaction;
    now.position.cluster = member(line, "cluster").value_or("");
    now.position.database = member(line, "database").value_or("");
    entry.etag = member(line, "etag").value_or("");
    entry.word = member(line, "what").value_or("");
    entry.by = member(line, "by").value_or("");
    entry.restored = member(line, "restored").has_value();
    return entry;
}

namespace {

// The verdict on a file that says to be as the ledger knows it.
ledger_verdict unless_unmarked(const ledger_entry& known, const file_mark* mark) noexcept {
    const bool marked = mark != nullptr && may_be_in_table(*mark);
    return known.restored && !marked ? ledger_verdict::unmarked : ledger_verdict::as_known;
}

std::string_view what_became(ledger_verdict verdict) noexcept {
    switch (verdict) {
    case ledger_verdict::missing:
        return "the file is not there";
    case ledger_verdict::older:
        return "the file is an earlier version";
    case ledger_verdict::lost:
        return "that file was removed, or an earlier version put back, while a run was at work; what is there"
               " was written since";
    case ledger_verdict::unmarked:
        return "its rows were restored into the table, which its mark does not say any more";
    case ledger_verdict::as_known:
    case ledger_verdict::altered:
        break;
    }
    return "others have written to the file";
}

} // namespace

ledger_verdict compare_with_ledger(const ledger_entry& known, const listed_file* found,
                                   bool replaced) noexcept {
    if (found == nullptr)
        return known.now.rows > 0 ? ledger_verdict::missing : ledger_verdict::as_known;
    const auto is_older = [&known, replaced](const file_record& there) {
        return replaced || was_before(there, known.now);
    };
    if (known.now.rows == 0) {
        // The file has no rows to be missed. But an earlier version that came back has rows that were erased.
        const bool came_back = known.word == ledger_word::erased && found->mark.mark &&
                               found->mark.mark->now.rows > 0 && is_older(found->mark.mark->now);
        return came_back ? ledger_verdict::older : ledger_verdict::as_known;
    }
    if (!found->mark.mistake.empty()) // other checks report that
        return ledger_verdict::as_known;
    if (!found->mark.mark) { // others wrote it, and may have compressed it better
        const bool cut = found->properties.size < known.now.bytes && known.now.csv_crc == 0;
        return cut ? ledger_verdict::altered : unless_unmarked(known, nullptr);
    }
    const auto& mark = *found->mark.mark;
    if (same_write(mark.now, known.now))
        return mark.now.bytes == known.now.bytes && mark.now.crc == known.now.crc &&
                       found->properties.size >= known.now.bytes
                   ? unless_unmarked(known, &mark)
                   : ledger_verdict::altered;
    if (mark.pending && mark.base && same_write(*mark.base, known.now)) // it was about to be taken back
        return unless_unmarked(known, &mark);
    return is_older(mark.now) ? ledger_verdict::older : ledger_verdict::as_known;
}

std::string describe(ledger_verdict verdict, const ledger_entry& known) {
    const auto is = what_became(verdict);
    auto text = fmt::format("the ledger knows {} rows, {} bytes of transaction {}, and {}", known.now.rows,
                            known.now.bytes, known.now.transaction, is);
    if (verdict == ledger_verdict::missing)
        text += fmt::format("; if it was moved away on purpose, run `event-archiver recover --discard {}`",
                            known.file);
    if (verdict == ledger_verdict::lost)
        text += fmt::format("; once its rows are back in it, run `event-archiver recover --keep {0}`, and if"
                            " they are given up, `recover --discard {0}`",
                            known.file);
    if (verdict == ledger_verdict::unmarked)
        text += fmt::format("; put the version back that is marked as restored, or run `event-archiver"
                            " recover --keep {}`",
                            known.file);
    return text;
}

} // namespace lake
